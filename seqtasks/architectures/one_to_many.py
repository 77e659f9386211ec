"""One-to-many: a language model, which reads a symbol and gives the probabilities of the next."""

import keras
import tensorflow as tf

from seqtasks.architectures.embedding import WordEmbedding
from seqtasks.architectures.next_step import NextStepModel
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.architectures.symbol_scores import SymbolScores
from seqtasks.data.symbols import END_ID
from seqtasks.errors import UsageError
from seqtasks.layers import Dropout


class LanguageModel(NextStepModel):
    """Symbols, a recurrent stack, and a softmax over the next symbol at every step.

    It trains many-to-many, each symbol predicted from the right ones before it, and generates one-to-many, each symbol
    it drew being the next it reads.

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
        super().__init__(config, **kwargs)
        inputs, targets, model = config.inputs, config.targets, config.model
        if targets.tied and inputs.one_hot:
            raise UsageError(
                "tied=true shares the symbols' vectors, and one_hot=true has none: set one of them to false"
            )
        self.symbols = WordEmbedding.from_settings(config, counts)
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.recurrent = RecurrentStack(model, return_state=True)
        size = self.symbols.size if targets.tied else model.units
        self.adapter = keras.layers.Dense(size, use_bias=False) if size != model.units else None
        samples = targets.samples if getattr(targets, "softmax", "full") == "sampled" else 0
        self.scores = SymbolScores(len(counts), samples, targets.tied)
        self.scores.build((None, size))
        self.supports_masking = True

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
        return self._scorable(outputs, inputs), states

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
        return self.score(self._scorable(outputs, symbols)), states

    def read(self, inputs, mask):
        """Reads symbols from the start of a text; as `call`, for any T, none included."""
        padding = [[0, 0], [0, 1]]
        outputs, states = self(tf.pad(inputs, padding), mask=tf.pad(mask, padding))
        return outputs[:, :-1], states

    def losses(self, outputs, targets, training):
        flat, right = tf.reshape(outputs, [-1, outputs.shape[-1]]), tf.reshape(targets, [-1])
        if training and self.scores.samples:
            losses = self.scores.loss(flat, right, self._shared())
        else:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(right, self.score(flat))
        return tf.reshape(losses, tf.shape(targets))

    def counted(self, batch):
        return batch["mask"], batch["mask"]

    def _scorable(self, outputs, symbols):
        """Returns what `score` takes, of the stack's outputs and the symbols that were read."""
        return outputs if self.adapter is None else self.adapter(outputs)

    def _shared(self):
        return self.symbols.embeddings if self.scores.tied else None
