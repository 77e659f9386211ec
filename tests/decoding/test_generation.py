import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from seqtasks.decoding.generation import Wishes, generate
from seqtasks.decoding.scoring import log_probabilities, targets_of

from .conftest import END, SYMBOLS, filtered, ragged

PROMPTS = [[3], [], [4, 4, 3, 4], [3, 3], [1, 4]]
FILTERS = {
    "plain": {},
    "warm": {"temperature": 1.5},
    "top_k": {"top_k": 2},
    "top_p": {"top_p": 0.75, "temperature": 2.0},
}
_KINDS = {"temperature": tf.float32, "top_k": tf.int32, "top_p": tf.float32, "max_length": tf.int32, "seed": tf.int32}


@pytest.fixture(scope="session")
def go_on(language):
    """Goes on from prompts: `go_on(prompts, allow_unknown=False, **wishes)`, one wish for all rows or one each."""
    rows = tf.RaggedTensorSpec([None, None], tf.int32, ragged_rank=1)
    wishes_of = Wishes(**{name: tf.TensorSpec([None], kind) for name, kind in _KINDS.items()})

    def compiled(allow_unknown):
        return tf.function(
            lambda prompt, wishes: generate(language.model, prompt, wishes, allow_unknown),
            input_signature=[rows, wishes_of],
            autograph=False,
        )

    functions = {allow_unknown: compiled(allow_unknown) for allow_unknown in (False, True)}

    def go_on(prompts, allow_unknown=False, **wishes):
        wishes = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "max_length": 12, "seed": 0, **wishes}
        wishes = {name: tf.cast(np.broadcast_to(wishes[name], len(prompts)), kind) for name, kind in _KINDS.items()}
        return functions[allow_unknown](ragged(prompts), Wishes(**wishes))

    return go_on


def texts_of(found):
    """Returns what was added to each row, `<EOS>` included, without the padding."""
    return [[i for i in row if i] for row in found.ids.numpy().tolist()]


def outcomes(language, allow_unknown, prompt, steps, **wishes):
    """Returns the probability of everything that may be added in some steps."""
    barred = [0] if allow_unknown else [0, 1]
    found, growing = {}, {(): 1.0}
    for _ in range(steps):
        texts = list(growing)
        after = {}
        for text, shares in zip(texts, language.next_of([[*prompt, *text] for text in texts]), strict=True):
            logs = np.log(shares)
            logs[barred] = -np.inf
            for symbol, share in enumerate(filtered(logs, **wishes)):
                after[*text, symbol] = growing[text] * share
        found |= {text: share for text, share in after.items() if text[-1] == END}
        growing = {text: share for text, share in after.items() if text[-1] != END and share}
    return found | growing


@pytest.mark.parametrize("allow_unknown", [False, True])
@pytest.mark.parametrize("name", FILTERS)
def test_texts_come_as_often_as_they_are_likely(language, go_on, name, allow_unknown):
    count, prompt = 4000, [3, 4]
    wanted = outcomes(language, allow_unknown, prompt, 2, **FILTERS[name])
    assert sum(wanted.values()) == pytest.approx(1)
    found = texts_of(go_on([prompt] * count, allow_unknown, max_length=2, seed=range(count), **FILTERS[name]))
    observed = dict.fromkeys(wanted, 0)
    for text in map(tuple, found):
        observed[text] += 1
    assert not any(observed[text] for text, share in wanted.items() if share == 0)
    likely = [text for text, share in wanted.items() if share * count >= 5]
    rare = [text for text in wanted if text not in likely]
    expected = [count * wanted[text] for text in likely] + [count * sum(wanted[text] for text in rare)]
    seen = [observed[text] for text in likely] + [sum(observed[text] for text in rare)]
    if not expected[-1]:
        expected, seen = expected[:-1], seen[:-1]
    assert len(likely) > 2
    assert stats.chisquare(seen, expected).pvalue > 1e-3
    assert any(1 in text for text in found) == (allow_unknown and any(1 in text for text in likely))


@pytest.mark.parametrize("temperature", [1e-30, 100.0, 1e30])
def test_neither_padding_nor_unknown_come_at_any_temperature(go_on, temperature):
    found = go_on([[]] * 300, temperature=temperature, seed=range(300), max_length=20)
    for text in texts_of(found):
        assert set(text) <= {2, 3, 4}
        assert len(text) == 20 or text[-1] == END


def test_no_temperature_takes_the_likeliest(language, go_on):
    found = go_on(PROMPTS, temperature=0, max_length=6, seed=range(5))
    for prompt, text in zip(PROMPTS, texts_of(found), strict=True):
        for place, symbol in enumerate(text):
            shares = language.next_of([[*prompt, *text[:place]]])[0]
            assert symbol == 2 + shares[2:].argmax()


@pytest.mark.parametrize("wishes", [{}, {"temperature": 0}, {"top_k": 2, "temperature": 3}, {"top_p": 0.6}])
def test_rows_go_on_together_as_alone(go_on, wishes):
    seeds, lengths = np.array([5, 5, 6, 7, 8]), np.array([12, 0, 3, 1, 9])
    together = go_on(PROMPTS, seed=seeds, max_length=lengths, **wishes)
    for i, prompt in enumerate(PROMPTS):
        alone = go_on([prompt], seed=seeds[i], max_length=lengths[i], **wishes)
        assert texts_of(alone)[0] == texts_of(together)[i]
        assert alone.ids.shape == (1, lengths[i])
        assert alone.finished[0] == together.finished[i]
        np.testing.assert_allclose(alone.log_probability[0], together.log_probability[i], atol=1e-5)


@pytest.mark.parametrize("wishes", [{}, {"temperature": 3.0, "top_k": 3}, {"temperature": 0}])
def test_the_log_probability_is_the_text_s_without_the_prompt_s(language, go_on, wishes):
    def scores(rows):
        targets = ragged(rows)
        inputs, _ = targets_of(targets, ends=False)
        return tf.reduce_sum(log_probabilities(language.model, inputs, targets), axis=1)

    prompts = PROMPTS * 4
    found = go_on(prompts, seed=range(20), allow_unknown=True, **wishes)
    wholes = [[*prompt, *text] for prompt, text in zip(prompts, texts_of(found), strict=True)]
    np.testing.assert_allclose(found.log_probability, scores(wholes) - scores(prompts), atol=1e-4)


def test_a_text_ends_with_its_mark_or_its_length(go_on):
    lengths = np.arange(60) % 6 + 1
    found = go_on([[]] * 60, seed=range(60), max_length=lengths)
    finished = found.finished.numpy()
    assert 0 < finished.sum() < 60
    for text, length, ended, row in zip(texts_of(found), lengths, finished, found.ids.numpy().tolist(), strict=True):
        assert text == row[: len(text)]
        assert (text[-1] == END) == ended
        assert END not in text[:-1]
        assert len(text) <= length
        assert ended or len(text) == length


def test_a_longer_text_begins_as_the_shorter_one(go_on):
    seeds = range(30)
    longest = go_on([[]] * 30, seed=seeds, max_length=80, temperature=2.0)
    for length in (1, 7, 65):
        shorter = go_on([[]] * 30, seed=seeds, max_length=length, temperature=2.0)
        np.testing.assert_array_equal(shorter.ids, longest.ids[:, :length])


def test_the_seed_decides(go_on):
    texts = [texts_of(go_on([[3]], seed=seed, temperature=2.0))[0] for seed in (1, 1, -1, *range(2, 12))]
    assert texts[0] == texts[1]
    assert len(set(map(tuple, texts))) > 2


@pytest.mark.parametrize("length", [0, -3, [0, -1, 0, 0, -5]])
def test_nothing_is_added(go_on, length):
    found = go_on(PROMPTS, max_length=length)
    assert found.ids.shape == (5, 0)
    assert not found.log_probability.numpy().any()
    assert not found.finished.numpy().any()


def test_no_rows(go_on):
    found = go_on([])
    assert found.ids.shape == (0, 0)
    assert found.log_probability.shape == found.finished.shape == (0,)


def test_the_enumeration_is_of_all_texts(language):
    everything = outcomes(language, True, [], 3)
    letters = [symbol for symbol in SYMBOLS if symbol not in (0, END)]
    ended = {(*text, END) for n in range(3) for text in itertools.product(letters, repeat=n)}
    assert {text for text, share in everything.items() if share} == ended | set(itertools.product(letters, repeat=3))
