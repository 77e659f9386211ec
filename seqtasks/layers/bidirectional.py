"""A recurrent layer run in both directions."""

import keras
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers.recurrent import Recurrent

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


@keras.saving.register_keras_serializable(package="seqtasks")
class Bidirectional(keras.layers.Layer):
    """Runs one layer forwards and its twin backwards, and merges their outputs.

    The two directions are two independent branches of the graph. With sequences, the output of a masked step is zero,
    as in Keras. The given layers are copied by their configuration, and own new weights.

    Args:
        layer: One of our recurrent layers: the forward direction.
        merge_mode: "concat", "sum", "ave", "mul", or None to return both outputs.
        backward_layer: The other direction; by default `layer` with `go_backwards` turned round.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: [B, T, features].
        initial_state: The forward layer's states, then the backward layer's; zeros when None.
        mask: bool [B, T], False for steps that do not count; or None.
        training: Whether to drop out.

    Returns:
        What the layer returns, the output merged, the states forward then backward. Every step's output stands at
        its input's place in both directions.

    Reference:
        - Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", 1997.
    """

    def __init__(self, layer, merge_mode="concat", backward_layer=None, **kwargs):
        super().__init__(**kwargs)
        for received in (layer, backward_layer):
            if received is not None and not isinstance(received, Recurrent):
                raise UsageError(f"Bidirectional wraps a recurrent layer of seqtasks, but received {received!r}.")
        if merge_mode not in MERGE_MODES:
            raise UsageError(f"merge_mode is {merge_mode!r}; use one of {', '.join(map(repr, MERGE_MODES))}.")
        self.merge_mode = merge_mode
        self.forward_layer = _copy(layer, "forward")
        if backward_layer is None:
            self.backward_layer = _copy(layer, "backward", go_backwards=not layer.go_backwards)
        else:
            self.backward_layer = _copy(backward_layer, "backward")
        both = (self.forward_layer, self.backward_layer)
        if both[0].go_backwards == both[1].go_backwards:
            raise UsageError("backward_layer runs in the same direction as layer; set its go_backwards the other way.")
        for name in ("return_sequences", "return_state", "stateful"):
            if getattr(both[0], name) != getattr(both[1], name):
                raise UsageError(f"layer and backward_layer differ in {name}; give both the same.")
        for direction in both:
            direction.outputs_in_input_order = direction.beside_another = True
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.supports_masking = True

    @property
    def state_size(self):
        """The widths of the states, forward then backward."""
        return [*self.forward_layer.state_size, *self.backward_layer.state_size]

    def build(self, sequences_shape, initial_state_shape=None):
        self.forward_layer.build(sequences_shape)
        self.backward_layer.build(sequences_shape)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        forward_state = backward_state = None
        if initial_state is not None:
            half = len(self.forward_layer.state_size)
            forward_state, backward_state = list(initial_state[:half]), list(initial_state[half:])
        forward = self.forward_layer(sequences, initial_state=forward_state, mask=mask, training=training)
        backward = self.backward_layer(sequences, initial_state=backward_state, mask=mask, training=training)
        states = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        forward, backward = tf.cast(forward, self.compute_dtype), tf.cast(backward, self.compute_dtype)
        if mask is not None and self.return_sequences:
            counts = tf.cast(tf.convert_to_tensor(mask), tf.bool)[:, :, None]
            forward = tf.where(counts, forward, tf.zeros_like(forward))
            backward = tf.where(counts, backward, tf.zeros_like(backward))
        output = self._merge(forward, backward)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def _merge(self, forward, backward):
        if self.merge_mode is None:
            return forward, backward
        if self.merge_mode == "concat":
            return tf.concat([forward, backward], axis=-1)
        if self.merge_mode == "mul":
            return forward * backward
        return (forward + backward) * (0.5 if self.merge_mode == "ave" else 1.0)

    def reset_state(self):
        """Sets stateful layers' states to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        forward = self.forward_layer.compute_output_shape(sequences_shape)
        backward = self.backward_layer.compute_output_shape(sequences_shape)
        states = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.merge_mode is None:
            return (forward, backward, *states)
        output = (*forward[:-1], forward[-1] + backward[-1]) if self.merge_mode == "concat" else forward
        return (output, *states) if self.return_state else output

    def compute_mask(self, sequences, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output = mask if self.return_sequences else None
        outputs = [output, output] if self.merge_mode is None else [output]
        if self.return_state:
            return [*outputs, *[None] * len(self.state_size)]
        return outputs if self.merge_mode is None else output

    def get_config(self):
        return {
            **super().get_config(),
            "layer": keras.saving.serialize_keras_object(self.forward_layer),
            "backward_layer": keras.saving.serialize_keras_object(self.backward_layer),
            "merge_mode": self.merge_mode,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        for key in ("layer", "backward_layer"):
            config[key] = keras.saving.deserialize_keras_object(config[key])
        return cls(**config)


def _copy(layer, direction, **changes):
    config = {**layer.get_config(), **changes}
    name = layer.name.removeprefix("forward_").removeprefix("backward_")
    return type(layer).from_config({**config, "name": f"{direction}_{name}"})
