"""A tiny model and pipeline with the contract of the real ones, quick to train."""

import numpy as np
import pytest

CLASSES = ("even", "odd")


class TinyPipeline:
    """Examples are `{"text": digits, "label": parity of the last digit}`; features are the digits."""

    labels = CLASSES

    def encode(self, examples, labelled=True):
        digits = np.array([[int(digit) for digit in example["text"]] for example in examples], np.int32)
        arrays = {"digits": digits}
        if labelled:
            arrays["labels"] = np.array([CLASSES.index(example["label"]) for example in examples], np.int32)
        return TinyEncoded(arrays)

    def batches(self, encoded, batch_size, rng=None):
        order = np.arange(len(encoded)) if rng is None else rng.permutation(len(encoded))
        order = np.concatenate([order, np.full(-len(order) % batch_size, -1)])
        for rows in order.reshape(-1, batch_size):
            batch = {
                name: np.where(_like(rows >= 0, values), values[rows], 0) for name, values in encoded.arrays.items()
            }
            yield {"rows": rows.astype(np.int64), **batch}

    def decode(self, outputs, batch):
        return [
            {"label": CLASSES[int(row.argmax())], "probabilities": dict(zip(CLASSES, row.tolist(), strict=True))}
            for row, index in zip(outputs["probabilities"], batch["rows"], strict=True)
            if index >= 0
        ]

    def references(self, examples):
        return [example["label"] for example in examples]

    def unseen_labels(self, examples):
        return sorted({example["label"] for example in examples} - set(CLASSES))


class TinyEncoded:
    def __init__(self, arrays):
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays["digits"])


def _like(mask, values):
    return mask.reshape(-1, *[1] * (values.ndim - 1))


def build_tiny_model(seed=1):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)

    class TinyModel(keras.Model):
        loss_factor = 1.0

        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(10, 8)
            self.dropout = keras.layers.Dropout(0.2)
            self.projection = keras.layers.Dense(2)

        def call(self, digits, training=False):
            return self.projection(self.dropout(self.embedding(digits)[:, -1], training=training))

        def loss_of(self, batch, training):
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                batch["labels"], self(batch["digits"], training=training)
            )
            weights = tf.cast(batch["rows"] >= 0, tf.float32)
            return self.loss_factor * tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)

        def outputs_of(self, batch):
            return {"probabilities": tf.nn.softmax(self(batch["digits"]))}

    model = TinyModel()
    model(np.zeros((1, 3), np.int32))
    return model


def parity_examples(number, seed=0):
    rng = np.random.default_rng(seed)
    texts = ["".join(map(str, rng.integers(0, 10, 3))) for _ in range(number)]
    return [{"text": text, "label": CLASSES[int(text[-1]) % 2]} for text in texts]


@pytest.fixture
def fit(tmp_path):
    """Trains the tiny model: `fit(folder_name, resume=False, model=None, **training)`."""
    from seqtasks.metrics import Accuracy
    from seqtasks.sections import Training
    from seqtasks.training.evaluation import Evaluator
    from seqtasks.training.loop import train
    from seqtasks.training.run_folder import RunFolder

    def fit(name="run", resume=False, model=None, progress=None, monitor="val_accuracy", **changes):
        training = Training(**{"batch_size": 16, "epochs": 3, "jit_compile": False, "learning_rate": 0.05, **changes})
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir(exist_ok=True)
        model = model or build_tiny_model(training.seed)
        pipeline = TinyPipeline()
        evaluator = Evaluator(model, pipeline, (Accuracy(),), 32, training.jit_compile)
        validation = parity_examples(40, seed=1)
        history = train(
            model,
            pipeline,
            pipeline.encode(parity_examples(100)),
            (validation, pipeline.encode(validation, labelled=False)),
            training,
            folder,
            evaluator,
            monitor,
            progress,
            resume,
        )
        return history, folder, model

    return fit


@pytest.fixture
def tiny_model():
    return build_tiny_model
