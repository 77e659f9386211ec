"""Scores of transcripts of speech."""

from collections import Counter

from seqtasks.errors import SeqtasksError

_MOST_SHOWN = 10


class WordErrorRate:
    """Word error rate of all transcripts together, computed by jiwer.

    It is the least number of words that must be substituted, deleted or inserted to make the predictions
    right, over the number of words in the references. Words are what stands between blanks, case kept.
    Where no reference has a word, every word predicted counts as one error.

    Call args:
        references: What was said.
        predictions: What was understood.

    Returns:
        `wer`, 0 at best and above 1 where more was understood than said, and `word_accuracy`, 1 - wer.

    Raises:
        ValueError: If the lists disagree in length.
        SeqtasksError: If jiwer is not installed.

    Reference:
        Morris, Maier & Green, From WER and RIL to MER and WIL, Interspeech 2004.
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        rate = float(_words(references, predictions).wer)
        return {"wer": rate, "word_accuracy": 1 - rate}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line with the counts, and one with the words most often confused."""
        found = _words(references, predictions)
        lines = [_counts("word error rate", found.wer, found, "words")]
        confused = Counter(
            f"{said} as {heard}"
            for reference, prediction, chunks in zip(found.references, found.hypotheses, found.alignments, strict=True)
            for chunk in chunks
            if chunk.type == "substitute"
            for said, heard in zip(
                reference[chunk.ref_start_idx : chunk.ref_end_idx],
                prediction[chunk.hyp_start_idx : chunk.hyp_end_idx],
                strict=True,
            )
        )
        if confused:
            often = sorted(confused.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
            lines.append("most often: " + ", ".join(f"{pair} ({count})" for pair, count in often))
        return "\n".join(lines)


class CharacterErrorRate:
    """Character error rate of all transcripts together, computed by jiwer: `WordErrorRate` of characters.

    Blanks between words count as characters.

    Call args:
        references: What was said.
        predictions: What was understood.

    Returns:
        `cer`, 0 at best.

    Raises:
        ValueError: If the lists disagree in length.
        SeqtasksError: If jiwer is not installed.
    """

    def __call__(self, references: list[str], predictions: list[str]) -> dict[str, float]:
        return {"cer": float(_characters(references, predictions).cer)}

    def report(self, references: list[str], predictions: list[str]) -> str:
        """Returns one line with the counts."""
        found = _characters(references, predictions)
        return _counts("character error rate", found.cer, found, "characters")


def _words(references: list[str], predictions: list[str]):
    _check(references, predictions)
    return _jiwer().process_words(list(references), list(predictions))


def _characters(references: list[str], predictions: list[str]):
    _check(references, predictions)
    return _jiwer().process_characters(list(references), list(predictions))


def _check(references: list[str], predictions: list[str]) -> None:
    if len(references) != len(predictions):
        raise ValueError(
            f"as many predictions as references are needed. Received: {len(predictions)}, {len(references)}"
        )


def _jiwer():
    try:
        import jiwer
    except ImportError as error:
        raise SeqtasksError(
            f'word error rates need jiwer: {error}. Install it with pip install "seqtasks[speech]"'
        ) from error
    return jiwer


def _counts(name: str, rate: float, found, units: str) -> str:
    said = found.hits + found.substitutions + found.deletions
    return (
        f"{name} {rate:.4f}: {found.substitutions:,} substituted, {found.deletions:,} deleted and "
        f"{found.insertions:,} inserted, of {said:,} {units}"
    )
