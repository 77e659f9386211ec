import math

import pytest

import seqtasks
from seqtasks.errors import UsageError
from seqtasks.serving.language import LanguagePredictor, load_language_predictor
from seqtasks.serving.predict import Predictor, make_predictor
from seqtasks.task import MANY_TO_ONE, ONE_TO_MANY

SENTENCES = ["the dogs bark.", "the cats, they do n't sleep", "a dog and a cat sleep", "Zoë's dog barks!"]
PROMPTS = ["the dogs", "", "Zoë's café", "  ", "caf\udce9", "the " * 300]
SMALL = {
    "training.epochs": 1,
    "training.batch_size": 8,
    "training.jit_compile": False,
    "inputs.embedding_size": 8,
    "model.units": 8,
    "model.layers": 1,
}
ADDED = {"max_length": 8, "temperature": 0.9, "top_k": 8, "top_p": 0.95}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of a few sentences."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "text.txt").write_text("\n".join(SENTENCES * 10), encoding="utf-8")
    return seqtasks.run("word_lm", folder / "text.txt", output_dir=folder / "runs", settings=SMALL, quiet=True).folder


@pytest.fixture(scope="module")
def export(run):
    return seqtasks.export(run, export_dir=run.parent / "exports", verify=False)


@pytest.fixture(scope="module")
def in_memory(run):
    return load_language_predictor(run)


@pytest.fixture(scope="module")
def exported(export):
    return load_language_predictor(export)


@pytest.fixture
def loaded(monkeypatch, run, export, in_memory, exported):
    """Spares the functions the loading of the run and its export."""
    known = {run: in_memory, export: exported}
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda which, **_: known[which])


def assert_alike(here, there):
    """Asserts that answers agree: exactly but for the last digits of numbers."""
    for one, other in zip(here, there, strict=True):
        assert list(one) == list(other)
        for name, value in one.items():
            close = name in ("log_probability", "perplexity", "log_probabilities")
            assert other[name] == (pytest.approx(value, rel=1e-4, abs=1e-5) if close else value)


def test_the_same_seed_writes_the_same_in_memory_and_from_the_export(in_memory, exported):
    here, there = in_memory.generate(PROMPTS, **ADDED, seed=3), exported.generate(PROMPTS, **ADDED, seed=3)
    assert in_memory.generate(PROMPTS, **ADDED, seed=3) == here
    assert_alike(here, there)
    assert in_memory.generate(PROMPTS, **ADDED, seed=4) != here


def test_texts_are_scored_the_same_in_memory_and_from_the_export(in_memory, exported):
    assert_alike(in_memory.score(PROMPTS), exported.score(PROMPTS))


def test_generated_texts(in_memory):
    for prompt, written in zip(PROMPTS, in_memory.generate(PROMPTS, max_length=5), strict=True):
        assert list(written) == ["prompt", "text", "log_probability", "finished"]
        assert written["prompt"] == prompt
        assert written["text"].startswith(prompt)
        assert written["log_probability"] < 0
        assert type(written["finished"]) is bool
        assert "<UNK>" not in written["text"]


def test_the_next_prompt_s_seed_is_one_higher(in_memory):
    prompts = ["the dogs"] * 5
    together = [one["text"] for one in in_memory.generate(prompts, seed=7, max_length=9)]
    alone = [in_memory.generate(prompts[:1], seed=7 + i, max_length=9)[0]["text"] for i in range(5)]
    assert together == alone
    assert len(set(together)) > 1
    most = 2**31 - 1
    last, first = in_memory.generate(prompts[:2], seed=most, max_length=9)
    assert last == in_memory.generate(prompts[:1], seed=most, max_length=9)[0]
    assert first["text"]


def test_rows_of_several_batches_keep_their_order(in_memory):
    prompts = [f"{'the dogs ' * (i * 7 % 23)}bark {i}" for i in range(150)]
    assert [one["prompt"] for one in in_memory.generate(prompts, max_length=1)] == prompts
    scores = in_memory.score(prompts)
    assert [one["text"] for one in scores] == prompts
    assert scores[70]["log_probability"] == pytest.approx(
        in_memory.score([prompts[70]])[0]["log_probability"], rel=1e-4
    )


def test_nothing_to_do(in_memory, exported):
    for predictor in (in_memory, exported):
        assert predictor.generate([]) == predictor.predict([]) == predictor.score([]) == []
        (written,) = predictor.generate(["the dogs"], max_length=0)
        assert written == {"prompt": "the dogs", "text": "the dogs", "log_probability": 0.0, "finished": False}


def test_predict_goes_on_too(in_memory, run, loaded):
    assert in_memory.predict(["the dogs"]) == in_memory.generate(["the dogs"])
    assert seqtasks.predict(run, "the dogs") == in_memory.generate(["the dogs"])


def test_scores(in_memory):
    known, unknown, empty = in_memory.score(["the dogs bark.", "the wolves bark.", ""])
    assert list(known) == ["text", "log_probability", "perplexity", "length", "tokens", "log_probabilities"]
    assert known["tokens"] == ["the", "dogs", "bark", ".", "<EOS>"]
    assert unknown["tokens"] == ["the", "<UNK>", "bark", ".", "<EOS>"]
    assert empty["tokens"] == ["<EOS>"]
    for one in (known, unknown, empty):
        assert one["length"] == len(one["tokens"]) == len(one["log_probabilities"])
        assert one["log_probability"] == pytest.approx(sum(one["log_probabilities"]), rel=1e-5)
        assert one["perplexity"] == pytest.approx(math.exp(-one["log_probability"] / one["length"]), rel=1e-4)


def test_functions_take_one_text_or_several(run, export, loaded):
    (one,) = seqtasks.generate(run, "the dogs", seed=5, max_length=4)
    many = seqtasks.generate(run, ["the dogs", "a cat"], count=2, seed=4, max_length=4)
    assert [written["prompt"] for written in many] == ["the dogs"] * 2 + ["a cat"] * 2
    assert many[1] == one
    assert_alike(seqtasks.generate(export, ["the dogs"], seed=5, max_length=4), [one])
    assert seqtasks.score(run, "the dogs bark.") == seqtasks.score(run, ["the dogs bark."])


def test_unknown_is_written_where_it_is_allowed(run, export, in_memory):
    prompts, wishes = [""] * 150, {"temperature": 3.0, "max_length": 8}
    assert any("<UNK>" in one["text"] for one in seqtasks.generate(run, prompts, allow_unknown=True, **wishes))
    assert not any("<UNK>" in one["text"] for one in in_memory.generate(prompts, **wishes))
    with pytest.raises(UsageError, match="an export, which never writes <UNK>: name a run"):
        seqtasks.generate(export, allow_unknown=True)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"temperature": -0.1}, "temperature must be at least 0. Received: -0.1"),
        ({"temperature": math.nan}, "temperature must be at least 0. Received: nan"),
        ({"temperature": math.inf}, "temperature must be at least 0. Received: inf"),
        ({"top_k": -1}, "top_k must be at least 0 and at most 2147483647. Received: -1"),
        ({"top_p": 1.5}, "top_p must be at least 0 and at most 1. Received: 1.5"),
        ({"top_k": 1.5}, "top_k must be a whole number. Received: 1.5"),
        ({"max_length": -1}, "max_length must be at least 0"),
        ({"max_length": 100_001}, "max_length must be at least 0 and at most 100000"),
        ({"seed": 2**31}, "seed must be at least -2147483647 and at most 2147483647. Received: 2147483648"),
    ],
)
def test_numbers_out_of_range_are_refused(wish, message):
    with pytest.raises(UsageError, match=message):
        LanguagePredictor({}).generate(["the"], **wish)


@pytest.mark.parametrize("texts", ["one text", b"one text", [1], [None], [["a"]]])
def test_texts_of_the_wrong_kind(texts):
    with pytest.raises(UsageError, match="expected a list of prompts"):
        LanguagePredictor({}).generate(texts)
    with pytest.raises(UsageError, match="expected a list of texts"):
        LanguagePredictor({}).score(texts)


def test_other_models_are_refused(monkeypatch):
    other = Predictor({}, MANY_TO_ONE)
    monkeypatch.setattr("seqtasks.serving.predict.load_predictor", lambda run, **_: other)
    message = r"sentiment is no language model\. Use predict, or a run of a task such as"
    with pytest.raises(UsageError, match=message):
        seqtasks.generate("sentiment")


def test_a_language_of_whole_files_predicts_no_ends():
    from seqtasks.architectures import build_model
    from seqtasks.config import Config
    from seqtasks.data.language import LanguagePipeline
    from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training
    from seqtasks.serving.signatures import build_module

    config = Config(
        Symbols(unit="byte", context="document", embedding_size=4),
        NextSymbol(tied=False),
        Recurrent(units=4, bidirectional=False),
        Training(),
    )
    pipeline = LanguagePipeline.fit(config, [{"text": "né😀\n"}])
    module = build_module("bytes", ONE_TO_MANY, config, pipeline, build_model(config, pipeline))
    predictor = make_predictor(module.signatures, ONE_TO_MANY, config)
    empty, text = predictor.score(["", "né"])
    assert (empty["length"], empty["log_probability"], empty["perplexity"]) == (0, 0.0, 1.0)
    assert empty["tokens"] == empty["log_probabilities"] == []
    # A byte that is no UTF-8 by itself comes as it does from files.
    assert text["tokens"] == ["n", "\udcc3", "\udca9"]
    (written,) = predictor.generate(["né"], max_length=200)
    assert set(written["text"].encode("utf-8", "surrogateescape")) <= set("né😀\n".encode())
