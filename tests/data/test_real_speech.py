"""The loaders of speech on real corpora, where they are at hand."""

from collections import Counter

import numpy as np
import pytest

from seqtasks.data.audio import as_float
from seqtasks.data.audio_files import AudioFiles
from seqtasks.data.sources import ReadOptions
from seqtasks.data.tfds_audio import TfdsAudio


def sizes(dataset):
    return {split: len(examples) for split, examples in dataset.splits.items()}


def contents(dataset, target):
    return {
        split: Counter((example[target], example["audio"].tobytes()) for example in examples)
        for split, examples in dataset.splits.items()
    }


@pytest.mark.parametrize(
    ("folder", "name", "target", "expected"),
    [
        ("fsdd", "spoken_digit", "label", {"train": 2250, "test": 250}),
        ("yesno", "yes_no", "text", {"train": 60}),
    ],
)
def test_files_and_tfds_agree(corpora, tmp_path, folder, name, target, expected):
    files = AudioFiles(target).read(corpora / "files/speech" / folder, ReadOptions())
    assert sizes(files) == expected
    for examples in files.splits.values():
        assert all(len(example["audio"]) > 1000 and np.ptp(as_float(example["audio"])) > 0.005 for example in examples)
    data_dir = corpora / "tfds"
    if not (data_dir / name).is_dir():
        packed = corpora / "tfds_packed" / f"{name}.tar.xz"
        if not packed.is_file():
            pytest.skip(f"{name} is not there")
        import tarfile

        with tarfile.open(packed, "r:xz") as archive:
            archive.extractall(tmp_path, filter="data")
        data_dir = tmp_path
    stored = TfdsAudio(**{target: "label"}).read(name, ReadOptions(data_dir=str(data_dir)))
    assert sizes(stored) == expected
    assert contents(stored, target) == contents(files, target)


def test_the_words_of_yes_no(corpora):
    texts = [e["text"] for e in AudioFiles().read(corpora / "files/speech/yesno", ReadOptions()).splits["train"]]
    assert {len(text.split()) for text in texts} == {8}
    assert Counter(word for text in texts for word in text.split()).keys() == {"yes", "no"}
