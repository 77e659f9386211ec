"""Encoder-decoder: one network reads a sequence, another writes one of another length."""

import keras
import tensorflow as tf

from seqtasks.architectures.decoder import Decoder, Memory
from seqtasks.architectures.embedding import WordEmbedding
from seqtasks.architectures.stack import RecurrentStack
from seqtasks.architectures.symbol_scores import SymbolScores
from seqtasks.data.symbols import END_ID
from seqtasks.decoding.beam_search import Manner, beam_search
from seqtasks.decoding.sampling import draw
from seqtasks.decoding.scoring import in_parts
from seqtasks.errors import UsageError
from seqtasks.layers import Dropout
from seqtasks.layers.dropout import uniform


class EncoderDecoder(keras.Model):
    """Symbols in, a recurrent encoder, a recurrent decoder with or without attention, symbols out.

    The decoder starts from the encoder's final states, those of both directions through a dense layer each. It trains
    with every right symbol given (teacher forcing), or with some of them replaced by what the network itself would
    have said (scheduled sampling, in two passes over the target, so that whole sequences stay whole).

    Args:
        config: The run's configuration.
        source_counts: How often each source symbol stands in the training split, `[V]`.
        target_counts: The same of the target symbols, `[W]`.

    Call arguments:
        batch: `source` int32 `[B, T]` and `mask` bool `[B, T]`; `inputs` int32 `[B, S]`, what the decoder reads.
        training: Whether dropout applies.

    Output:
        (outputs float `[B, S, D]`, of which `score` makes the symbols' scores; attention weights float32 `[B, S, T]`,
        None without attention).

    Raises:
        UsageError: For a configuration that contradicts itself.

    Reference:
        Sutskever et al., Sequence to Sequence Learning with Neural Networks, NIPS 2014; Cho et al., Learning Phrase
        Representations using RNN Encoder-Decoder, EMNLP 2014; Bengio et al., Scheduled Sampling for Sequence
        Prediction with Recurrent Neural Networks, NIPS 2015, in the two passes of Mihaylova & Martins, Scheduled
        Sampling for Transformers, ACL 2019.
    """

    def __init__(self, config, source_counts, target_counts, **kwargs):
        super().__init__(**kwargs)
        inputs, targets, model = config.inputs, config.targets, config.model
        if model.members > 1:
            raise UsageError(f"an encoder-decoder has one member. Received: members={model.members}")
        if model.residual and model.layers == 1:
            raise UsageError("residual=true adds the input of a layer above the first: set layers to 2 or more")
        self.settings = config
        drops = {"word_dropout": model.word_dropout, "rare_word_dropout": model.rare_word_dropout}
        self.source = WordEmbedding(len(source_counts), inputs.embedding_size, source_counts, **drops)
        self.target = WordEmbedding(len(target_counts), targets.embedding_size, target_counts, **drops)
        self.input_dropout = Dropout(model.embedding_dropout, same_every_step=True)
        self.encoder = RecurrentStack(model, return_state=True)
        self.states_a_layer = len(self.encoder.state_size) // model.layers // (2 if model.bidirectional else 1)
        self.bridges = None
        if model.bidirectional:
            # The first of a layer's states is its activation, between -1 and 1; an LSTM's memory is not bounded.
            activations = ["tanh", *[None] * (self.states_a_layer - 1)] * model.layers
            self.bridges = [keras.layers.Dense(model.units, activation=activation) for activation in activations]
        self.size = targets.embedding_size if targets.tied else model.units
        read = model.units * (2 if model.bidirectional else 1)
        self.decoder = Decoder(model, self.size, targets.embedding_size, read)
        self.scores = SymbolScores(len(target_counts), tied=targets.tied)
        self.scores.build((None, self.size))
        self.seen = None
        if targets.scheduled_sampling:
            self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")
            self.seed_generator = keras.random.SeedGenerator()

    @classmethod
    def from_pipeline(cls, config, pipeline, first=None):
        """Returns the network for a `seqtasks.data.translation.TranslationPipeline`.

        Args:
            config: The run's configuration.
            pipeline: The fitted pipeline.
            first: Not used; there is one member.
        """
        return cls(config, pipeline.source_counts, pipeline.target_counts)

    def call_on_example(self):
        """Makes the weights by reading and writing one symbol."""
        one = tf.fill([1, 1], END_ID)
        self({"source": one, "mask": tf.ones([1, 1], tf.bool), "inputs": one})

    def call(self, batch, training=False):
        memory, states = self.read(batch["source"], batch["mask"], training)
        return self._write(batch["inputs"], memory, states, training)

    def read(self, source, mask, training=False):
        """Returns what the encoder makes of sources.

        Args:
            source: int32 `[B, T]`, T at least 1.
            mask: bool `[B, T]`.
            training: Whether dropout applies.

        Returns:
            (a `Memory`, None without attention; the states that the decoder starts from).
        """
        sequences = self.input_dropout(self.source(source, training=training), training=training)
        values, finals = self.encoder(sequences, mask=mask, training=training)
        memory = None
        if self.decoder.attends:
            if not self.decoder.built:
                self.decoder.build()
                self.decoder.built = True
            memory = Memory(values, self.decoder.attention.keys(values), mask)
        return memory, self.decoder.start(self._bridged(finals))

    def score(self, outputs):
        """Returns every symbol's score before the softmax, float32 `[N, W]`, of outputs float `[N, D]`."""
        return self.scores(outputs, self.target.embeddings if self.scores.tied else None)

    def step(self, symbols, states, memory):
        """Writes one more symbol.

        Args:
            symbols: What was written last, int32 `[B]`; `<EOS>` to begin with.
            states: The states before.
            memory: What `read` returned.

        Returns:
            (the next symbol's scores float32 `[B, W]`, the states after, attention weights float32 `[B, T]` or None).
        """
        outputs, states, weights = self.decoder.step(self.target(symbols[:, None])[:, 0], states, memory)
        return self.score(outputs), states, weights

    def loss_of(self, batch, training=True):
        """Returns the mean cross entropy of a target symbol, a scalar, in nats.

        Args:
            batch: As for `call`, and `targets` int32 `[B, S]`, what is to be written; `target_mask` bool `[B, S]`.
            training: Whether dropout and label smoothing apply.
        """
        memory, states = self.read(batch["source"], batch["mask"], training)
        inputs = batch["inputs"]
        if training and self.seen is not None:
            inputs = self._sampled(inputs, memory, states)
        outputs, _ = self._write(inputs, memory, states, training)
        losses = self._cross_entropies(outputs, batch["targets"], training)
        mask = batch["target_mask"]
        return tf.reduce_sum(tf.where(mask, losses, 0.0)) / tf.maximum(tf.reduce_sum(tf.cast(mask, tf.float32)), 1.0)

    def outputs_of(self, batch):
        """Returns the best translation's `ids` int32 `[B, S]`, padded, and its `score` float32 `[B]`."""
        found = self.search(batch["source"], batch["mask"])
        return {"ids": found.ids[:, 0], "score": found.scores[:, 0]}

    def search(self, source, mask):
        """Returns the translations that beam search finds, `seqtasks.decoding.beam_search.Hypotheses`.

        Nothing is found for a source without symbols.

        Args:
            source: int32 `[B, T]`, T at least 1.
            mask: bool `[B, T]`.
        """
        targets = self.settings.targets
        memory, states = self.read(source, mask)
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        limits = tf.where(lengths > 0, tf.minimum(_limit(lengths), targets.max_length), 0)
        width = source.shape[1]
        longest = targets.max_length if width is None else min(_limit(width), targets.max_length)
        manner = Manner(targets.beam, targets.length_penalty, targets.coverage_penalty)
        return beam_search(self.step, states, memory, limits, longest, manner)

    def log_probabilities(self, batch):
        """Returns the log-probability of each target symbol, given those before it, float32 `[B, S]`; 0 for padding."""
        outputs, _ = self(batch, training=False)
        mask = batch["target_mask"]
        found = in_parts(self.score, outputs[mask], batch["targets"][mask])
        return tf.scatter_nd(tf.where(mask), found, tf.shape(mask, tf.int64))

    def _write(self, inputs, memory, states, training):
        sequences = self.input_dropout(self.target(inputs, training=training), training=training)
        return self.decoder(sequences, states, memory=memory, training=training)

    def _cross_entropies(self, outputs, targets, training):
        logits = self.score(tf.reshape(outputs, [-1, self.size]))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(targets, [-1]), logits)
        smoothing = self.settings.training.label_smoothing if training else 0.0
        if smoothing:
            even = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_mean(logits, axis=-1)
            losses = (1 - smoothing) * losses + smoothing * even
        return tf.reshape(losses, tf.shape(targets))

    def _bridged(self, finals):
        """Returns the decoder's layers' first states, made of the encoder's last."""
        if self.bridges is None:
            return list(finals)
        # A layer's forward states come first, then its backward ones.
        count = self.states_a_layer
        pairs = [
            tf.concat([finals[first + number], finals[first + count + number]], axis=-1)
            for first in range(0, len(finals), 2 * count)
            for number in range(count)
        ]
        return [bridge(pair) for bridge, pair in zip(self.bridges, pairs, strict=True)]

    def _sampled(self, inputs, memory, states):
        """Returns the decoder's inputs, some replaced by what the network draws in their place."""
        targets = self.settings.targets
        share = targets.scheduled_sampling * tf.minimum(self.seen.value / targets.sampling_steps, 1.0)
        self.seen.assign_add(1.0)
        outputs, _ = self._write(inputs, memory, states, training=True)
        logits = self.score(tf.reshape(tf.stop_gradient(outputs), [-1, self.size]))
        drawn = tf.reshape(draw(logits, uniform(tf.shape(logits), self.seed_generator)), tf.shape(inputs))
        # What was drawn at a step is what the next one reads; the first reads <EOS> always.
        drawn = tf.concat([inputs[:, :1], drawn[:, :-1]], axis=1)
        replaced = uniform(tf.shape(inputs), self.seed_generator) < share
        return tf.where(replaced, drawn, inputs)


def _limit(length):
    """Returns how many symbols a translation of so many may have."""
    return 6 * length + 10
