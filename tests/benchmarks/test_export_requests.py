"""What exports are asked."""

import numpy as np
import pytest
import tensorflow as tf
from seqtasks.benchmarks.export_requests import LENGTHS, make_arguments

from seqtasks.errors import SeqtasksError
from seqtasks.sections import Clip, Sound

WORDS = ["one two three", "four five"]


def spec(shape, dtype=tf.string):
    return tf.TensorSpec(shape, dtype)


def test_texts_have_as_many_words_as_asked_for_and_rows_differ():
    found = make_arguments({"text": spec([None])}, WORDS, {}, batch=3, length="short")["text"]
    assert found.shape == (3,)
    assert found.dtype == object
    assert [len(row.split()) for row in found] == [12, 12, 12]
    assert found[0].startswith(b"one two three four five one")
    assert len(set(found)) == 3


def test_a_single_row_is_an_array_too():
    tokens = make_arguments({"tokens": spec([None, None])}, WORDS, {}, batch=1, length="short")["tokens"]
    assert tokens.shape == (1, 12)
    assert tokens[0, :2].tolist() == [b"one", b"two"]


def test_what_has_no_words_is_cut_by_letters():
    (row,) = make_arguments({"text": spec([None])}, ["ACGT", "TT"], {}, batch=1, length="short")["text"]
    assert row == b"ACGTTT" * 12


def test_a_language_model_is_told_how_much_to_write():
    specs = {"prompt": spec([None]), "temperature": spec([None], tf.float32), "max_length": spec([None], tf.int32)}
    found = make_arguments(specs, WORDS, {"temperature": 0.5, "max_length": 50}, batch=3, length="medium")
    assert found["prompt"].tolist() == [b"one two three", b"four five", b"one two three"]
    assert found["max_length"].tolist() == [40, 40, 40]
    assert found["temperature"].tolist() == [0.5, 0.5, 0.5]


def test_sounds_and_clips_are_noise_of_full_length():
    specs = {"audio": spec([None, None], tf.float32), "length": spec([None], tf.int32)}
    found = make_arguments(specs, [], {}, batch=2, length="short", inputs=Sound(sample_rate=1000))
    assert found["audio"].shape == (2, 1200)
    assert found["length"].tolist() == [1200, 1200]
    assert np.abs(found["audio"]).max() > 0
    specs = {"frames": spec([None, None, None, None, 3], tf.uint8), "length": spec([None], tf.int32)}
    found = make_arguments(specs, [], {}, batch=1, length="short", inputs=Clip(frame_size=8))
    assert (found["frames"].shape, found["frames"].dtype) == ((1, LENGTHS["short"], 8, 8, 3), np.uint8)
    assert found["length"].tolist() == [12]


def test_what_cannot_be_made_up_is_said():
    with pytest.raises(SeqtasksError, match=r"argument 'wav_bytes' cannot be made up.* --signature"):
        make_arguments({"wav_bytes": spec([None])}, WORDS, {}, batch=1, length="short")
    with pytest.raises(SeqtasksError, match=r"no text .* --file"):
        make_arguments({"text": spec([None])}, [" "], {}, batch=1, length="short")
