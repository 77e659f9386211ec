"""Recurrent layers on top of each other."""

import keras

from seqtasks.errors import UsageError


@keras.saving.register_keras_serializable(package="seqtasks")
class DeepRNN(keras.layers.Layer):
    """Runs recurrent layers one after the other, each reading the sequence the one below returns.

    Args:
        layers: Recurrent or bidirectional layers, the lowest first; all but the last return sequences.
        residual: Whether to add a layer's input to its output wherever both have the same shape.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        sequences: [B, T, features].
        mask: bool [B, T], False for steps that do not count; or None.
        training: Whether to drop out.

    Returns:
        What the last layer returns.
    """

    def __init__(self, layers, residual=False, **kwargs):
        super().__init__(**kwargs)
        if not layers:
            raise UsageError("DeepRNN needs at least one layer.")
        for layer in layers[:-1]:
            if not layer.return_sequences or layer.return_state:
                raise UsageError(f"{layer.name} is not the last layer: set return_sequences and unset return_state.")
        if residual and layers[-1].return_state:
            raise UsageError(f"residual needs a last layer without return_state, but {layers[-1].name} has it.")
        self.layers, self.residual = list(layers), residual
        self.supports_masking = True

    @property
    def state_size(self):
        """The widths of all layers' states, the lowest layer's first."""
        return [size for layer in self.layers for size in layer.state_size]

    def build(self, sequences_shape):
        for layer in self.layers:
            if not layer.built:
                layer.build(sequences_shape)
            sequences_shape = layer.compute_output_shape(sequences_shape)

    def call(self, sequences, mask=None, training=False):
        for layer in self.layers:
            output = layer(sequences, mask=mask, training=training)
            if self.residual and output.shape[-1] == sequences.shape[-1] and layer.return_sequences:
                output = output + sequences
            sequences = output
        return sequences

    def step(self, inputs, states):
        """Runs one step through all layers, for decoding; none may be bidirectional.

        Args:
            inputs: [B, features].
            states: All layers' states before the step, the lowest layer's first.

        Returns:
            (output [B, units], the states after the step).
        """
        after, states = [], list(states)
        for layer in self.layers:
            own, states = states[: len(layer.state_size)], states[len(layer.state_size) :]
            output, new = layer.step(inputs, own)
            after += new
            if self.residual and output.shape[-1] == inputs.shape[-1] and layer.return_sequences:
                output = output + inputs
            inputs = output
        return inputs, tuple(after)

    def get_initial_state(self, batch_size):
        """Returns zero states for a batch, the lowest layer's first."""
        return [state for layer in self.layers for state in layer.get_initial_state(batch_size)]

    def compute_output_shape(self, sequences_shape):
        for layer in self.layers:
            sequences_shape = layer.compute_output_shape(sequences_shape)
        return sequences_shape

    def compute_mask(self, sequences, mask=None):
        return self.layers[-1].compute_mask(sequences, mask)

    def get_config(self):
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers, "residual": self.residual}

    @classmethod
    def from_config(cls, config):
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})
