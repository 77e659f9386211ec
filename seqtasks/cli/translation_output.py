"""What `seqtasks predict` shows of translations and transcripts alone."""

from collections.abc import Iterator

from seqtasks.errors import UsageError
from seqtasks.task import ENCODER_DECODER, TRANSCRIPTION

_FAMILIES = {
    "--attention": ((ENCODER_DECODER,), "translate"),
    "--n-best": ((ENCODER_DECODER, TRANSCRIPTION), "translate or transcribe"),
    "--rescore": ((TRANSCRIPTION,), "transcribe"),
}


def check_option(run, option: str) -> None:
    """Refuses an option for a model of another family, or `--attention` for one that has none.

    Raises:
        UsageError: Naming the option and the run.
    """
    from seqtasks.training.run_folder import attention_of, family_of

    families, do = _FAMILIES[option]
    if (family := family_of(run)) not in families:
        raise UsageError(f"{option} is for models that {do}. Received: {run}, whose family is {family}")
    if option == "--attention" and attention_of(run) == "none":
        raise UsageError(f"--attention: {run} has no attention to show. Train one with -s attention=multiplicative")


def one_text(inputs: Iterator[str]) -> str:
    """Returns the only input.

    Raises:
        UsageError: If there are more.
    """
    first = next(inputs)
    if next(inputs, None) is not None:
        raise UsageError("--attention draws one text. Received: several")
    return first


def draw_attention(path, predictor, prediction: dict) -> None:
    """Draws where the decoder looked as it wrote a translation.

    Args:
        path: The PNG file to write.
        predictor: A `seqtasks.serving.translation.TranslationPredictor`.
        prediction: What it predicted.
    """
    from seqtasks.training.plots import attention_map

    (alignment,) = predictor.alignments([prediction["text"]], [prediction["output"]])
    attention_map(path, alignment.source, alignment.target, alignment.weights)
