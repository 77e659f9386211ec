from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from seqtasks.data.gene_labels import BETWEEN
from seqtasks.data.limits import Limits
from seqtasks.errors import RefusedError, UsageError
from seqtasks.sections import Bases
from seqtasks.serving.long_sequences import joined, pieces
from seqtasks.serving.predict import Predictor
from seqtasks.task import MANY_TO_MANY

RNG = np.random.default_rng(0)


def tag(text):
    """Tags A as exon and all other letters as what is between genes, surer the more letters there are."""
    letters = tf.strings.bytes_split(text)
    exon = letters.values == "A"
    starts = tf.ragged.range(tf.cast(letters.row_lengths(), tf.int32)).to_tensor()
    return {
        "tokens": letters.to_tensor(),
        "tags": letters.with_values(tf.where(exon, "E", BETWEEN)).to_tensor(),
        "scores": tf.ones_like(starts, tf.float32),
        "starts": starts,
        "ends": starts + 1,
        "length": tf.cast(letters.row_lengths(), tf.int32),
    }


def predictor(signature=tag, **options):
    return Predictor({"serving_default": signature}, MANY_TO_MANY, **options)


@pytest.mark.parametrize("length", [0, 1, 49, 50, 51, 90, 91, 130, 400])
def test_pieces_overlap_and_cover_everything(length):
    text = "A" * length
    found = pieces(text, 50)
    if length <= 50:
        assert found == [(0, length)]
        return
    assert found[0][0] == 0
    assert found[-1][1] == length
    assert all(10 < end - start <= 50 for start, end in found)
    assert all(end - start == 10 for (_, end), (start, _) in pairwise(found))


def test_what_is_no_plain_sequence_is_not_cut():
    assert pieces("ACGT ACGT", 5) == [(0, 9)]
    assert pieces("ACGTÄCGT", 5) == [(0, 8)]


def test_a_long_sequence_is_tagged_as_a_whole_one():
    texts = ["".join(RNG.choice(list("ACGT"), size)) for size in (7, 50, 123, 0, 333)]
    long, whole = predictor(piece=50).predict(texts), predictor(piece=1000).predict(texts)
    assert long == whole
    assert [one["text"] for one in long] == texts


def test_what_is_no_plain_sequence_is_tagged_as_it_was():
    (found,) = predictor(piece=5).predict(["ACG Ä東京T"])
    assert found["tags"] == predictor().predict(["ACG Ä東京T"])[0]["tags"]
    assert len(found["tags"]) == len("ACG Ä東京T".encode())


def test_pieces_are_joined_between_genes():
    """What only one piece sees as a gene, where it was cut, is the other's to tell."""
    one, other = "N" * 40 + "NNNNNNNNEE", "EENNNNNNNN" + "N" * 10
    text, spans = "A" * 60, [(0, 50), (40, 60)]
    parts = [
        {"tokens": list("A" * len(tags)), "tags": list(tags), "scores": [1.0] * len(tags)} for tags in (one, other)
    ]
    assert "".join(joined(text, spans, parts)["tags"]) == "N" * 60
    parts[1]["tags"] = list("EEEEEEEENN" + "N" * 10)
    # Nowhere in the overlap are both between genes: the middle it is.
    assert "".join(joined(text, spans, parts)["tags"]) == "N" * 45 + "EEE" + "N" * 12


def test_who_is_refused_is_the_sequence():
    limits = Limits(Bases(longest_text=40))

    @tf.function
    def limited(text):
        limits.fit(tf.strings.bytes_split(text))
        return tag(text)

    with pytest.raises(RefusedError) as caught:
        predictor(limited, piece=50).predict(["C", "A" * 80])
    assert caught.value.rows == {1: "too long: 50 bases, at most 40 are taken; send long texts in parts"}


def test_what_is_no_text_is_told():
    with pytest.raises(UsageError, match="texts, each a str"):
        predictor().predict([7])
