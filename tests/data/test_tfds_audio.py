from types import SimpleNamespace

import numpy as np
import pytest

from seqtasks.data.audio import as_float
from seqtasks.data.sources import ReadOptions, open_source
from seqtasks.data.tfds_audio import TfdsAudio
from seqtasks.errors import UsageError
from seqtasks.task import Sources

DIGITS = [f"{digit}_{who}_{i}.wav" for digit in (0, 1) for who in ("ann", "bob") for i in range(12)]


def tone(samples, rate=8000, strength=0.5):
    return strength * np.sin(2 * np.pi * 300 * np.arange(samples) / rate)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Small data sets written by TFDS itself, with the traits of the real ones."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    features = tfds.features

    def store(name, feature, splits):
        feature = features.FeaturesDict(feature)
        datasets = {
            split: tf.data.Dataset.from_generator(
                lambda examples=examples: iter(examples), output_signature=feature.get_tensor_spec()
            )
            for split, examples in splits.items()
        }
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=feature,
            split_datasets=datasets,
            data_dir=folder,
            disable_shuffling=True,
        )

    def integers(samples, rate=8000, bits=15):
        return np.round(tone(samples, rate) * 2.0**bits).astype(np.int64)

    rows = [
        {"audio": integers(100 + i), "audio/filename": name, "label": int(name[0])} for i, name in enumerate(DIGITS)
    ]
    digit = {
        "audio": features.Audio(sample_rate=8000),
        "audio/filename": features.Text(),
        "label": features.ClassLabel(names=["zero", "one"]),
    }
    store("tiny_digit", digit | {"label": features.ClassLabel(names=["0", "1"])}, {"train": rows})
    store(
        "tiny_commands",
        digit,
        {"train": [{**rows[0], "label": -1}, rows[1]], "validation": rows[2:3], "test": rows[-1:]},
    )
    words = features.Sequence(features.ClassLabel(names=["no", "yes"]))
    store(
        "tiny_yes_no",
        {"audio": features.Audio(sample_rate=8000), "label": words},
        {"train": [{"audio": integers(200), "label": [1, 0, 1]}, {"audio": integers(0), "label": [1]}]},
    )
    speech = {"speech": features.Audio(sample_rate=16000), "text": features.Text()}
    said = {"speech": integers(16000, 16000), "text": "A  SMALL\nHOUSE"}
    empty = {"speech": integers(10), "text": " "}
    splits = {"dev_clean": [said], "test_clean": [said, empty], "test_other": [empty], "train_clean100": [said] * 3}
    store("tiny_librispeech", speech, {**splits, "train_clean360": [empty], "odd": [said]})
    stereo = np.stack([integers(500), np.zeros(500, np.int64)], axis=1)
    store(
        "tiny_stereo",
        {"audio": features.Audio(shape=(None, 2), sample_rate=8000), "text": features.Text()},
        {"train": [{"audio": stereo, "text": "one"}]},
    )
    store(
        "tiny_wide",
        {
            "audio": features.Audio(sample_rate=8000),
            "text": features.Text(),
            "other": features.Tensor(shape=(None,), dtype=np.int64),
        },
        {
            "train": [
                {"audio": integers(n, bits=31) // scale, "text": "one", "other": [1]}
                for n, scale in ((500, 1), (400, 2**20))
            ]
        },
    )
    return str(folder)


def read(data_dir, name, files, **options):
    return files.read(name, ReadOptions(data_dir=data_dir, **options))


def labels(dataset, key="label"):
    return {split: [example[key] for example in examples] for split, examples in dataset.splits.items()}


def test_digits_have_the_test_split_of_their_authors(data_dir):
    dataset = read(data_dir, "tiny_digit", TfdsAudio(label="label"))
    assert {split: len(examples) for split, examples in dataset.splits.items()} == {"train": 28, "test": 20}
    tested = [i for i, name in enumerate(DIGITS) if int(name.split("_")[2][:-4]) < 5]
    assert [len(example["audio"]) - 100 for example in dataset.splits["test"]] == tested
    assert labels(dataset)["test"] == [DIGITS[i][0] for i in tested]
    assert dataset.notes == [
        "test split: recordings 0 to 4 of each label and speaker, 20 sounds, as the free spoken digit data set has it"
    ]
    both = read(data_dir, "tiny_digit", TfdsAudio(text="label", label="label")).splits["test"][0]
    assert (both["text"], both["label"]) == ("0", "0")


def test_splits_that_are_there_stay(data_dir):
    dataset = read(data_dir, "tiny_commands", TfdsAudio(label="label"))
    assert labels(dataset) == {"train": ["zero"], "validation": ["zero"], "test": ["one"]}
    assert dataset.notes == ["dropped 1 empty or unlabelled train example"]


def test_words_of_a_sequence_are_a_text(data_dir):
    dataset = read(data_dir, "tiny_yes_no", TfdsAudio(text="label"))
    assert labels(dataset, "text") == {"train": ["yes no yes"]}
    audio = dataset.splits["train"][0]["audio"]
    assert audio.dtype == np.int16
    assert np.abs(as_float(audio) - tone(200)).max() < 4e-5
    assert dataset.notes == ["dropped 1 empty or unlabelled train example"]


def test_the_first_split_of_each_kind(data_dir):
    dataset = read(data_dir, "tiny_librispeech", TfdsAudio("speech", text="text"))
    assert labels(dataset, "text") == {
        "validation": ["A SMALL HOUSE"],
        "test": ["A SMALL HOUSE"],
        "train": ["A SMALL HOUSE"] * 3,
    }
    assert dataset.notes == [
        "dropped 1 empty or unlabelled test_clean example",
        "splits of tfds:tiny_librispeech/1.0.0 that are not used: test_other, train_clean360, odd",
    ]


def test_another_rate(data_dir):
    for options, sample_rate in (({}, 8000), ({"sample_rate": 4000}, 4000), ({"sample_rate": 16000}, 16000)):
        dataset = read(data_dir, "tiny_librispeech", TfdsAudio("speech", text="text"), **options)
        audio = dataset.splits["test"][0]["audio"]
        assert audio.dtype == np.int16
        assert audio.shape == (sample_rate,)
        inner = slice(200, -200)
        assert np.abs(as_float(audio) - tone(sample_rate, sample_rate))[inner].max() < 2e-3


def test_a_source_of_a_task(data_dir):
    sources = Sources(dict, None, tfds={"tiny_librispeech": TfdsAudio("speech", text="text")})
    task = SimpleNamespace(name="speech", targets=None, sources=sources)
    options = ReadOptions(data_dir=data_dir, sample_rate=4000)
    dataset = open_source(task, "tfds:tiny_librispeech", options)
    assert {split: len(examples) for split, examples in dataset.splits.items()} == {
        "train": 3,
        "validation": 1,
        "test": 1,
    }
    assert len(dataset.splits["test"][0]["audio"]) == 4000


def test_channels_and_wider_integers(data_dir):
    (example,) = read(data_dir, "tiny_stereo", TfdsAudio(text="text")).splits["train"]
    assert np.abs(as_float(example["audio"]) - tone(500) / 2).max() < 5e-5
    loud, quiet = read(data_dir, "tiny_wide", TfdsAudio(text="text")).splits["train"]
    assert np.abs(as_float(loud["audio"]) - tone(500)).max() < 5e-5
    # As wide as the loudest of all: on its own it would pass for 16 bits.
    assert np.abs(quiet["audio"]).max() <= 1


def test_features_that_do_not_fit(data_dir):
    told = {"text": "other"}
    for name, files, features, message in (
        ("tiny_digit", TfdsAudio(label="lable"), {}, r"no feature 'lable' for label\. Did you mean 'label'"),
        ("tiny_digit", TfdsAudio(label="label"), {"text": "label"}, r"--features text=label: unknown role 'text'\."),
        ("tiny_digit", TfdsAudio("label", text="label"), {}, "does not tell the sample rate of label"),
        (
            "tiny_digit",
            TfdsAudio(label="audio"),
            {},
            "the label must be a text, a class label or a sequence of them: audio",
        ),
        (
            "tiny_wide",
            TfdsAudio(text="text"),
            told,
            "the text must be a text, a class label or a sequence of them: other",
        ),
    ):
        with pytest.raises(UsageError, match=message):
            read(data_dir, name, files, features=features)
    assert (
        labels(read(data_dir, "tiny_digit", TfdsAudio(label="x"), features={"label": "audio/filename"}))["train"]
        == DIGITS
    )
    with pytest.raises(ValueError, match="the text or with the label"):
        TfdsAudio()
    assert TfdsAudio(text="a").usage == "audio=FEATURE,text=FEATURE"
