"""Finds sounds whose transcripts stand in the names of their files or folders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TEST, TRAIN, VALIDATION, counted
from seqtasks.data.text_files import SPLIT_WORDS, read_text
from seqtasks.errors import DataError, UsageError

SUFFIXES = (".wav", ".flac", ".ogg")
NAME, FOLDER = RULES = ("name", "folder")

_MOST_SHOWN = 12
_LISTS = {"validation_list.txt": VALIDATION, "testing_list.txt": TEST}
_YES_NO = {"0": "no", "1": "yes"}
_TEST_RECORDINGS = 5


@dataclass(frozen=True)
class Clip:
    """A sound that is still to be read.

    Args:
        sound: Its file.
        target: Its transcript or label.
        place: The file and line that say so; line 0 where there is none.
    """

    sound: Path
    target: str
    place: tuple[Path, int]


def find_clips(path: Path, target: str, features: Mapping[str, str], notes: list[str]) -> dict[str, list[Clip]]:
    """Returns the sounds of each split.

    Args:
        path: A folder; folders inside it are searched too.
        target: What is wanted of the names, `"text"` or `"label"`.
        features: `{target: "name"}` or `{target: "folder"}` where the user says which of the two to go by.
        notes: Grows by what was taken.

    Raises:
        UsageError: If `features` say anything else.
        DataError: If there are no sounds, or their names tell nothing.
    """
    sounds = _find_sounds(path, notes)
    rule, targets = _read_names(path, sounds, target, features, notes)
    clips = [Clip(sound, told, (sound, 0)) for sound, told in zip(sounds, targets, strict=True)]
    splits = _by_folder(path, clips, notes) or _by_list(path, clips, notes)
    if not splits and rule == NAME:
        tested = held_for_testing([sound.stem for sound in sounds], targets, notes)
        splits = {TRAIN: [clips[i] for i in range(len(clips)) if i not in tested], TEST: [clips[i] for i in tested]}
    splits = splits or {TRAIN: clips}
    return {split: splits[split] for split in SPLITS if splits.get(split)}


def held_for_testing(stems: list[str], labels: list[str], notes: list[str]) -> list[int]:
    """Returns the indices of what the free spoken digit data set calls its test split.

    Args:
        stems: File names without their endings. All of them must be `LABEL_SPEAKER_INDEX`; otherwise there
            is no such split.
        labels: The label of each.
        notes: Grows by what was taken.
    """
    found = [re.fullmatch(r"([^_]+)_[^_]+_(\d+)", stem) for stem in stems]
    if not all(match and match[1] == label for match, label in zip(found, labels, strict=True)):
        return []
    tested = [i for i, match in enumerate(found) if int(match[2]) < _TEST_RECORDINGS]
    if not 0 < len(tested) <= len(stems) / 2:
        return []
    notes.append(
        f"test split: recordings 0 to {_TEST_RECORDINGS - 1} of each label and speaker, "
        f"{counted(len(tested), 'sound')}, as the free spoken digit data set has it"
    )
    return tested


def _find_sounds(path: Path, notes: list[str]) -> list[Path]:
    files = [
        file
        for file in sorted(path.rglob("*"))
        # Files that begin with a dot are other programs' notes on the files.
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing"
        raise DataError(
            f"no manifest, and no sounds, which end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}. Found: {found}",
            path,
        )
    # The speech commands keep noise to mix in as a folder among those of the labels.
    sounds = [file for file in files if not file.parent.name.startswith("_") or file.parent == path]
    if len(sounds) < len(files):
        notes.append(f"{counted(len(files) - len(sounds), 'sound')} in folders that begin with an underscore not used")
    return sounds or files


def _read_names(path: Path, sounds: list[Path], target: str, features, notes: list[str]) -> tuple[str, list[str]]:
    """Returns whether names or folders were gone by, and the target of each sound."""
    if set(features) - {target} or not set(features.values()) <= set(RULES):
        told = ",".join(f"{role}={value}" for role, value in features.items())
        raise UsageError(
            f"--features {told}: {path} has no manifest with columns. Say {target}={NAME} or {target}={FOLDER}"
        )
    rules = [
        (FOLDER, _folder_name, f"each sound's {target} is the name of its folder"),
        (NAME, _first_part, f"each sound's {target} is what stands before the first underscore of its name"),
    ]
    if target == "text":
        rules.insert(0, (NAME, _yes_no_words, "each sound's text is its name, 1 read as yes and 0 as no"))
    for rule, read, note in rules:
        if features and features[target] != rule:
            continue
        targets = [read(path, sound) for sound in sounds]
        if all(targets) and (rule != FOLDER or features or len(set(targets)) > 1):
            notes.append(note if read is _yes_no_words else f"{note}: {_shown(targets)}")
            return rule, targets
    examples = ", ".join(str(sound.relative_to(path)) for sound in sounds[:3])
    raise DataError(
        f"nothing tells what is said in the sounds: expected a manifest (train.csv, manifest.csv, ... with columns "
        f"audio and {target}), a folder for each {target}, or names such as seven_george_0.wav. Found: {examples}",
        path,
    )


def _folder_name(path: Path, sound: Path) -> str | None:
    folder = sound.parent
    return None if folder == path or folder.name.lower() in SPLIT_WORDS else folder.name


def _first_part(_path: Path, sound: Path) -> str | None:
    first, underscore, _ = sound.stem.partition("_")
    return first.strip() if underscore else None


def _yes_no_words(_path: Path, sound: Path) -> str | None:
    # Fewer parts may be a label and a number.
    if not re.fullmatch(r"[01](_[01]){2,}", sound.stem):
        return None
    return " ".join(_YES_NO[digit] for digit in sound.stem.split("_"))


def _shown(targets: list[str]) -> str:
    known = sorted(set(targets))
    further = f", and {len(known) - _MOST_SHOWN:,} more" if len(known) > _MOST_SHOWN else ""
    return ", ".join(known[:_MOST_SHOWN]) + further


def _by_folder(path: Path, clips: list[Clip], notes: list[str]) -> dict[str, list[Clip]]:
    """Returns the splits as folders named after them have it, or none where there is no such folder."""
    splits: dict[str | None, list[Clip]] = {}
    for clip in clips:
        folders = [part.lower() for part in clip.sound.relative_to(path).parts[:-1]]
        split = next((SPLIT_WORDS[folder] for folder in folders if folder in SPLIT_WORDS), None)
        splits.setdefault(split, []).append(clip)
    outside = splits.pop(None, [])
    if splits and outside:
        notes.append(f"{counted(len(outside), 'sound')} outside the splits' folders of {path} not used")
    return splits


def _by_list(path: Path, clips: list[Clip], notes: list[str]) -> dict[str, list[Clip]]:
    """Returns the splits as the lists have it that come with the speech commands, or none without lists."""
    told = {}
    for name, split in _LISTS.items():
        if (path / name).is_file():
            text, _ = read_text(path / name)
            told |= dict.fromkeys((line.strip() for line in text.split("\n") if line.strip()), split)
            notes.append(f"the {split} split is what {name} lists")
    splits: dict[str, list[Clip]] = {}
    for clip in clips if told else ():
        splits.setdefault(told.get(clip.sound.relative_to(path).as_posix(), TRAIN), []).append(clip)
    return splits
