import numpy as np
import pytest

from seqtasks.config import Config
from seqtasks.data.transcription import TranscriptionPipeline
from seqtasks.errors import DataError
from seqtasks.sections import Recurrent, Sound, Training, Transcript

RNG = np.random.default_rng(0)


def sound(text, samples=4000):
    return {"audio": RNG.integers(-9000, 9000, samples, dtype=np.int16), "text": text}


def fitted(examples, stack=2, **targets):
    config = Config(Sound(bins=8, stack=stack), Transcript(**targets), Recurrent(), Training())
    return TranscriptionPipeline.fit(config, examples)


EXAMPLES = [sound("Yes  no "), sound("no"), sound("oh É")]


def test_symbols_are_characters_or_words():
    assert fitted(EXAMPLES).symbols == [" ", "e", "h", "n", "o", "s", "y", "é"]
    assert fitted(EXAMPLES, lowercase=False).symbols == [" ", "Y", "e", "h", "n", "o", "s", "É"]
    assert fitted(EXAMPLES, unit="word").symbols == ["no", "oh", "yes", "é"]


@pytest.mark.parametrize("unit", ["character", "word"])
def test_labels_spell_the_transcripts(unit):
    pipeline = fitted(EXAMPLES, unit=unit)
    labels = pipeline.encode(EXAMPLES).examples["labels"]
    assert labels.dtype == np.int32
    assert (labels[:, 0] > 0).all()
    texts = [text.decode() for text in pipeline.texts(labels[:, None]).numpy()[:, 0]]
    assert texts == pipeline.references(EXAMPLES) == ["yes no", "no", "oh é"]


def test_no_blank_stands_at_an_end_or_beside_another():
    pipeline = fitted(EXAMPLES)
    blank, letter = 1 + pipeline.symbols.index(" "), 1 + pipeline.symbols.index("o")
    ids = np.array([[[blank, letter, blank, blank, letter, blank]], [[blank] * 6], [[0] * 6]])
    assert pipeline.texts(ids).numpy().tolist() == [[b"o o"], [b""], [b""]]


def test_what_was_learned_is_saved(tmp_path):
    pipeline = fitted(EXAMPLES, unit="word")
    pipeline.save(tmp_path)
    loaded = TranscriptionPipeline.load(pipeline.config, tmp_path)
    assert loaded.symbols == pipeline.symbols
    assert loaded.codec.lengths == pipeline.codec.lengths


def test_symbols_never_seen_are_told():
    pipeline = fitted(EXAMPLES)
    assert pipeline.unseen_labels([sound("YES"), sound("noon")]) == []
    assert pipeline.unseen_labels([sound("yes"), sound("zone")]) == ["z"]
    assert fitted(EXAMPLES, unit="word").unseen_labels([sound("no zone")]) == ["zone"]


def test_transcripts_that_do_not_fit_are_left_out_and_counted():
    # 4,000 samples are 49 frames, 25 steps; two equal letters need a blank between them.
    fits, too_long, too_long_by_a_blank = sound("ab" * 12 + "a"), sound("ab" * 13), sound("ab" * 11 + "baa")
    pipeline = fitted([fits, too_long, too_long_by_a_blank])
    encoded = pipeline.encode([fits, too_long, too_long_by_a_blank])
    assert len(encoded) == 1
    assert len(encoded.examples["labels"]) == 1
    (note,) = pipeline.notes
    assert note.startswith("left out of training 2 transcripts of 3 with more symbols than their sound has steps: 'aba")
    # In other splits they count as they are.
    assert len(pipeline.encode([fits, too_long], labelled=False)) == 2
    assert fitted([fits]).notes == []


def test_where_no_transcript_fits_there_is_nothing_to_learn():
    with pytest.raises(DataError, match=r"1 transcript of 1 with more symbols .* inputs\.stack"):
        fitted([sound("much too long a text", samples=900)])


def test_where_nothing_is_said_there_is_nothing_to_learn():
    with pytest.raises(DataError, match="no example of the training split has a transcript"):
        fitted([sound(" ")])


@pytest.mark.parametrize("beam", [1, 4])
def test_scores_are_decoded(beam, monkeypatch):
    pipeline = fitted(EXAMPLES, unit="word", beam=beam)
    _, no, oh, _, e = range(5)
    paths = [[no, no, 0, no, oh], [0, 0, 0, 0, 0], [oh, e, e, 0, 0], [no, no, no, no, no]]
    scores = np.full([4, 5, 5], -5, np.float32)
    for row, path in zip(scores, paths, strict=True):
        row[np.arange(5), path] = 5
    mask = np.arange(5) < np.array([5, 5, 2, 5])[:, None]
    outputs, batch = {"scores": scores, "mask": mask}, {"rows": np.array([3, 0, 7, -1])}
    expected = ["no no oh", "", "oh é"]
    assert pipeline.decode(outputs, batch) == expected
    monkeypatch.setattr("seqtasks.data.transcription._CELLS_AT_ONCE", 1)
    assert pipeline.decode(outputs, batch) == expected
