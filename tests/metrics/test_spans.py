import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.metrics import SpanF1, TokenAccuracy

tags = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
sentences = st.lists(st.lists(st.tuples(tags, tags), max_size=8), max_size=5)


def test_a_span_counts_only_when_type_start_and_end_are_right():
    references = [["B-PER", "I-PER", "O", "B-LOC"], ["B-PER", "O"], ["B-LOC", "I-LOC"]]
    predictions = [["B-PER", "I-PER", "O", "B-PER"], ["B-PER", "I-PER"], ["B-LOC", "I-LOC"]]
    scores = SpanF1()(references, predictions)
    # Two of four spans are right: the wrong ones have another type, and another end.
    assert scores["span_precision"] == scores["span_recall"] == scores["span_f1"] == 0.5
    assert scores["span_f1/LOC"] == pytest.approx(2 / 3)
    assert scores["span_precision/PER"] == pytest.approx(1 / 3)
    assert scores["span_recall/PER"] == pytest.approx(1 / 2)


def test_a_lone_inside_tag_opens_a_span_as_conlleval_has_it():
    assert SpanF1()([["O", "B-PER", "I-PER"]], [["O", "I-PER", "I-PER"]])["span_f1"] == 1


def test_spans_do_not_join_across_sentences():
    assert SpanF1()([["B-PER"], ["I-PER"]], [["B-PER"], ["B-PER"]])["span_f1"] == 1


def test_no_spans_at_all_score_zero():
    assert SpanF1()([["O", "O"], []], [["O", "O"], []]) == {"span_f1": 0, "span_precision": 0, "span_recall": 0}


@given(sentences)
def test_agrees_with_seqevals_own_scores(pairs):
    import warnings

    from seqeval.metrics import f1_score, precision_score, recall_score

    references = [[a for a, _ in sentence] for sentence in pairs]
    predictions = [[b for _, b in sentence] for sentence in pairs]
    scores = SpanF1()(references, predictions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key, function in (
            ("span_f1", f1_score),
            ("span_precision", precision_score),
            ("span_recall", recall_score),
        ):
            expected = function(references, predictions) if any(references) else 0
            assert scores[key] == pytest.approx(float(expected))


@given(sentences)
def test_the_truth_is_perfect_and_every_score_is_a_share(pairs):
    references = [[a for a, _ in sentence] for sentence in pairs]
    predictions = [[b for _, b in sentence] for sentence in pairs]
    assert all(0 <= score <= 1 for score in SpanF1()(references, predictions).values())
    perfect = SpanF1()(references, references)
    assert perfect["span_f1"] == float(any(tag != "O" for sentence in references for tag in sentence))


def test_report_has_a_line_for_each_type_and_one_for_all():
    lines = SpanF1().report([["B-PER", "O", "B-LOC"]], [["B-PER", "O", "O"]]).splitlines()
    assert [line.split()[0] for line in lines] == ["type", "LOC", "PER", "all"]
    assert lines[1].split()[1:] == ["0.0000", "0.0000", "0.0000", "1"]
    assert lines[2].split()[1:] == ["1.0000", "1.0000", "1.0000", "1"]


@pytest.mark.parametrize("metric", [SpanF1(), TokenAccuracy()])
def test_lengths_that_disagree_are_refused(metric):
    with pytest.raises(ValueError, match="sequence 1 has 2 tags but 1 were predicted"):
        metric([["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="as many predictions as references"):
        metric([["O"]], [])


def test_token_accuracy_counts_tokens_not_sentences():
    assert TokenAccuracy()([["A", "B", "C"], ["A"]], [["A", "B", "A"], ["B"]]) == {"token_accuracy": 0.5}
    assert TokenAccuracy()([[]], [[]]) == {"token_accuracy": 0}
