import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.metrics import BaseAccuracy, GeneF1

labels = st.sampled_from("NEIei")
sequences = st.lists(st.lists(st.tuples(labels, labels), max_size=30), max_size=4)


def test_a_gene_counts_when_all_its_exons_and_its_strand_are_right():
    references = ["NEEIIEENeeN", "EEEN"]
    predictions = ["NEEIIENNeeN", "eeeN"]
    scores = GeneF1()(references, predictions)
    # One of three genes is right; of four exons the first of the first gene too.
    assert scores["gene_f1"] == scores["gene_precision"] == scores["gene_recall"] == pytest.approx(1 / 3)
    assert scores["exon_f1"] == scores["exon_precision"] == scores["exon_recall"] == pytest.approx(2 / 4)


def test_precision_and_recall():
    scores = GeneF1()(["ENEIENNN"], ["ENNNNNNe"])
    assert (scores["gene_precision"], scores["gene_recall"]) == (1 / 2, 1 / 2)
    assert (scores["exon_precision"], scores["exon_recall"]) == (1 / 2, 1 / 3)
    assert scores["exon_f1"] == pytest.approx(0.4)


def test_the_same_exon_of_two_sequences_counts_twice():
    assert GeneF1()(["NEN", "NEN"], ["NEN", "NNN"])["exon_recall"] == 0.5


def test_no_genes_at_all_score_zero():
    assert set(GeneF1()(["NN", ""], ["NI", ""]).values()) == {0}
    assert set(GeneF1()([], []).values()) == {0}


@given(sequences)
def test_every_score_is_a_share_and_the_truth_is_perfect(pairs):
    references = [[a for a, _ in sequence] for sequence in pairs]
    predictions = [[b for _, b in sequence] for sequence in pairs]
    assert all(0 <= score <= 1 for score in GeneF1()(references, predictions).values())
    as_strings = ["".join(sequence) for sequence in references], ["".join(sequence) for sequence in predictions]
    assert GeneF1()(*as_strings) == GeneF1()(references, predictions)
    assert BaseAccuracy()(*as_strings) == BaseAccuracy()(references, predictions)
    perfect = GeneF1()(references, references)
    assert set(perfect.values()) == {float(any(label in "Ee" for sequence in references for label in sequence))}
    exact = sum(a == b for sequence in pairs for a, b in sequence)
    total = sum(map(len, pairs))
    assert BaseAccuracy()(references, predictions)["base_accuracy"] == pytest.approx(exact / total if total else 0)


@given(sequences)
def test_the_report_agrees_with_scikit_learn(pairs):
    from sklearn.metrics import f1_score

    references = [a for sequence in pairs for a, _ in sequence]
    predictions = [b for sequence in pairs for _, b in sequence]
    rows = [line.split() for line in BaseAccuracy().report([references], [predictions]).splitlines()[1:-1]]
    known = [row[0] for row in rows]
    assert known == [label for label in "NEIei" if label in references or label in predictions]
    expected = f1_score(references, predictions, labels=known, average=None, zero_division=0) if rows else []
    assert [float(row[3]) for row in rows] == pytest.approx(list(expected), abs=1e-4)


def test_reports():
    lines = BaseAccuracy().report(["NNEE"], ["NNEe"]).splitlines()
    assert [line.split()[0] for line in lines] == ["label", "N", "E", "e", "base"]
    assert lines[2].split() == ["E", "1.0000", "0.5000", "0.6667", "2"]
    assert lines[-1] == "base accuracy 0.7500"
    lines = GeneF1().report(["NNEE"], ["NNEE"]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["gene", "1.0000", "1.0000", "1.0000", "1"],
        ["exon", "1.0000", "1.0000", "1.0000", "1"],
    ]


@pytest.mark.parametrize("metric", [BaseAccuracy(), GeneF1()])
def test_lengths_that_disagree_are_refused(metric):
    for score in (metric, metric.report):
        with pytest.raises(ValueError, match="sequence 1 has 2 tags but 1 were predicted"):
            score(["N", "NN"], ["N", "N"])
        with pytest.raises(ValueError, match="as many predictions as references"):
            score(["N"], [])
