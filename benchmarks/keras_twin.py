"""The same model made of keras.layers, with a trained run's weights.

It is written as a user of Keras would: a `keras.Model` of TextVectorization, Embedding, Bidirectional, LSTM or GRU, and
Dense, exported with `export`. What Keras has no layer for is our own code on both sides: how texts are cut into words,
what is computed of a word's spelling, the hash of neighbouring words, pooling over the steps that count, and the CRF.
"""

import keras
import tensorflow as tf
from keras import ops

from seqtasks.architectures.embedding import BigramEmbedding
from seqtasks.architectures.ensemble import Ensemble
from seqtasks.architectures.many_to_many import Tagger
from seqtasks.data.text_features import keep_ends, words_of
from seqtasks.errors import UsageError
from seqtasks.layers.keras_weights import to_keras
from seqtasks.layers.sequence_pooling import SequencePooling
from seqtasks.sections import Text, Tokens
from seqtasks.task import MANY_TO_MANY, MANY_TO_ONE


def make_twin(loaded):
    """Returns the twin of a run's model.

    Args:
        loaded: A `seqtasks.serving.loading.LoadedRun`.

    Returns:
        A `keras.Model` of texts, string `[B]`: see `Twin`.

    Raises:
        UsageError: Keras's layers cannot make it.
    """
    kinds = {(MANY_TO_ONE, Text): ClassifierTwin, (MANY_TO_MANY, Tokens): TaggerTwin}
    kind = kinds.get((loaded.task.family, type(loaded.config.inputs)))
    if kind is None:
        raise UsageError(f"there is no twin of keras.layers for {loaded.task.name}: only of models that read words")
    if loaded.config.inputs.one_hot:
        raise UsageError("there is no twin of keras.layers for words as one-hot vectors")
    if loaded.config.model.skip:
        raise UsageError("there is no twin of keras.layers for model.skip")
    twin = kind(loaded)
    twin(tf.constant(["one text", "and another"]))
    return twin


class Twin(keras.Model):
    """What the twins share.

    Args:
        loaded: The run.

    Call arguments:
        text: string `[B]`.

    Output:
        By name: what the model's own signature says too, as far as decisions and probabilities go.
    """

    def __init__(self, loaded, **kwargs):
        super().__init__(**kwargs)
        model = loaded.model
        members = model.members if isinstance(model, Ensemble) else [model]
        self.members = [self.core(member, loaded) for member in members]

    @property
    def lookups(self) -> list:
        """What holds the lookup tables."""
        raise NotImplementedError

    def core(self, member, loaded):
        """Returns the `Core` of one of the model's members."""
        raise NotImplementedError

    def scores(self, *features):
        """Returns the mean of the members' scores."""
        found = [member(*features) for member in self.members]
        return found[0] if len(found) == 1 else ops.mean(ops.stack(found), axis=0)


class Core(keras.Model):
    """Embeddings, recurrent layers and the projection to scores, of one member.

    Args:
        member: The `Classifier` or `Tagger` whose weights are copied.
    """

    def __init__(self, member, **kwargs):
        super().__init__(**kwargs)
        reader = member.reader
        # That id 0 is padding makes the mask that Keras hands on from layer to layer.
        self.words = _embedding(reader.words.embeddings, mask_zero=True)
        self.recurrent = [to_keras(layer) for layer in member.recurrent.recurrent]
        self.residual = member.recurrent.residual
        self.hidden = None if member.hidden is None else _copied(member.hidden)
        self.projection = _copied(member.projection)

    def run_recurrent(self, sequences, mask):
        """Returns what the recurrent layers make of sequences."""
        for layer in self.recurrent:
            outputs = layer(sequences, mask=mask)
            same = self.residual and outputs.shape[-1] == sequences.shape[-1]
            sequences = outputs + sequences if same else outputs
        return sequences

    def project(self, vectors):
        """Returns the scores of vectors."""
        return self.projection(vectors if self.hidden is None else self.hidden(vectors))


class ClassifierCore(Core):
    """From words, int32 `[B, T]`, to the classes' scores."""

    def __init__(self, member, **kwargs):
        super().__init__(member, **kwargs)
        pairs = member.reader.bigrams
        self.pairs = None
        if pairs is not None:
            self.pairs = BigramEmbedding(pairs.buckets, pairs.size)
            _give(self.pairs, pairs)
        self.pooling = SequencePooling(member.pooling.mode)
        if self.pooling.attention is not None:
            self.pooling.build((None, None, member.recurrent.recurrent[-1].compute_output_shape((None, None, 1))[-1]))
            self.pooling.set_weights(member.pooling.get_weights())

    def call(self, words):
        mask = self.words.compute_mask(words)
        sequences = self.words(words)
        if self.pairs is not None:
            sequences = sequences + self.pairs(words, mask)
        return self.project(self.pooling(self.run_recurrent(sequences, mask), mask=mask))


class ClassifierTwin(Twin):
    """Texts to `label`, `score` and `probabilities`."""

    def __init__(self, loaded, **kwargs):
        super().__init__(loaded, **kwargs)
        inputs = loaded.config.inputs
        self.longest = inputs.max_length
        self.vectorization = keras.layers.TextVectorization(
            standardize=None,
            split=lambda text: words_of(text, inputs),
            vocabulary=loaded.pipeline.codec.words.tokens[2:],
        )
        self.names = keras.layers.StringLookup(
            vocabulary=list(loaded.pipeline.classes), invert=True, num_oov_indices=0, mask_token=None
        )

    @property
    def lookups(self):
        return [self.vectorization, self.names]

    def core(self, member, loaded):
        return ClassifierCore(member)

    def call(self, text):
        words = self.vectorization(text)
        words = keep_ends(tf.RaggedTensor.from_tensor(words, padding=0), self.longest).to_tensor(shape=[None, None])
        return self.answer(self.scores(words))

    def answer(self, scores):
        probabilities = ops.softmax(scores)
        return {
            "label": self.names(ops.argmax(probabilities, axis=-1)),
            "score": ops.max(probabilities, axis=-1),
            "probabilities": probabilities,
        }


class TaggerCore(Core):
    """From words, int32 `[B, T]`, their characters and affixes to the tags' scores."""

    def __init__(self, member, **kwargs):
        super().__init__(member, **kwargs)
        reader = member.reader
        self.characters = self.spelling = None
        if reader.characters is not None:
            self.characters = _embedding(reader.characters.embedding.embeddings, mask_zero=True)
            self.spelling = to_keras(reader.characters.encoder)
        self.affixes = [_embedding(layer.embeddings) for layer in reader.affixes or ()]

    def call(self, words, characters=None, affixes=None):
        mask = self.words.compute_mask(words)
        vectors = [self.words(words)]
        if self.characters is not None:
            shape = ops.shape(characters)
            spellings = ops.reshape(characters, (shape[0] * shape[1], characters.shape[-1]))
            letters = self.characters.compute_mask(spellings)
            found = self.spelling(self.characters(spellings), mask=letters)
            vectors.append(ops.reshape(found, (shape[0], shape[1], found.shape[-1])))
        vectors += [embed(affixes[:, :, place]) for place, embed in enumerate(self.affixes)]
        return self.project(self.run_recurrent(ops.concatenate(vectors, axis=-1), mask))


class TaggerTwin(Twin):
    """Texts to `tags`, `scores` and `length`."""

    answers = Tagger.answers
    tag_of = None

    def __init__(self, loaded, **kwargs):
        super().__init__(loaded, **kwargs)
        self.tables = loaded.pipeline.graph()
        self.tags = list(loaded.pipeline.tags)
        model = loaded.model
        self.crf = (model.members[0] if isinstance(model, Ensemble) else model).crf

    @property
    def lookups(self):
        return [self.tables]

    def core(self, member, loaded):
        return TaggerCore(member)

    def call(self, text):
        tokens, _, _ = self.tables.cut(text)
        features = self.tables.features_of_steps(tokens)
        scores = self.scores(*(features.get(name) for name in ("words", "characters", "affixes")))
        return self.answer(scores, features["mask"])

    def answer(self, scores, mask):
        """Returns the tags of scores."""
        found = self.answers({"tags": scores}, {"mask": mask})
        return {
            "tags": tf.where(mask, tf.gather(tf.constant(self.tags), found["tags"]), ""),
            "scores": tf.where(mask, found["scores"], 0.0),
            "length": tf.reduce_sum(tf.cast(mask, tf.int32), axis=1),
        }


def _embedding(weights, **options):
    layer = keras.layers.Embedding(*weights.shape, **options)
    layer.build((None, None))
    layer.set_weights([weights])
    return layer


def _copied(layer):
    copy = type(layer).from_config(layer.get_config())
    copy.build((None, layer.kernel.shape[0]))
    return _give(copy, layer)


def _give(copy, layer):
    if not copy.built:
        copy.build((None, None))
    copy.set_weights(layer.get_weights())
    return copy
