from seqtasks.data.blimp import as_the_model_writes

PAIRS = [{"good": "The cats, Ada says, sleep.", "bad": "The cats, Ada says, sleeps.", "paradigm": "agreement"}]


class Predictor:
    """Knows some words and tells which."""

    def __init__(self, *words):
        self.words = words

    def score(self, texts):
        return [{"tokens": [text if text in self.words else "<UNK>", "<EOS>"]} for text in texts]


def test_raw_texts_stay_as_they_are():
    assert as_the_model_writes(PAIRS, Predictor("the", "The"), cut=False) == PAIRS
    # What knows neither is asked as it is.
    assert as_the_model_writes(PAIRS, Predictor(), cut=False) == PAIRS


def test_texts_for_a_model_of_lower_cased_words_that_are_cut():
    (pair,) = as_the_model_writes(PAIRS, Predictor("the"), cut=True)
    assert pair == {**PAIRS[0], "good": "the cats , ada says , sleep .", "bad": "the cats , ada says , sleeps ."}
