"""What `seqtasks predict` shows of translations alone."""

from collections.abc import Iterator
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.task import ENCODER_DECODER


def check_translation(run, option: str) -> None:
    """Refuses an option for a model that does not translate.

    Raises:
        UsageError: Naming the option and the run.
    """
    from seqtasks.training.run_folder import family_of

    if family_of(run) != ENCODER_DECODER:
        raise UsageError(f"{option} is for translation, which {run} is not")


def check_new(path, force: bool) -> None:
    """Refuses, before anything is computed, to replace a file unasked.

    Raises:
        UsageError: If it exists, or is a folder.
    """
    if Path(path).is_dir():
        raise UsageError(f"{path} is a folder, not a file to write")
    if Path(path).exists() and not force:
        raise UsageError(f"{path} exists. Replace it with --force")


def one_text(inputs: Iterator[str]) -> str:
    """Returns the only input.

    Raises:
        UsageError: If there are more.
    """
    first = next(inputs)
    if next(inputs, None) is not None:
        raise UsageError("--attention draws one text, and several were given")
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
