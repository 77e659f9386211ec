"""What every recurrent layer has in common."""

import keras
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers import engine
from seqtasks.layers.cell import Cell, step
from seqtasks.layers.dropout import dropout_mask


class Recurrent(keras.layers.Layer):
    """A layer that runs a cell over time; the base of all recurrent layers.

    Arguments, weights and their layout are Keras's, save that the activations are the textbook's and no arguments.
    A masked step, wherever in the sequence, carries the states over it, so its output repeats the one before (before
    the first step that counts, it is the initial state). `dropout` and `recurrent_dropout` are variational: one mask
    a sequence, the same at every step, on the inputs and on what multiplies `recurrent_kernel`.

    A subclass sets `gate_count` and `state_count` and gives `make_cell`.

    Args:
        units: The width of the states.
        use_bias: Whether to add a bias.
        kernel_initializer: For `kernel` [features, gate_count * units].
        recurrent_initializer: For `recurrent_kernel` [units, gate_count * units].
        bias_initializer: For `bias`.
        kernel_regularizer: For `kernel`.
        recurrent_regularizer: For `recurrent_kernel`.
        bias_regularizer: For `bias`.
        kernel_constraint: For `kernel`.
        recurrent_constraint: For `recurrent_kernel`.
        bias_constraint: For `bias`.
        dropout: The share of inputs dropped in training.
        recurrent_dropout: The share of the recurrent operand dropped in training.
        seed: Seed of both dropouts.
        return_sequences: Whether to return the output of every step instead of the last.
        return_state: Whether to return the final states behind the output.
        go_backwards: Whether to run from the last step to the first; outputs come in the order they are made.
        stateful: Whether a batch starts from the states the one before ended with. Needs a fixed batch size.
        implementation: How to run the loop over time: "auto" chooses, see `seqtasks.layers.engine`; "loop",
            "forward", "compiled" and "fused" force.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`.

    Call arguments:
        sequences: [B, T, features].
        initial_state: The states [B, units] to start from; zeros when None.
        mask: bool [B, T], False for steps that do not count; or None.
        training: Whether to drop out.

    Returns:
        [B, T, units] with `return_sequences`, else [B, units]; with `return_state` a tuple of it and the states.
    """

    gate_count = 1
    state_count = 1

    def __init__(
        self,
        units,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        implementation="auto",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if units <= 0:
            raise UsageError(f"units is {units}; a recurrent layer needs at least one.")
        if implementation not in engine.IMPLEMENTATIONS:
            names = ", ".join(map(repr, engine.IMPLEMENTATIONS))
            raise UsageError(f"implementation is {implementation!r}; use one of {names}.")
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0.0 <= rate < 1.0:
                raise UsageError(f"{name} is {rate}; it is a share of units to drop, from 0 to below 1.")
        self.units, self.use_bias = int(units), use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.recurrent_constraint = keras.constraints.get(recurrent_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.dropout, self.recurrent_dropout, self.seed = dropout, recurrent_dropout, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful = go_backwards, stateful
        self.implementation = implementation
        # Set by Bidirectional, which wants outputs in the inputs' order whichever way the layer runs, and whose
        # directions run side by side.
        self.outputs_in_input_order = self.beside_another = False
        self.supports_masking = True

    @property
    def state_size(self):
        """The widths of the states."""
        return [self.units] * self.state_count

    def make_cell(self) -> Cell:
        """Returns the layer's equations."""
        raise NotImplementedError

    def build(self, sequences_shape, initial_state_shape=None):
        width = self.gate_count * self.units
        self.kernel = self.add_weight(
            shape=(sequences_shape[-1], width),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape(),
                name="bias",
                initializer=self.initialize_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.states = None
        if self.stateful:
            if sequences_shape[0] is None:
                raise UsageError(f"{self.name} is stateful, so its input needs a fixed batch size.")
            shape = (sequences_shape[0], self.units)
            self.states = [
                self.add_weight(shape=shape, initializer="zeros", trainable=False, name=f"state_{i}")
                for i in range(self.state_count)
            ]

    def bias_shape(self):
        """Returns the shape of `bias`."""
        return (self.gate_count * self.units,)

    def initialize_bias(self, shape, dtype=None):
        """Returns the first value of `bias`."""
        return self.bias_initializer(shape, dtype=dtype)

    def cell_weights(self):
        """Returns the cell's weights by name, in the layer's computing precision."""
        weights = {"kernel": self.kernel, "recurrent_kernel": self.recurrent_kernel, "bias": self.bias}
        return {name: self.tensor(weight) for name, weight in weights.items() if weight is not None}

    def tensor(self, value):
        """Returns a weight or an input in the layer's computing precision."""
        return tf.cast(tf.convert_to_tensor(value), self.compute_dtype)

    def get_initial_state(self, batch_size):
        """Returns zero states for a batch, as a list of [batch_size, units]."""
        return [tf.zeros([batch_size, self.units], self.compute_dtype) for _ in range(self.state_count)]

    def call(self, sequences, initial_state=None, mask=None, training=False):
        inputs = self.tensor(sequences)
        batch_size = tf.shape(inputs)[0] if inputs.shape[0] is None else inputs.shape[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(batch_size)
        elif not isinstance(initial_state, (list, tuple)):
            initial_state = [initial_state]
        if len(initial_state) != self.state_count:
            raise UsageError(f"{self.name} has {self.state_count} states, but initial_state has {len(initial_state)}.")
        if training and self.dropout:
            inputs = inputs * self.dropout_mask(batch_size, inputs.shape[-1], self.dropout)[:, None]
        recurrent_mask = None
        if training and self.recurrent_dropout:
            recurrent_mask = self.dropout_mask(batch_size, self.units, self.recurrent_dropout)
        sequence = engine.Sequence(
            inputs,
            tuple(self.tensor(state) for state in initial_state),
            None if mask is None else tf.cast(tf.convert_to_tensor(mask), tf.bool),
            recurrent_mask,
        )
        outputs, states = engine.run(
            self.make_cell(),
            sequence,
            self.cell_weights(),
            engine.Manner(self.go_backwards, self.return_sequences, bool(training)),
            self.implementation,
            alone=not self.beside_another,
        )
        if self.stateful:
            for variable, state in zip(self.states, states, strict=True):
                variable.assign(state)
        if not self.return_sequences:
            outputs = states[0]
        elif self.go_backwards and not self.outputs_in_input_order:
            outputs = tf.reverse(outputs, [1])
        return (outputs, *states) if self.return_state else outputs

    def step(self, inputs, states):
        """Runs one step, with the weights of the whole layer and no dropout: for decoding.

        Args:
            inputs: [B, features].
            states: The states before the step, [B, units] each.

        Returns:
            (output [B, units], the states after the step).
        """
        if not self.built:
            self.build((inputs.shape[0], 1, inputs.shape[-1]))
        states = tuple(self.tensor(state) for state in states)
        cell = self.make_cell()
        weights = self.cell_weights()
        projected = cell.project(self.tensor(inputs), weights)
        _, states = step(cell, projected, states, cell.recurrent_matrices(weights), cell.parameters(weights))
        return states[0], states

    def dropout_mask(self, batch_size, width, rate):
        """Returns a mask [batch_size, width] of 0 and 1 / (1 - rate)."""
        return dropout_mask([batch_size, width], rate, self.seed_generator, self.compute_dtype)

    def reset_state(self):
        """Sets a stateful layer's states to zero."""
        for state in self.states or ():
            state.assign(tf.zeros_like(state))

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        state = (sequences_shape[0], self.units)
        output = (*sequences_shape[:2], self.units) if self.return_sequences else state
        return (output, *[state] * self.state_count) if self.return_state else output

    def compute_mask(self, sequences, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        output = mask if self.return_sequences else None
        return [output, *[None] * self.state_count] if self.return_state else output

    def get_config(self):
        plain = ("units", "use_bias", "dropout", "recurrent_dropout", "seed", "return_sequences", "return_state")
        config = {name: getattr(self, name) for name in (*plain, "go_backwards", "stateful", "implementation")}
        for role in ("kernel", "recurrent", "bias"):
            config[f"{role}_initializer"] = keras.initializers.serialize(getattr(self, f"{role}_initializer"))
            config[f"{role}_regularizer"] = keras.regularizers.serialize(getattr(self, f"{role}_regularizer"))
            config[f"{role}_constraint"] = keras.constraints.serialize(getattr(self, f"{role}_constraint"))
        return {**super().get_config(), **config}
