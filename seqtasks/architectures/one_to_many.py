"""One-to-many: a language model, which reads a symbol and gives the probabilities of the next."""

import keras
import tensorflow as tf

from seqtasks.architectures.embedding import WordEmbedding
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.architectures.symbol_scores import SymbolScores
from seqtasks.data.symbols import END_ID
from seqtasks.errors import UsageError
from seqtasks.layers import Dropout


class LanguageModel(keras.Model):
    """Symbols, a recurrent stack, and a softmax over the next symbol at every step.

    It trains many-to-many, each symbol predicted from the right ones before it, and generates one-to-many, each symbol
    it drew being the next it reads. Where texts are cut into windows, a batch's rows start from the states that the
    batch before ended with, and no gradient flows back beyond.

    Args:
        config: The run's configuration.
        counts: How often each symbol stands in the training split, `[V]`.

    Call arguments:
        inputs: Symbols int32 `[B, T]`.
        mask: bool `[B, T]`.
        states: The states to start from, float `[B, units]` each, lowest layer first; zeros when None.
        training: Whether dropout applies.

    Output:
        (outputs float `[B, T, D]`, of which `score` makes the symbols' scores; the final states).

    Raises:
        UsageError: For a configuration that would let the model see what it is to predict, or that contradicts itself.

    Reference:
        Mikolov et al., Recurrent Neural Network Based Language Model, Interspeech 2010; Zaremba et al., Recurrent
        Neural Network Regularization, 2014.
    """

    def __init__(self, config, counts, **kwargs):
        super().__init__(**kwargs)
        inputs, targets, model = config.inputs, config.targets, config.model
        if model.bidirectional:
            raise UsageError("a language model must not read backwards what it is to predict: set bidirectional=false")
        if model.members > 1:
            raise UsageError(f"a language model has one member. Received: members={model.members}")
        if targets.tied and inputs.one_hot:
            raise UsageError(
                "tied=true shares the symbols' vectors, and one_hot=true has none: set one of them to false"
            )
        self.symbols = WordEmbedding.from_settings(config, counts)
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(model, return_state=True)
        size = self.symbols.size if targets.tied else model.units
        self.adapter = keras.layers.Dense(size, use_bias=False) if size != model.units else None
        samples = targets.samples if targets.softmax == "sampled" else 0
        self.scores = SymbolScores(len(counts), samples, targets.tied)
        self.scores.build((None, size))
        self.windows = inputs.context != "example"
        self.supports_masking = True
        # No weights: neither saved nor counted.
        object.__setattr__(self, "_carried_states", {})

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.language.LanguagePipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: Not used; there is one member.
        """
        return cls(config, pipeline.counts)

    def call_on_example(self):
        """Makes the weights by reading one symbol."""
        self(tf.fill([1, 1], END_ID))

    def call(self, inputs, mask=None, states=None, training=False):
        sequences = self.symbols(inputs, training=training)
        sequences = self.input_dropout(sequences, training=training)
        outputs, states = self.recurrent(sequences, mask=mask, states=states, training=training)
        return self._adapted(outputs), states

    def score(self, outputs):
        """Returns every symbol's score before the softmax, float32 `[N, V]`, of outputs float `[N, D]`."""
        return self.scores(outputs, self._shared())

    def step(self, symbols, states):
        """Reads one more symbol.

        Args:
            symbols: int32 `[B]`.
            states: The states before.

        Returns:
            (the next symbol's scores float32 `[B, V]`, the states after).
        """
        outputs, states = self.recurrent.step(self.symbols(symbols[:, None])[:, 0], states)
        return self.score(self._adapted(outputs)), states

    def read(self, inputs, mask):
        """Reads symbols from the start of a text; as `call`, for any T, none included."""
        padding = [[0, 0], [0, 1]]
        outputs, states = self(tf.pad(inputs, padding), mask=tf.pad(mask, padding))
        return outputs[:, :-1], states

    def read_prompt(self, prompt: tf.RaggedTensor):
        """Reads the start of a text and returns (the next symbol's scores float32 `[B, V]`, the states after).

        Args:
            prompt: Its symbols, ragged int32 `[B, (T)]`.
        """
        count = prompt.row_lengths()
        begin = tf.fill([tf.shape(count)[0], 1], END_ID)
        symbols = tf.concat([begin, prompt.to_tensor()], axis=1)
        # Without rows there is no longest: the width is told.
        outputs, states = self(symbols, mask=tf.sequence_mask(count + 1, tf.shape(symbols)[1]))
        return self.score(tf.gather(outputs, count, batch_dims=1)), states

    def loss_of(self, batch, training=True):
        """Returns the mean cross entropy of the next symbols, a scalar, in nats.

        Args:
            batch: `inputs` and `targets` int32 `[B, T]`, `mask` bool `[B, T]`, and `begins` bool `[B]`, whether a row
                starts from zero states.
            training: Whether dropout applies, and the loss may be estimated from a sample.
        """
        mask = batch["mask"]
        losses = self._cross_entropies(batch, training)
        return tf.reduce_sum(tf.where(mask, losses, 0.0)) / tf.maximum(tf.reduce_sum(tf.cast(mask, tf.float32)), 1.0)

    def outputs_of(self, batch):
        """Returns each row's `log_probability` float32 `[B]` and `count` int32 `[B]` of predicted symbols."""
        mask = batch["mask"]
        losses = self._cross_entropies(batch, training=False)
        return {
            "log_probability": -tf.reduce_sum(tf.where(mask, losses, 0.0), axis=1),
            "count": tf.reduce_sum(tf.cast(mask, tf.int32), axis=1),
        }

    def _cross_entropies(self, batch, training):
        begins = batch["begins"]
        carried = self._carried(begins.shape[0], training) if self.windows else []
        start = [tf.where(begins[:, None], 0.0, state.read_value()) for state in carried]
        outputs, states = self(batch["inputs"], mask=batch["mask"], states=start or None, training=training)
        if carried:
            for variable, state in zip(carried, states, strict=True):
                variable.assign(tf.cast(tf.stop_gradient(state), tf.float32))
        flat, targets = tf.reshape(outputs, [-1, outputs.shape[-1]]), tf.reshape(batch["targets"], [-1])
        if training:
            losses = self.scores.loss(flat, targets, self._shared())
        else:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, self.score(flat))
        return tf.reshape(losses, tf.shape(batch["targets"]))

    def _carried(self, batch_size, training):
        """Returns where the rows' states stay from one batch to the next; training and evaluation have their own."""
        key = (batch_size, bool(training))
        if key not in self._carried_states:
            with tf.init_scope():
                self._carried_states[key] = [
                    tf.Variable(tf.zeros([batch_size, size]), trainable=False) for size in self.recurrent.state_size
                ]
        return self._carried_states[key]

    def _adapted(self, outputs):
        return outputs if self.adapter is None else self.adapter(outputs)

    def _shared(self):
        return self.symbols.embeddings if self.scores.tied else None
