"""How `seqtasks predict` writes a prediction."""

import json
from collections.abc import Callable

from seqtasks.serving.rendering import render


def as_json(prediction: dict) -> str:
    """Returns one JSON object."""
    text = json.dumps(prediction, ensure_ascii=False)
    return text if _is_clean(text) else json.dumps(prediction)


def as_tsv(prediction: dict) -> str:
    """Returns `label, score, text` for a label, or the file in the text's place; for tags `token, tag` lines and an
    empty one.

    Of a generated text it is `log-probability, text`, of a translation `score, translation, text`, a line for each, of
    a transcript `log-probability, transcript, file`, likewise.
    """
    if "output" in prediction:
        text = _one_line(prediction["text"])
        outputs = prediction.get("outputs", [prediction["output"]])
        scores = prediction.get("scores", [prediction["score"]])
        return "\n".join(
            f"{score:.6f}\t{_one_line(output)}\t{text}" for score, output in zip(scores, outputs, strict=True)
        )
    if "prompt" in prediction:
        return f"{prediction['log_probability']:.6f}\t{_one_line(prediction['text'])}"
    if "transcript" in prediction:
        file, likely = _one_line(prediction["file"]), [prediction["log_probability"]]
        scores = prediction.get("scores", prediction.get("log_probabilities", likely))
        transcripts = prediction.get("transcripts", [prediction["transcript"]])
        return "\n".join(f"{score:.6f}\t{text}\t{file}" for score, text in zip(scores, transcripts, strict=True))
    if "label" in prediction:
        shown = prediction["text"] if "text" in prediction else prediction["file"]
        return f"{prediction['label']}\t{prediction['score']:.6f}\t{_one_line(shown)}"
    pairs = zip(prediction["tokens"], prediction["tags"], strict=True)
    return "".join(f"{token}\t{tag}\n" for token, tag in pairs)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_clean(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def as_listed(prediction: dict) -> str:
    """Returns what `render` does, a transcript behind its file and a tab."""
    if "transcript" in prediction and "transcripts" not in prediction:
        return f"{_one_line(prediction['file'])}\t{render(prediction)}"
    return render(prediction)


def formatter(style: str, several: bool) -> Callable[[dict], str]:
    """Returns what writes predictions.

    Args:
        style: One of `FORMATS`.
        several: Whether there are several to tell apart.
    """
    return as_listed if style == "text" and several else FORMATS[style]


FORMATS = {"text": render, "json": as_json, "tsv": as_tsv}
