"""The half of an encoder-decoder that writes: a recurrent stack that looks at what the encoder read."""

from typing import NamedTuple

import keras
import tensorflow as tf

from seqtasks.architectures.stack import recurrent_layer
from seqtasks.errors import UsageError
from seqtasks.layers import SequenceAttention
from seqtasks.layers.dropout import dropout_mask
from seqtasks.sections import Recurrent


class Memory(NamedTuple):
    """What the encoder read, for the decoder to look at.

    Args:
        values: float `[B, T, M]`.
        keys: What queries are compared with, float `[B, T, K]`.
        mask: The steps that count, bool `[B, T]`.
    """

    values: tf.Tensor
    keys: tf.Tensor
    mask: tf.Tensor


class Decoder(keras.layers.Layer):
    """Recurrent layers of which the lowest asks the memory, and all above and the output hear the answer.

    With one layer it is Luong's decoder: s<t> the layer's state, c<t> the context that attention finds for it, and the
    output tanh(W [s<t>, c<t>]). With more, the context also goes to each layer above, as in GNMT, so that whole
    sequences run layer by layer. With `input_feeding` the output of the step before is part of the input too, and
    training must go step by step.

    Args:
        config: Cell, sizes, attention and dropout.
        size: The size D of an output.
        input_size: The size E of an input.
        memory_size: The size M of a step of the memory.

    Call arguments:
        sequences: float `[B, S, E]`.
        states: The states to start from, `start` makes them.
        memory: A `Memory`, or None without attention.
        training: Whether dropout applies.

    Output:
        (outputs float `[B, S, D]`; attention weights float32 `[B, S, T]`, None without attention).

    Raises:
        UsageError: For a configuration that contradicts itself.

    Reference:
        Luong et al., Effective Approaches to Attention-based Neural Machine Translation, EMNLP 2015; Wu et al.,
        Google's Neural Machine Translation System, 2016.
    """

    def __init__(self, config: Recurrent, size, input_size, memory_size, **kwargs):
        super().__init__(**kwargs)
        self.settings, self.size = config, size
        self.input_size, self.memory_size = input_size, memory_size
        self.attends, self.feeds = config.attention != "none", config.input_feeding
        if self.feeds and not self.attends:
            raise UsageError("input_feeding=true hands on what was attended to, and attention=none attends to nothing")
        if self.feeds and config.recurrent_dropout:
            raise UsageError("input_feeding=true goes step by step, which recurrent_dropout does not: set it to 0")
        self.recurrent = [recurrent_layer(config, return_state=True, bidirectional=False) for _ in range(config.layers)]
        self.attention = SequenceAttention(config.attention) if self.attends else None
        self.readout = keras.layers.Dense(size, activation="tanh")
        self.seed_generator = keras.random.SeedGenerator()
        self.supports_masking = True

    def build(self, sequences_shape=None, states_shape=None, memory_shape=None):
        units, heard = self.settings.units, self.memory_size if self.attends else 0
        widths = [self.input_size + (self.size if self.feeds else 0)] + [units + heard] * (len(self.recurrent) - 1)
        for layer, width in zip(self.recurrent, widths, strict=True):
            layer.build((None, None, width))
        if self.attends:
            self.attention.build((None, None, units), (None, None, self.memory_size))
        self.readout.build((None, None, units + heard))

    def start(self, states):
        """Returns the states to start from, given the layers' own, the lowest layer's first."""
        fed = [tf.zeros([tf.shape(states[0])[0], self.size], states[0].dtype)] if self.feeds else []
        return [*states, *fed]

    def call(self, sequences, states, memory=None, training=False):
        masks = self._dropout_masks(tf.shape(sequences)[0]) if training and self.settings.dropout else None
        if not self.feeds:
            outputs, _, weights = self._pass(sequences, states, memory, masks, training)
            return outputs, weights
        steps, batch_size = sequences.shape[1] or tf.shape(sequences)[1], tf.shape(sequences)[0]
        arrays = [tf.TensorArray(dtype, steps) for dtype in (sequences.dtype, self.attention.weights_dtype)]

        def body(t, states, arrays):
            output, states, weights = self._fed_step(sequences[:, t], states, memory, masks)
            return (
                t + 1,
                states,
                [array.write(t, value) for array, value in zip(arrays, (output, weights), strict=True)],
            )

        _, _, arrays = tf.while_loop(lambda t, *_: t < steps, body, (0, states, arrays), maximum_iterations=steps)
        outputs, weights = (tf.transpose(array.stack(), [1, 0, 2]) for array in arrays)
        return tf.reshape(outputs, [batch_size, steps, self.size]), weights

    def step(self, inputs, states, memory=None):
        """Runs one step, without dropout: for decoding.

        Args:
            inputs: float `[B, E]`.
            states: The states before.
            memory: A `Memory`, or None.

        Returns:
            (output float `[B, D]`, the states after, attention weights float32 `[B, T]` or None).
        """
        if self.feeds:
            return self._fed_step(inputs, states, memory, None)
        output, states, weights = self._pass(inputs[:, None], states, memory, None, step=True)
        return output[:, 0], states, None if weights is None else weights[:, 0]

    def _fed_step(self, inputs, states, memory, masks):
        *states, fed = states
        inputs = tf.concat([inputs, fed], axis=-1)[:, None]
        output, states, weights = self._pass(inputs, states, memory, masks, step=True)
        return output[:, 0], [*states, output[:, 0]], weights[:, 0]

    def _pass(self, inputs, states, memory, masks, training=False, step=False):
        """Runs all layers, over whole sequences or over one step."""
        rest, finals, context, weights = list(states), [], None, None
        for number, layer in enumerate(self.recurrent):
            before, rest = rest[: len(layer.state_size)], rest[len(layer.state_size) :]
            heard = inputs if context is None else tf.concat([inputs, context], axis=-1)
            if step:
                outputs, after = layer.step(heard[:, 0], before)
                outputs = outputs[:, None]
            else:
                outputs, *after = layer(heard, initial_state=before, training=training)
            finals += after
            if self.settings.residual and outputs.shape[-1] == inputs.shape[-1]:
                outputs += inputs
            inputs = outputs if masks is None else outputs * masks[number][:, None]
            if number == 0 and self.attends:
                context, weights = self.attention(inputs, memory.values, keys=memory.keys, mask=memory.mask)
        joined = inputs if context is None else tf.concat([inputs, context], axis=-1)
        outputs = self.readout(joined)
        return outputs if masks is None else outputs * masks[-1][:, None], finals, weights

    def _dropout_masks(self, batch_size):
        """Returns one mask a layer and one for the output, each the same at every step."""
        widths = [self.settings.units] * len(self.recurrent) + [self.size]
        rate, dtype = self.settings.dropout, self.compute_dtype
        return [dropout_mask([batch_size, width], rate, self.seed_generator, dtype) for width in widths]
