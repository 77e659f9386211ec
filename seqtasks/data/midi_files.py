"""Reads pieces of music from folders of MIDI files, and from JSON files of pitches."""

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TRAIN, Dataset, counted
from seqtasks.data.midi import decode_midi
from seqtasks.data.text_files import SPLIT_WORDS, read_text
from seqtasks.errors import DataError, UsageError, did_you_mean
from seqtasks.task import Example

_SUFFIXES = (".mid", ".midi")
_MEND = "Leave such pieces out with --skip-bad-rows"


@dataclass(frozen=True)
class MidiFiles:
    """A folder of MIDI files, or a JSON file of pieces by split.

    Folders inside the folder are searched too. Those named `train`, `valid` and `test`, or as
    `seqtasks.data.text_files.find_splits` knows them, hold the splits; without any, every file
    belongs to train. JSON is laid out as `{"train": [piece: [frame: [pitch, ...]]], "valid": ...}`.

    Args:
        frames_per_quarter: How many frames a quarter note of a MIDI file has, unless the options say so.
        drums: Read the drums of MIDI files, and nothing else, likewise.
    """

    frames_per_quarter: int = 1
    drums: bool = False
    description: str = "a folder of MIDI files with or without folders train, valid and test, or JSON of pitches"

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A folder of MIDI files, one MIDI file or one JSON file.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, or a piece cannot be read.
        """
        if options.features:
            raise UsageError("--features names columns of --data: music has none to choose")
        path = Path(path)
        if not path.exists():
            raise DataError("no such file or folder", path)
        if path.suffix.lower() == ".json":
            return _read_json(path, options)
        asked = {"frames_per_quarter": options.frames_per_quarter, "drums": options.drums}
        asked = {name: value for name, value in asked.items() if value is not None}
        return dataclasses.replace(self, **asked)._read_midi(path, options)

    def _read_midi(self, path: Path, options) -> Dataset:
        dataset = Dataset({}, str(path))
        for split, files in _find_pieces(path, dataset.notes).items():
            examples, places, skipped = [], [], 0
            for file in files:
                try:
                    examples.append(self._example(file))
                    places.append((file, 0))
                except DataError as error:
                    if not options.skip_bad_rows:
                        raise DataError(f"{str(error).removeprefix(f'{file}: ')}. {_MEND}", file) from error
                    skipped += 1
            _add(dataset, split, examples, skipped, path)
            dataset.places[split] = places
        return dataset

    def _example(self, file: Path) -> Example:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", file) from error
        frames, key = decode_midi(content, self.frames_per_quarter, self.drums, file)
        return {"frames": frames, "key": key}


def _find_pieces(path: Path, notes: list[str]) -> dict[str, list[Path]]:
    """Returns the MIDI files of each split, in the order of their names."""
    if path.is_file():
        return {TRAIN: [path]}
    files = sorted(
        file
        for file in path.rglob("*")
        # Files that begin with a dot are other programs' notes on the files.
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    if not files:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing"
        raise DataError(f"no MIDI files, which end in {' or '.join(_SUFFIXES)}. Found: {found}", path)
    splits: dict[str | None, list[Path]] = {}
    for file in files:
        folders = [part.lower() for part in file.relative_to(path).parts[:-1]]
        split = next((SPLIT_WORDS[folder] for folder in folders if folder in SPLIT_WORDS), None)
        splits.setdefault(split, []).append(file)
    if set(splits) == {None}:
        return {TRAIN: files}
    if None in splits:
        notes.append(f"{counted(len(splits[None]), 'file')} outside the splits' folders of {path} not used")
    return {split: splits[split] for split in SPLITS if split in splits}


def _read_json(path: Path, options) -> Dataset:
    text, note = read_text(path, options.encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", path) from error
    if not isinstance(content, dict) or not content:
        raise DataError('expected {"train": pieces, "valid": pieces, "test": pieces}', path)
    names = {name: SPLIT_WORDS.get(name.lower()) for name in content}
    for name, split in names.items():
        if split is None:
            raise DataError(f"unknown split {name!r}.{did_you_mean(name, SPLIT_WORDS)}", path)
    split, count = Counter(names.values()).most_common(1)[0]
    if count > 1:
        raise DataError(f"two entries for the {split} split: {', '.join(n for n in names if names[n] == split)}", path)
    dataset = Dataset({}, str(path), [note] if note else [])
    for name in sorted(names, key=lambda name: SPLITS.index(names[name])):
        if not isinstance(content[name], list):
            raise DataError(f"expected a list of pieces as {name}", path)
        examples, skipped = [], 0
        for number, piece in enumerate(content[name], start=1):
            reason = _fault(piece)
            if reason is None:
                examples.append({"frames": [sorted(set(frame)) for frame in piece], "key": ""})
            elif options.skip_bad_rows:
                skipped += 1
            else:
                raise DataError(f"{name}, piece {number}{reason}. {_MEND}", path)
        _add(dataset, names[name], examples, skipped, path)
    return dataset


def _fault(piece) -> str | None:
    """Returns what is wrong with a piece of a JSON file, or None."""
    if not isinstance(piece, list):
        return ": expected a list of frames"
    for number, frame in enumerate(piece, start=1):
        if not isinstance(frame, list):
            return f", frame {number}: expected a list of pitches, received {json.dumps(frame)[:40]}"
        for pitch in frame:
            # True is an integer to Python.
            if type(pitch) is not int or not 0 <= pitch <= 127:
                return f", frame {number}: expected pitches from 0 to 127, received {json.dumps(pitch)[:40]}"
    return None if any(piece) else ": no notes"


def _add(dataset: Dataset, split: str, examples: list[Example], skipped: int, path: Path) -> None:
    if not examples:
        raise DataError(f"no piece of the {split} split can be read", path)
    dataset.splits[split] = examples
    if skipped:
        dataset.skipped += skipped
        dataset.notes.append(f"{split}: skipped {counted(skipped, 'bad piece')}")
