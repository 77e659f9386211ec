import numpy as np

from seqtasks.data.dataset import Dataset
from seqtasks.training.inspection import _data_lines


def sound(samples, **said):
    return {"audio": np.zeros(samples, np.int16), **said}


def test_sounds_are_counted_by_samples_and_transcripts_by_words():
    splits = {"train": [sound(8000, text="three seven"), sound(4000, text="no")], "test": [sound(5, text="yes")]}
    assert _data_lines(Dataset(splits, "made", ["a note"])) == [
        "  note: a note",
        "  train: 2 examples, 12,000 samples; samples an example by percentile 50%: 8000, 90%: 8000, 99%: 8000, "
        "100%: 8000",
        "    transcripts: 3 words; words an example by percentile 50%: 2, 90%: 2, 99%: 2, 100%: 2",
        "  test: 1 examples, 5 samples; samples an example by percentile 50%: 5, 90%: 5, 99%: 5, 100%: 5",
        "    transcripts: 1 words; words an example by percentile 50%: 1, 90%: 1, 99%: 1, 100%: 1",
    ]


def test_labels_of_sounds_are_counted():
    lines = _data_lines(
        Dataset({"train": [sound(10, label="no"), sound(20, label="no"), sound(5, label="yes")]}, "made")
    )
    assert len(lines) == 2
    assert lines[1] == "    labels: no 2, yes 1"
