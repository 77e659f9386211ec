from types import SimpleNamespace

import numpy as np
import pytest

from seqtasks.data.sources import ReadOptions, open_source
from seqtasks.data.tfds_video import TfdsVideo
from seqtasks.data.video import sampled
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Sources

SMALL = TfdsVideo(frames=3, frame_size=8)


def clip(count):
    y, x = np.mgrid[:16, :12]
    frames = [np.stack([10 * x, 10 * y, 0 * x + 9 * t], -1) for t in range(count)]
    return np.array(frames, np.uint8).reshape(-1, 16, 12, 3)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Small data sets written by TFDS itself, with the traits of the real ones."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder, features = tmp_path_factory.mktemp("tfds"), tfds.features

    def store(name, label, splits, keys=("video", "label"), video=None):
        feature = {keys[0]: video or features.Video((None, 16, 12, 3))} | ({keys[1]: label} if label else {})
        feature = features.FeaturesDict(feature)
        spec = tf.nest.map_structure(lambda info: tf.TensorSpec(info.shape, info.dtype), feature.get_tensor_info())
        datasets = {
            split: tf.data.Dataset.from_generator(
                lambda rows=rows: (dict(zip(keys, row, strict=False)) for row in rows), output_signature=spec
            )
            for split, rows in splits.items()
        }
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=feature,
            split_datasets=datasets,
            data_dir=folder,
            disable_shuffling=True,
        )

    names = features.ClassLabel(names=["run", "walk"])
    store(
        "tiny_ucf", names, {"train": [(clip(7), 1), (clip(1), 0), (clip(2), -1)], "test": [(clip(0), 0), (clip(3), 0)]}
    )
    store("tiny_words", features.Text(), {"train": [(clip(2), "é"), (clip(2), "")]}, keys=("clip", "what"))
    encoded = features.Sequence(features.Image(shape=(None, None, 1), encoding_format="png"))
    grey = [(clip(4)[..., :1], 5)]
    store("tiny_grey", features.Scalar(tf.int64), {"train": grey, "extra": grey}, video=encoded)
    store("tiny_mnist", None, {"test": [(clip(2),)]})
    return str(folder)


def read(name, data_dir, adapter=SMALL, **options):
    return adapter.read(name, ReadOptions(data_dir=data_dir, **options))


def test_clips(data_dir):
    dataset = read("tiny_ucf", data_dir)
    assert {split: [e["label"] for e in rows] for split, rows in dataset.splits.items()} == {
        "train": ["walk", "run"],
        "test": ["run"],
    }
    assert dataset.source == "tfds:tiny_ucf/1.0.0"
    assert dataset.notes == [
        "dropped 1 empty or unlabelled train example",
        "dropped 1 empty or unlabelled test example",
        "tfds:tiny_ucf/1.0.0 does not tell which clips are cut from one video: where a split is missing, such clips "
        "may lie on both sides",
    ]
    frames = dataset.splits["train"][0]["frames"]
    assert frames.dtype == np.uint8
    assert frames.shape == (3, 8, 8, 3)
    whole = read("tiny_ucf", data_dir, TfdsVideo(frames=3, frame_size=16)).splits["train"][0]["frames"]
    # The height stays as it was.
    np.testing.assert_array_equal(whole[:, :, 5, 1:], clip(7)[sampled(7, 3)][:, :, 5, 1:])
    assert dataset.splits["train"][1]["frames"].shape == (3, 8, 8, 3)


def test_options_choose_frames_and_features(data_dir):
    dataset = read("tiny_ucf", data_dir, frames=5, frame_size=4, channels=1)
    assert dataset.splits["train"][0]["frames"].shape == (5, 4, 4, 1)
    dataset = read("tiny_words", data_dir, features={"video": "clip", "label": "what"})
    assert [example["label"] for example in dataset.splits["train"]] == ["é"]
    dataset = read("tiny_grey", data_dir)
    assert dataset.splits["train"][0]["label"] == "5"
    assert dataset.splits["train"][0]["frames"].shape == (3, 8, 8, 3)
    assert "split extra of tfds:tiny_grey/1.0.0 is not used" in dataset.notes


@pytest.mark.parametrize(
    ("name", "features", "message"),
    [
        ("tiny_ucf", {"vido": "x"}, "--features vido=x: unknown role 'vido'. Did you mean 'video'"),
        ("tiny_ucf", {"label": "lable"}, "tiny_ucf/1.0.0 has no feature 'lable' for label. Did you mean 'label'"),
        (
            "tiny_ucf",
            {"video": "label"},
            "the video must be a sequence of images and the label a single value. Received",
        ),
        (
            "tiny_ucf",
            {"label": "video"},
            "the video must be a sequence of images and the label a single value. Received",
        ),
        ("tiny_mnist", {}, "tiny_mnist/1.0.0 has no feature 'label' for label"),
    ],
)
def test_features_that_do_not_fit(data_dir, name, features, message):
    with pytest.raises(UsageError) as caught:
        read(name, data_dir, features=features)
    assert message in str(caught.value)


def test_open_source_reads_them(data_dir):
    sources = Sources(dict, None, tfds={"tiny_ucf": SMALL}, tfds_default=SMALL)
    task = SimpleNamespace(name="video", targets=None, sources=sources)
    dataset = open_source(task, "tfds:tiny_ucf", ReadOptions(data_dir=data_dir))
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 1, "validation": 1, "test": 1}
    with pytest.raises(UsageError, match="--features video=FEATURE,label=FEATURE"):
        open_source(task, "tfds:tiny_words", ReadOptions(data_dir=data_dir))


def test_images_that_cannot_be_decoded(data_dir, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(tf.io, "decode_image", lambda image, **_: tf.io.decode_png(tf.strings.substr(image, 0, 30)))
    with pytest.raises(DataError, match=r"^tfds:tiny_ucf/1\.0\.0 train, example 1: cannot be decoded: [^\n]+$"):
        read("tiny_ucf", data_dir)
