"""Loading a trained run: its task, configuration, pipeline, and model with the best weights."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks import registry
from seqtasks.config import Config
from seqtasks.errors import SeqtasksError
from seqtasks.sections import NextFrame
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, TRANSCRIPTION, Task


@dataclass(frozen=True)
class LoadedRun:
    """A run, ready to predict.

    Args:
        folder: The run's folder.
        task: Its task.
        config: Its configuration, in 32 bits whatever it was trained in.
        pipeline: Its fitted pipeline.
        model: The network with the best checkpoint's weights.
        data: Where its examples came from.
    """

    folder: Path
    task: Task
    config: Config
    pipeline: Any
    model: Any
    data: str


def load_run(folder) -> LoadedRun:
    """Loads a run's folder.

    Args:
        folder: The folder.

    Raises:
        SeqtasksError: If a part of it is missing or damaged.
    """
    from seqtasks.architectures import build_model
    from seqtasks.training import checkpoints
    from seqtasks.training.run_folder import RunFolder

    run = RunFolder(Path(folder))
    values = run.read_config()
    for file in values.get("code") or ():
        registry.load_code(file)
    task = registry.get(values["task"])
    try:
        config = Config.from_dict(values["config"]).override({"training.mixed_precision": False})
        pipeline = pipeline_class(task.family, config.targets).load(config, run.vocabulary)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise SeqtasksError(f"{folder}: config.json or vocabulary/ cannot be read: {error!r}") from error
    model = build_model(config, pipeline)
    checkpoints.load_weights(run.best, model)
    return LoadedRun(run.path, task, config, pipeline, model, str(values.get("data", "")))


_MUSIC = {"chain": ("music", "MusicPipeline"), "independent": ("piano_roll_pipeline", "PianoRollPipeline")}


def pipeline_class(family: str, targets=None) -> type:
    """Returns the pipeline of a family of tasks.

    Args:
        family: The family.
        targets: The configuration's section of targets: music has pipelines of its own.

    Raises:
        SeqtasksError: If the family has none.
    """
    names = {
        MANY_TO_MANY: ("tagging", "TaggingPipeline"),
        MANY_TO_ONE: ("classification", "ClassificationPipeline"),
        ONE_TO_MANY: ("language", "LanguagePipeline"),
        ENCODER_DECODER: ("translation", "TranslationPipeline"),
        TRANSCRIPTION: ("transcription", "TranscriptionPipeline"),
    }
    if isinstance(targets, NextFrame):
        names = {ONE_TO_MANY: _MUSIC[targets.notes]}
    if family not in names:
        raise SeqtasksError(f"there is no pipeline for {family} tasks")
    module, name = names[family]
    return getattr(importlib.import_module(f"seqtasks.data.{module}"), name)
