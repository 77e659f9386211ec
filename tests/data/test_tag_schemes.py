import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.tag_schemes import all_to_bio, detect_scheme, to_bio
from seqtasks.errors import DataError

SPANS = st.lists(st.tuples(st.sampled_from(["O", "PER", "LOC", "A-B"]), st.integers(1, 4)), min_size=1, max_size=8)


def write(spans, scheme):
    """Writes spans, a list of (type, length), as tags of a scheme."""
    tags, before = [], "O"
    for kind, length in spans:
        if kind == "O":
            tags += ["O"] * length
        elif scheme == "BIO":
            tags += [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
        elif scheme == "IOB1":
            tags += [("B-" if before == kind else "I-") + kind] + [f"I-{kind}"] * (length - 1)
        else:
            begin, inside, end, single = {"BIOES": "BIES", "BILOU": "BILU", "BMES": "BMES", "BMEWO": "BMEW"}[scheme]
            middle = [f"{begin}-{kind}"] + [f"{inside}-{kind}"] * (length - 2) + [f"{end}-{kind}"]
            tags += [f"{single}-{kind}"] if length == 1 else middle
        before = kind
    return tags


@pytest.mark.parametrize("scheme", ["BIO", "IOB1", "BIOES", "BILOU", "BMES", "BMEWO"])
@given(spans=SPANS)
def test_conversion_preserves_spans(scheme, spans):
    assert to_bio(write(spans, scheme), scheme) == write(spans, "BIO")


@pytest.mark.parametrize("scheme", ["BIO", "IOB1", "BIOES", "BILOU", "BMES", "BMEWO"])
@given(spans=SPANS)
def test_detected_scheme_preserves_spans(scheme, spans):
    # The last sentence shows every prefix; a file without it may be read as another scheme alike.
    full = [("PER", 3), ("PER", 1), ("O", 1), ("LOC", 3)]
    sentences = [write(spans, scheme), write(full, scheme)]
    assert detect_scheme(sentences) == scheme
    assert all_to_bio(sentences)[0] == [write(spans, "BIO"), write(full, "BIO")]


@given(st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), max_size=12))
def test_faulty_tags_have_the_spans_that_seqeval_counts(tags):
    from seqeval.metrics.sequence_labeling import get_entities

    converted = all_to_bio([tags])[0][0]
    assert get_entities(converted) == get_entities(tags)
    assert to_bio(converted, "BIO") == converted


def test_a_file_of_i_only_is_iob1():
    tags = ["I-PER", "I-PER", "O", "I-LOC"]
    assert detect_scheme([tags]) == "IOB1"
    assert to_bio(tags, "IOB1") == ["B-PER", "I-PER", "O", "B-LOC"]


def test_bio_with_mistakes_is_repaired_and_counted():
    converted, note = all_to_bio([["B-PER", "O", "I-LOC"]])
    assert converted == [["B-PER", "O", "B-LOC"]]
    assert note.startswith("1 tags")


def test_plain_tags_stay():
    assert to_bio(["NOUN", "I-X"], "plain") == ["NOUN", "I-X"]


@pytest.mark.parametrize("tags", [["PER"], ["B-"], ["X-PER", "O"], ["B-PER", "L-PER", "E-PER"], ["E-PER"], ["b-PER"]])
def test_unknown_scheme(tags):
    with pytest.raises(DataError, match=r"^here\.txt:7: unknown tag scheme"):
        detect_scheme([["O"], tags], lambda sequence, token: ("here.txt", 7))
