import math

import pytest

from seqtasks.data.language import SequenceScore
from seqtasks.metrics.perplexity import Perplexity


def test_even_odds_are_as_perplexing_as_there_are_choices():
    scores = Perplexity()(None, [SequenceScore(3 * math.log(1 / 8), 3), SequenceScore(math.log(1 / 8), 1)])
    assert scores == pytest.approx(
        {"perplexity": 8, "nats": math.log(8), "bits": 3, "log_likelihood": -math.log(8)}, rel=1e-12
    )


def test_the_mean_is_over_symbols_not_over_texts():
    scores = Perplexity()(None, [SequenceScore(-1.0, 1), SequenceScore(-9.0, 3), SequenceScore(0.0, 0)])
    assert scores["nats"] == 10 / 4
    assert scores["perplexity"] == math.exp(2.5)


@pytest.mark.parametrize("surprise", [5e4, math.inf])
def test_a_hopeless_model_is_infinitely_perplexed(surprise):
    scores = Perplexity()(None, [SequenceScore(-surprise, 2)])
    assert scores["perplexity"] == math.inf
    assert scores["nats"] == surprise / 2


def test_a_model_that_is_no_number_does_not_look_like_one():
    assert math.isnan(Perplexity()(None, [SequenceScore(math.nan, 2)])["perplexity"])


def test_no_symbols():
    assert Perplexity()(None, []) == {"perplexity": 1, "nats": 0, "bits": 0, "log_likelihood": 0}
    assert "0 symbols" in Perplexity().report(None, [])


def test_the_report_is_one_line():
    report = Perplexity().report(None, [SequenceScore(-2000 * math.log(2), 1000)])
    assert report == "perplexity 4.0000 (2.0000 bits each of 1,000 symbols)"
