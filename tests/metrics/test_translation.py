import math

import pytest

from seqtasks.metrics import Bleu, ChrF, ExactMatch

REFERENCES = ["The cat sat on the mat.", "Hello, world!"]


def test_perfect_translations():
    for metric, name, best in ((Bleu(), "bleu", 100), (ChrF(), "chrf", 100), (ExactMatch(), "exact_match", 1)):
        assert metric(REFERENCES, REFERENCES) == pytest.approx({name: best})


def test_bleu_by_hand():
    # Of 7 tokens 6 are right, of 6 pairs 4, of 5 triples 3, of 4 fours 2; the lengths agree.
    scores = Bleu()(["the cat sat on the mat."], ["the dog sat on the mat."])
    assert scores["bleu"] == pytest.approx(100 * math.exp(math.fsum(map(math.log, (6 / 7, 4 / 6, 3 / 5, 2 / 4))) / 4))


def test_short_translations_pay_for_their_brevity():
    # What is there is right: 5 tokens of 7.
    scores = Bleu()(["the cat sat on the mat."], ["the cat sat on the"])
    assert scores["bleu"] == pytest.approx(100 * math.exp(1 - 7 / 5))


def test_bleu_is_of_the_corpus_not_a_mean_of_sentences():
    sentences = [Bleu()([a], [b])["bleu"] for a, b in zip(REFERENCES, [REFERENCES[0], "Good morning!"], strict=True)]
    assert Bleu()(REFERENCES, [REFERENCES[0], "Good morning!"])["bleu"] != pytest.approx(sum(sentences) / 2, abs=1)


def test_chrf_gives_credit_for_parts_of_words():
    near, far = (ChrF()(["cats"], [word])["chrf"] for word in ("cat", "dog"))
    assert 50 < near < 100
    assert far == 0


def test_exact_match_is_exact():
    assert ExactMatch()(["a", "b", "c", "d"], ["a", "b ", "C", "d"]) == {"exact_match": 0.5}
    assert ExactMatch().report(["a", "b"], ["a", ""]) == "exact match 0.5000 (1 of 2)"


def test_reports_bear_the_signature():
    bleu, chrf = Bleu().report(REFERENCES, REFERENCES), ChrF().report(REFERENCES, REFERENCES)
    assert bleu.startswith("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert " = 100.00 100.0/100.0/100.0/100.0 (BP = 1.000 " in bleu
    assert chrf.startswith("chrF2|nrefs:1|case:mixed|")
    assert chrf.endswith(" = 100.00")
    assert "\n" not in bleu + chrf


def test_texts_that_look_tokenized_are_scored_without_a_word(caplog, capsys):
    texts = ["a small house ."] * 200
    assert Bleu()(texts, texts)["bleu"] == pytest.approx(100)
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("metric", "name"), [(Bleu(), "bleu"), (ChrF(), "chrf"), (ExactMatch(), "exact_match")])
def test_nothing_to_score(metric, name):
    assert metric([], []) == {name: 0}
    assert metric.report([], [])
    assert metric(REFERENCES, ["", ""])[name] == 0


@pytest.mark.parametrize("metric", [Bleu(), ChrF(), ExactMatch()])
def test_lengths_that_disagree_are_refused(metric):
    with pytest.raises(ValueError, match=r"shorter|as many predictions as references are needed\. Received: 0, 1"):
        metric(["a"], [])
