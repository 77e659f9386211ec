"""Maps the features of a TFDS builder to texts with their translations."""

from dataclasses import dataclass

from seqtasks.data.dataset import TRAIN, Dataset, complete_splits
from seqtasks.task import Example


@dataclass(frozen=True)
class TfdsTranslation:
    """Texts with one translation each.

    The direction is the builder's own, its supervised keys, unless it is given here. Where a split is
    missing, it is held out of train, and no text in it is a source in train too.

    Args:
        source: Feature with a string, such as the code of a language.
        target: Feature with its translation.
    """

    source: str | None = None
    target: str | None = None

    usage = "source=FEATURE,target=FEATURE"
    needs = "the source and the target must be strings"
    further = ()

    def roles(self) -> dict[str, str | None]:
        """Returns the feature of each role, None where the builder's supervised keys say it."""
        return {"source": self.source, "target": self.target}

    def fits(self, values: dict) -> bool:
        """Returns whether the values by role are of the right kind."""
        return all(isinstance(value, bytes) for value in values.values())

    def example(self, values: dict, names: dict) -> Example | None:
        """Returns one example, or None where a side is empty. See `seqtasks.data.tfds_features.TfdsTags.example`."""
        texts = {role: value.decode("utf-8", "replace").strip() for role, value in values.items()}
        return texts if all(texts.values()) else None

    def finish(self, splits: dict[str, list[Example]], options, source: str, notes: list[str]) -> None:
        """Holds out in place what is missing, all examples of a source together."""
        if TRAIN in splits:
            read = Dataset(splits, source, notes)
            done = complete_splits(read, options.validation_fraction, options.seed, together="source")
            splits |= done.splits
            notes[:] = done.notes
