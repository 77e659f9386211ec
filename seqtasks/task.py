"""What a task is: what goes in, what comes out, where examples come from, which network learns it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from seqtasks.config import Config
from seqtasks.sections import Inputs, Recurrent, Targets, Training

MANY_TO_MANY = "many_to_many"
MANY_TO_ONE = "many_to_one"
ONE_TO_MANY = "one_to_many"
ENCODER_DECODER = "encoder_decoder"
TRANSCRIPTION = "transcription"

Example = dict[str, Any]
"""One example. Tagging: `{"tokens": [str], "tags": [str]}`, and lists under the names of further
columns. Classification: `{"text": str, "label": str}`. Language models: `{"text": str}`. Music:
`{"frames": [[pitch]], "key": str}`, the key `""` where it is not known. Translation:
`{"source": str, "target": str}`. DNA: `{"text": bases, "tags": a letter a base, "name": str}`.
Speech: `{"audio": int16 [S], "text": str}`, or with `"label"`. Video: `{"frames": uint8 [T, H, W, channels],
"label": str}`."""


class FileFormat(Protocol):
    """Reads the user's own files. See `seqtasks.data.conll` and `seqtasks.data.delimited`."""

    description: str

    def read(self, path, options) -> "Any":
        """Returns a `seqtasks.data.dataset.Dataset` of the file or folder at `path`."""


class TfdsFeatures(Protocol):
    """Maps the features of a TFDS builder to examples. See `seqtasks.data.tfds_features`."""


@dataclass(frozen=True)
class Sources:
    """Where a task's examples come from.

    Args:
        builtin: Makes the generated data set: a function from a seed to examples by split
            (`train`, `validation`, `test`).
        tfds: By builder name (`"conll2003"`, `"glue/sst2"`), which features to read.
        files: The format of the user's own files.
        tfds_default: Maps the features of any other builder, given with `--features`.
    """

    builtin: Callable[[int], Mapping[str, list[Example]]]
    files: FileFormat
    tfds: Mapping[str, TfdsFeatures] = field(default_factory=dict)
    tfds_default: TfdsFeatures | None = None


class Metric(Protocol):
    """A score of predictions. See `seqtasks.metrics`."""

    def __call__(self, references: list, predictions: list) -> dict[str, float]:
        """Returns scores by name. Tagging compares lists of tags, classification labels."""

    def report(self, references: list, predictions: list) -> str:
        """Returns a table for people to read."""


@dataclass(frozen=True)
class Task:
    """A task of the registry.

    Args:
        family: One of `MANY_TO_MANY`, `MANY_TO_ONE`, `ONE_TO_MANY`, `ENCODER_DECODER`, `TRANSCRIPTION` (many-to-many
            of two lengths without a decoder).
        sources: Where examples come from.
        inputs: What goes in.
        targets: What comes out.
        model: The network.
        metrics: What it is judged by.
        monitor: The validation score that picks the best epoch, as `"val_span_f1"`.
        training: How it is trained.
        serving_examples: Inputs that show the task at work: printed after a run, and used to
            verify and warm up exports. Of sounds and clips a function that makes them, as tasks are listed
            without NumPy.
        overrides: Configuration changes by source: what was tuned for `"builtin"` or
            `"tfds:imdb_reviews"`, where the defaults are for data of any kind.
        name: Set by the registry.
        description: Set by the registry: the first line of the task file's docstring.
        origin: Set by the registry: the file that defines the task.
    """

    family: str
    sources: Sources
    inputs: Inputs
    targets: Targets
    model: Recurrent
    metrics: tuple[Metric, ...]
    monitor: str
    training: Training
    serving_examples: tuple[str, ...] | Callable[[], list]
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    name: str = ""
    description: str = ""
    origin: str = ""

    def serving_inputs(self) -> list:
        """Returns the serving examples, made if need be."""
        made = self.serving_examples() if callable(self.serving_examples) else self.serving_examples
        return list(made)

    def config_for(self, data: str) -> Config:
        """Returns the configuration for a source, before the user changes it.

        Args:
            data: `"builtin"`, `"tfds:NAME[/CONFIG]"` or a path.
        """
        for source, changes in self.overrides.items():
            if data == source or data.startswith(source + "/"):
                return self.config.override(changes)
        return self.config

    @property
    def config(self) -> Config:
        """The task's default configuration."""
        return Config(self.inputs, self.targets, self.model, self.training)
