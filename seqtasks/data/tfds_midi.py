"""Reads MIDI files stored in data sets of TensorFlow Datasets."""

from dataclasses import dataclass

from seqtasks.data.midi import decode_midi
from seqtasks.task import Example


@dataclass(frozen=True)
class TfdsMidi:
    """Pieces of music with one label each, by default the drummers of `groove/full-midionly`.

    Args:
        midi: Feature with the content of a MIDI file.
        key: Feature with a class label or a string: the piece's key or genre.
        frames_per_quarter: How many frames a quarter note has.
        drums: Read the drums, and nothing else.
    """

    midi: str = "midi"
    key: str = "style/primary"
    frames_per_quarter: int = 4
    drums: bool = True

    usage = "midi=FEATURE,key=FEATURE"
    needs = "midi must be the bytes of a MIDI file and key a single value"
    further = ()

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        return {"midi": self.midi, "key": self.key}

    def fits(self, values: dict) -> bool:
        """Returns whether the values by role are of the right kind."""
        return isinstance(values["midi"], bytes) and not isinstance(values["key"], list)

    def example(self, values: dict, names: dict) -> Example:
        """Returns one example. See `seqtasks.data.tfds_features.TfdsTags.example`."""
        frames, _ = decode_midi(values["midi"], self.frames_per_quarter, self.drums)
        key = values["key"].decode("utf-8", "replace") if names["key"] is None else names["key"](values["key"])
        return {"frames": frames, "key": key}

    def finish(self, splits, options, source: str, notes: list[str]) -> None:
        """Leaves the examples as they are."""
