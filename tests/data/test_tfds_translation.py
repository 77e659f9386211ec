import json
from types import SimpleNamespace

import pytest

from seqtasks.data.sources import ReadOptions, open_source
from seqtasks.data.tfds import read
from seqtasks.data.tfds_translation import TfdsTranslation
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Sources

TATOEBA = TfdsTranslation("source_sentence", "target_sentence")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Small data sets written by TFDS itself, with the traits of the real ones."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    features = tfds.features

    def store(name, feature, splits, keys=()):
        spec = {key: tf.TensorSpec((), tf.string) for key in feature}
        datasets = {
            split: tf.data.Dataset.from_generator(lambda examples=examples: iter(examples), output_signature=spec)
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
        info = folder / name / "1.0.0" / "dataset_info.json"
        told = {"tuple": {"items": [{"featureKey": key} for key in keys]}}
        info.write_text(json.dumps(json.loads(info.read_text()) | ({"supervisedKeys": told} if keys else {})))

    rows = [{"en": "a house", "ne": "घर\n"}, {"en": " ", "ne": "क"}]
    store("tiny_flores", features.Translation(["en", "ne"]), {"validation": rows, "test": rows[:1]}, ("ne", "en"))
    texts = features.FeaturesDict({name: features.Text() for name in ("source_sentence", "target_sentence", "lang")})
    many = [{"source_sentence": f"s{i % 20}\n", "target_sentence": f"t{i}\n", "lang": "xx"} for i in range(100)]
    store("tiny_tatoeba", texts, {"train": many})
    return str(folder)


def test_the_direction_is_the_builders_own(data_dir):
    dataset = read("tiny_flores", TfdsTranslation(), ReadOptions(data_dir=data_dir))
    assert dataset.splits == {
        "validation": [{"source": "घर", "target": "a house"}],
        "test": [{"source": "घर", "target": "a house"}],
    }
    assert dataset.notes == ["dropped 1 empty or unlabelled validation example"]


def test_unless_it_is_said(data_dir):
    options = ReadOptions(data_dir=data_dir, features={"source": "en", "target": "ne"})
    turned = [{"source": "a house", "target": "घर"}]
    assert read("tiny_flores", TfdsTranslation(), options).splits["test"] == turned
    options = ReadOptions(data_dir=data_dir)
    assert read("tiny_flores", TfdsTranslation("en", "ne"), options).splits["test"] == turned


def test_a_builder_that_does_not_say_it(data_dir):
    with pytest.raises(UsageError, match=r"tiny_tatoeba/1\.0\.0 does not say which .* source: name it with --features"):
        read("tiny_tatoeba", TfdsTranslation(), ReadOptions(data_dir=data_dir))
    with pytest.raises(UsageError, match=r"tiny_flores/1\.0\.0 has no feature 'de' for target\. Known: en, ne"):
        read("tiny_flores", TfdsTranslation(), ReadOptions(data_dir=data_dir, features={"target": "de"}))


def test_all_translations_of_a_source_stay_together(data_dir):
    dataset = read("tiny_tatoeba", TATOEBA, ReadOptions(data_dir=data_dir, seed=2))
    assert {name: len(rows) for name, rows in dataset.splits.items()} == {"train": 80, "validation": 10, "test": 10}
    sources = [{example["source"] for example in examples} for examples in dataset.splits.values()]
    assert sum(map(len, sources)) == len(set().union(*sources)) == 20
    assert dataset.notes[0] == (
        "no test split: 10 examples of train held out, never a part of those with the same source (seed 2)"
    )


def test_without_train_one_can_evaluate(data_dir):
    task = SimpleNamespace(
        name="translation", targets=None, sources=Sources(dict, None, tfds={"tiny_flores": TfdsTranslation()})
    )
    dataset = open_source(task, "tfds:tiny_flores", ReadOptions(data_dir=data_dir, needed="test"))
    assert list(dataset.splits) == ["validation", "test"]
    with pytest.raises(DataError, match=r"the train split is missing or empty\. Received splits: validation, test"):
        open_source(task, "tfds:tiny_flores", ReadOptions(data_dir=data_dir))


@pytest.mark.parametrize(
    ("name", "features", "sizes"),
    [
        ("flores/neen", TfdsTranslation(), {"validation": 2559, "test": 2835}),
        ("scan/simple", TfdsTranslation(), {"train": 15_055, "validation": 1673, "test": 4182}),
        ("tatoeba/tatoeba_fr", TATOEBA, {"train": 810, "validation": 90, "test": 100}),
    ],
)
def test_real_builders(corpora, name, features, sizes):
    dataset = read(name, features, ReadOptions(data_dir=str(corpora / "tfds")))
    assert {split: len(rows) for split, rows in dataset.splits.items()} == sizes
    assert all(text == text.strip() != "" for rows in dataset.splits.values() for row in rows for text in row.values())
