"""How `seqtasks predict` writes a prediction."""

import json

from seqtasks.serving.rendering import render


def as_json(prediction: dict) -> str:
    """Returns one JSON object."""
    text = json.dumps(prediction, ensure_ascii=False)
    return text if _is_clean(text) else json.dumps(prediction)


def as_tsv(prediction: dict) -> str:
    """Returns `label, score, text` for a label; for tags `token, tag` lines and an empty one.

    Of a generated text it is `log-probability, text`, of a translation `score, translation, text`, a line for each.
    """
    if "output" in prediction:
        text = " ".join(prediction["text"].split())
        outputs = prediction.get("outputs", [prediction["output"]])
        scores = prediction.get("scores", [prediction["score"]])
        return "\n".join(
            f"{score:.6f}\t{' '.join(output.split())}\t{text}" for score, output in zip(scores, outputs, strict=True)
        )
    if "prompt" in prediction:
        return f"{prediction['log_probability']:.6f}\t{' '.join(prediction['text'].split())}"
    if "label" in prediction:
        text = " ".join(prediction["text"].split())
        return f"{prediction['label']}\t{prediction['score']:.6f}\t{text}"
    pairs = zip(prediction["tokens"], prediction["tags"], strict=True)
    return "".join(f"{token}\t{tag}\n" for token, tag in pairs)


def _is_clean(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


FORMATS = {"text": render, "json": as_json, "tsv": as_tsv}
