import dataclasses

import pytest

from seqtasks.data.blimp import read_blimp
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds import read
from seqtasks.data.tfds_features import WIKI40B_MARKUP, TfdsPlainText, TfdsTags, TfdsText
from seqtasks.errors import DataError, UsageError


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Small data sets written by TFDS itself, with the traits of the real ones."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    features = tfds.features

    def store(name, feature, splits):
        def split(examples):
            spec = tf.nest.map_structure(lambda info: tf.TensorSpec(info.shape, info.dtype), feature.get_tensor_info())
            return tf.data.Dataset.from_generator(lambda: iter(examples), output_signature=spec)

        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=feature,
            split_datasets={key: split(examples) for key, examples in splits.items()},
            data_dir=folder,
            disable_shuffling=True,
        )

    tags = features.Sequence(features.ClassLabel(names=["O", "B-X", "I-X"]))
    sentence = features.FeaturesDict({"tokens": features.Sequence(features.Text()), "ner": tags, "pos": tags})
    rows = [
        {"tokens": ["a", "é"], "ner": [1, 2], "pos": [0, 1]},
        {"tokens": ["b"], "ner": [2], "pos": [0]},
        {"tokens": tf.zeros([0], tf.string), "ner": tf.zeros([0], tf.int64), "pos": tf.zeros([0], tf.int64)},
    ]
    store("tiny_tags", sentence, {"train": rows, "dev": rows, "test": rows[::2]})
    texts = features.FeaturesDict(
        {"text": features.Text(), "label": features.ClassLabel(names=["neg", "pos"]), "stars": tf.int32}
    )
    film = [{"text": "good", "label": 1, "stars": 5}, {"text": "bad", "label": 0, "stars": 1}]
    no_label = [{"text": "hm", "label": -1, "stars": -1}]
    store("tiny_texts", texts, {"train": film + no_label, "test": no_label, "unsupervised": no_label})
    wiki = "\n_START_ARTICLE_\nA b\n_START_SECTION_\nC\n_START_PARAGRAPH_\nOne  two._NEWLINE_Three."
    plain = features.FeaturesDict({"text": features.Text()})
    store("tiny_plain", plain, {"train": [{"text": wiki}, {"text": " \n"}, {"text": " a\r\n\tb \n"}]})
    return str(folder)


def test_tags(data_dir):
    dataset = read("tiny_tags", TfdsTags(), ReadOptions(data_dir=data_dir))
    assert dataset.splits == {
        "train": [
            {"tokens": ["a", "é"], "tags": ["B-X", "I-X"], "pos": ["O", "B-X"]},
            {"tokens": ["b"], "tags": ["B-X"], "pos": ["O"]},
        ],
        "validation": dataset.splits["train"],
        "test": dataset.splits["train"][:1],
    }
    assert dataset.source == "tfds:tiny_tags/1.0.0"
    assert "dropped 1 empty or unlabelled dev example" in dataset.notes
    assert "2 tags that begin a span with I- now begin it with B-" in dataset.notes


def test_plain_tags(data_dir):
    options = ReadOptions(data_dir=data_dir, features={"tags": "pos"}, scheme="plain")
    dataset = read("tiny_tags", TfdsTags(further=()), options)
    assert dataset.splits["train"][0] == {"tokens": ["a", "é"], "tags": ["O", "B-X"]}


def test_texts(data_dir):
    dataset = read("tiny_texts", TfdsText(), ReadOptions(data_dir=data_dir))
    assert dataset.splits == {"train": [{"text": "good", "label": "pos"}, {"text": "bad", "label": "neg"}]}
    assert "split unsupervised of tfds:tiny_texts/1.0.0 is not used" in dataset.notes


def test_plain_integers_as_labels(data_dir):
    dataset = read("tiny_texts", TfdsText(), ReadOptions(data_dir=data_dir, features={"label": "stars"}))
    assert [example["label"] for example in dataset.splits["train"]] == ["5", "1"]


def test_plain_texts_stay_as_they_are(data_dir):
    dataset = read("tiny_plain", TfdsPlainText(), ReadOptions(data_dir=data_dir))
    article, other = dataset.splits["train"]
    assert article["text"].startswith("\n_START_ARTICLE_\nA b\n")
    assert other == {"text": " a\r\n\tb \n"}
    assert dataset.notes == ["dropped 1 empty or unlabelled train example"]


def test_markup_becomes_line_breaks(data_dir):
    dataset = read("tiny_plain", TfdsPlainText(markup=WIKI40B_MARKUP), ReadOptions(data_dir=data_dir))
    assert dataset.splits == {"train": [{"text": "A b\nC\nOne  two.\nThree."}, {"text": "a\r\n\tb"}]}


def test_plain_texts_of_labelled_ones(data_dir):
    dataset = read("tiny_texts", TfdsPlainText("sentence"), ReadOptions(data_dir=data_dir, features={"text": "text"}))
    assert dataset.splits == {
        "train": [{"text": "good"}, {"text": "bad"}, {"text": "hm"}],
        "test": [{"text": "hm"}],
    }


def test_wrong_features(data_dir):
    with pytest.raises(UsageError, match=r"tiny_texts/1\.0\.0 has no feature 'txt' for text\. Did you mean 'text'\?"):
        read("tiny_texts", TfdsText(text="txt"), ReadOptions(data_dir=data_dir))
    with pytest.raises(UsageError, match=r"unknown role 'labels'\. Did you mean 'label'\?"):
        read("tiny_texts", TfdsText(), ReadOptions(data_dir=data_dir, features={"labels": "label"}))


def test_features_of_the_wrong_kind(data_dir):
    with pytest.raises(UsageError, match="the text must be a string and the label a single value"):
        read("tiny_tags", TfdsText(text="tokens", label="ner"), ReadOptions(data_dir=data_dir))
    with pytest.raises(UsageError, match="tokens and tags must be sequences"):
        read("tiny_texts", TfdsTags(tokens="text", tags="label"), ReadOptions(data_dir=data_dir))
    for name, feature in (("tiny_texts", "label"), ("tiny_tags", "tokens")):
        with pytest.raises(UsageError, match="the text must be a string"):
            read(name, TfdsPlainText(text=feature), ReadOptions(data_dir=data_dir))


def test_data_dir_comes_from_the_environment(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", data_dir)
    assert len(read("tiny_texts", TfdsText(), ReadOptions()).splits["train"]) == 2


def test_unknown_builder(tmp_path):
    with pytest.raises(UsageError, match=r"tfds:imdb_review: no such builder.*Did you mean 'imdb_reviews'"):
        read("imdb_review", TfdsText(), ReadOptions(data_dir=str(tmp_path)))
    with pytest.raises(UsageError, match=r"tfds:glue/sst3: no such configuration.* Did you mean 'sst2'"):
        read("glue/sst3", TfdsText(), ReadOptions(data_dir=str(tmp_path)))
    with pytest.raises(UsageError, match=r"tfds:blimp/wh_iland: no such configuration.* Did you mean 'wh_island'"):
        read_blimp(["wh_iland"], str(tmp_path))


def test_failed_preparation_is_one_clear_line(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def fail(self, **_):
        print("chatter")
        raise ModuleNotFoundError("No module named 'conllu'\nmore")

    monkeypatch.setattr("seqtasks.data.tfds._has_network", lambda: True)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(DataError, match=r"not prepared in .*'conllu'\. Give a folder.*--data-dir") as error:
        read("trec", TfdsText(label="label-coarse"), ReadOptions(data_dir=str(tmp_path)))
    assert "\n" not in str(error.value)


def test_adapters_are_plain_values():
    assert dataclasses.replace(TfdsText(), text="sentence") == TfdsText(text="sentence")


def test_without_a_network_nothing_is_tried(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def no_name(*_):
        raise OSError("Name or service not known")

    def download(*_, **__):
        raise AssertionError("TFDS tries for minutes")

    monkeypatch.setattr("socket.getaddrinfo", no_name)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", download)
    with pytest.raises(DataError, match=r"conll2003 is not prepared in .*no network.*--data-dir"):
        read("conll2003", TfdsTags(), ReadOptions(data_dir=str(tmp_path)))
