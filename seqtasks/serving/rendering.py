"""Predictions as people read them on a terminal."""


def render(prediction: dict) -> str:
    """Returns a prediction as one piece of text.

    `[Ada Lovelace](PER) lived in [London](LOC)` for entities, `Ada/PROPN lived/VERB` for plain tags, or the letters of
    words and tags one above the other where all are letters, `positive 0.98  A fine film.` for a class, a generated
    text, a translation or a transcript as it is.

    Args:
        prediction: What `Predictor.predict` returned for one input.
    """
    if "prompt" in prediction:
        return _printable(prediction["text"])
    if "output" in prediction:
        if "outputs" in prediction:
            ranked = zip(prediction["scores"], prediction["outputs"], strict=True)
            return _printable("\n".join(f"{score:.3f}  {output}" for score, output in ranked))
        return _printable(prediction["output"])
    if "transcript" in prediction:
        if "transcripts" in prediction:
            scores = prediction.get("scores", prediction["log_probabilities"])
            ranked = zip(scores, prediction["transcripts"], strict=True)
            return _printable("\n".join(f"{score:.3f}  {transcript}" for score, transcript in ranked))
        return _printable(prediction["transcript"])
    if "label" in prediction:
        shown = prediction["text"] if "text" in prediction else prediction["file"]
        return f"{prediction['label']} {prediction['score']:.2f}  {_printable(shown)}"
    if "entities" not in prediction:
        if all(len(part) == 1 for part in [*prediction["tokens"], *prediction["tags"]]):
            return _printable("".join(prediction["tokens"]) + "\n" + "".join(prediction["tags"]))
        pairs = zip(prediction["tokens"], prediction["tags"], strict=True)
        return _printable(" ".join(f"{token}/{tag}" for token, tag in pairs))
    text, pieces, position = prediction["text"], [], 0
    for entity in prediction["entities"]:
        pieces += [text[position : entity["start"]], f"[{entity['text']}]({entity['type']})"]
        position = entity["end"]
    return _printable("".join([*pieces, text[position:]]))


def render_sample(prediction: dict) -> str:
    """Returns a prediction as `render` does, a translation behind its source, a transcript behind its sound.

    Args:
        prediction: As for `render`.
    """
    if "output" in prediction:
        return f"{_printable(prediction['text'])} -> {render(prediction)}"
    if "transcript" in prediction:
        return f"{_printable(prediction['file'])} -> {render(prediction)}"
    return render(prediction)


def _printable(text: str) -> str:
    """Replaces what a terminal cannot encode: bytes of the input that were no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
