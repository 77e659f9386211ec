"""Small stand-ins for a trained run: the contract of pipeline and model, and nothing learned."""

from types import SimpleNamespace

TEXTS = (
    "Ada Lovelace lived in London .",
    "",
    "   ",
    "Zoë ate naïve café food in 東京 😀!",
    "Don't panic (U.N. 3.5% on 1996-08-22).",
    "word " * 700,
    "<br />Great film.<br /><br />Truly",
)
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
CLASSES = ["negative", "positive", "très neutre"]


def make_tagging():
    """Returns a loaded run of a tagging task: a hashed embedding and a softmax."""
    import keras
    import tensorflow as tf

    from seqtasks.config import Config
    from seqtasks.data.tokenizer import tokenize
    from seqtasks.sections import Recurrent, Tags, Tokens, Training
    from seqtasks.task import MANY_TO_MANY

    class Features(tf.Module):
        def __init__(self):
            super().__init__()
            words = tf.lookup.KeyValueTensorInitializer(
                ["London", "Lovelace", "東京"], tf.constant([1, 2, 3], tf.int64)
            )
            self.table = tf.lookup.StaticVocabularyTable(words, 30)

        cut = staticmethod(tokenize)

        def features_of_steps(self, tokens):
            ids = tokens.with_values(self.table.lookup(tokens.values)).to_tensor()
            mask = tf.sequence_mask(tokens.row_lengths())
            missing = [[0, 0], [0, tf.maximum(1 - tf.shape(mask)[1], 0)]]
            return {"ids": tf.pad(ids, missing), "mask": tf.pad(mask, missing)}

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(
                40, 8, embeddings_initializer=keras.initializers.RandomNormal(seed=1)
            )
            self.never_used = keras.layers.Dense(1000)
            self.projection = keras.layers.Dense(len(TAGS), kernel_initializer=keras.initializers.RandomNormal(seed=2))
            self.never_used(tf.zeros([1, 1000]))
            self.outputs_of({"ids": tf.zeros([1, 1], tf.int64), "mask": tf.ones([1, 1], tf.bool)})

        def outputs_of(self, features):
            probabilities = tf.nn.softmax(20.0 * self.projection(self.embedding(features["ids"])))
            tags = tf.argmax(probabilities, axis=-1, output_type=tf.int32)
            return {"tags": tags, "scores": tf.reduce_max(probabilities, axis=-1)}

    config = Config(Tokens(), Tags(), Recurrent(), Training())
    return _run(
        MANY_TO_MANY, "standin_tagging", config, SimpleNamespace(tags=TAGS, labels=TAGS, graph=Features), Model()
    )


def make_classification():
    """Returns a loaded run of a classification task: a bag of hashed words."""
    import keras
    import tensorflow as tf

    from seqtasks.config import Config
    from seqtasks.data.requests import text_requests
    from seqtasks.sections import Label, Recurrent, Text, Training
    from seqtasks.task import MANY_TO_ONE

    class Features(tf.Module):
        def requests(self):
            return text_requests(self.features)

        def features(self, text):
            ids = tf.ragged.map_flat_values(tf.strings.to_hash_bucket_fast, tf.strings.split(text), 40)
            return {"ids": ids.to_tensor(), "mask": tf.sequence_mask(ids.row_lengths())}

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(
                40, 8, embeddings_initializer=keras.initializers.RandomNormal(seed=1)
            )
            self.projection = keras.layers.Dense(len(CLASSES))
            self.outputs_of({"ids": tf.zeros([1, 1], tf.int64), "mask": tf.ones([1, 1], tf.bool)})

        def outputs_of(self, features):
            weights = tf.cast(features["mask"], tf.float32)[:, :, None]
            vector = tf.reduce_sum(weights * self.embedding(features["ids"]), axis=1)
            return {"probabilities": tf.nn.softmax(5.0 * self.projection(vector))}

    config = Config(Text(), Label(), Recurrent(), Training())
    pipeline = SimpleNamespace(classes=CLASSES, labels=CLASSES, graph=Features)
    return _run(MANY_TO_ONE, "standin_classification", config, pipeline, Model())


def _run(family, name, config, pipeline, model):
    task = SimpleNamespace(name=name, family=family, description="A stand-in.", serving_inputs=lambda: [*TEXTS[:1]])
    return SimpleNamespace(task=task, config=config, pipeline=pipeline, model=model, data="builtin", folder=None)
