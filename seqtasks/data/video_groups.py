"""Finds the clips of a folder by class and split, and which of them are cut from one video."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TRAIN, counted
from seqtasks.data.text_files import SPLIT_WORDS, read_text
from seqtasks.data.video_formats import SUFFIXES
from seqtasks.errors import DataError, did_you_mean

TABLES = ("splits.csv", "groups.csv")

_GROUPS = ("group", "source")
_SAY_IT = "Say it in a groups.csv with columns clip,group"


@dataclass(frozen=True)
class Clip:
    """A file that holds a clip.

    Args:
        file: The file.
        label: The name of its class's folder.
        name: Its path from there, without the ending.
        split: The split it belongs to, None where that is not known.
        group: What it shares with the clips cut from the same video, None where that is not known.
    """

    file: Path
    label: str
    name: str
    split: str | None = None
    group: str | None = None


def find_clips(path: Path, encoding: str | None, notes: list[str]) -> list[Clip]:
    """Returns the clips of a folder in the order of their names, every one in a split.

    Args:
        path: The folder. It holds a folder for each class, in folders `train`, `valid` and `test` or
            without. `splits.csv` or `groups.csv` in it or beside it may tell splits and groups.
        encoding: Of the tables; None means UTF-8, then cp1252.
        notes: Gets what a reader of the scores should know.

    Raises:
        DataError: If there are no clips or no classes, or a table does not fit.
    """
    if not path.exists():
        raise DataError("no such folder", path)
    if not path.is_dir():
        raise DataError("expected a folder that holds a folder of clips for each class", path)
    clips = _in_folders(path, notes)
    told = None
    for folder in (path, path.absolute().parent):
        for table in (folder / name for name in TABLES):
            if told is None and table.is_file():
                told = _from_table(table, clips, encoding, notes, asked=folder == path)
    clips = told or clips
    clips = [replace(clip, split=clip.split or TRAIN) for clip in clips]
    if {clip.split for clip in clips} >= {*SPLITS} or TRAIN not in {clip.split for clip in clips}:
        return clips
    if any(clip.group is None for clip in clips):
        clips = _by_name(clips, notes)
    return clips


def _in_folders(path: Path, notes: list[str]) -> list[Clip]:
    clips, outside = [], []
    for file in sorted(path.rglob("*")):
        # Files that begin with a dot are other programs' notes on the files.
        if file.suffix.lower() not in SUFFIXES or file.name.startswith(".") or not file.is_file():
            continue
        *folders, name = file.relative_to(path).with_suffix("").parts
        # The innermost folder is a class, even if it is called "train".
        place = next((i for i, folder in enumerate(folders[:-1]) if folder.lower() in SPLIT_WORDS), None)
        if not folders:
            outside.append(file)
        elif place is None:
            clips.append(Clip(file, folders[0], "/".join([*folders[1:], name])))
        else:
            inner = "/".join([*folders[place + 2 :], name])
            clips.append(Clip(file, folders[place + 1], inner, SPLIT_WORDS[folders[place].lower()]))
    if any(clip.split for clip in clips):
        outside += [clip.file for clip in clips if clip.split is None]
        clips = [clip for clip in clips if clip.split]
    if not clips:
        found = ", ".join(sorted(file.name for file in path.iterdir())[:10]) or "nothing"
        endings = ", ".join(SUFFIXES)
        raise DataError(
            f"no clips ({endings}) in folders named after their classes, as {path.name}/CLASS/CLIP or "
            f"{path.name}/train/CLASS/CLIP. Found: {found}",
            path,
        )
    labels = sorted({clip.label for clip in clips})
    if all(f".{label.lower()}" in SUFFIXES for label in labels):
        raise DataError(
            f"expected a folder for each class, received folders for kinds of files, {' and '.join(labels)}. "
            f"Give one of them, as {path / labels[0]}",
            path,
        )
    if outside:
        notes.append(f"{counted(len(outside), 'clip')} of {path} outside the folders of splits and classes not used")
    return clips


def _from_table(table: Path, clips: list[Clip], encoding, notes: list[str], asked: bool) -> list[Clip] | None:
    """Returns the clips with the splits and groups of a table; None if it speaks of others and was not asked for."""
    text, note = read_text(table, encoding)
    rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
    rows.fieldnames = columns = [name.strip().lower() for name in rows.fieldnames or ()]
    if "clip" not in columns or not {*_GROUPS, "split"} & {*columns}:
        if not asked:
            return None
        raise DataError(f"expected columns clip,split or clip,group. Received: {','.join(columns)}", table, 1)
    named = _rows(rows, table)
    done, used, missing = [], set(), []
    for clip in clips:
        parts = clip.file.absolute().relative_to(table.absolute().parent).with_suffix("").parts
        name = next((name for i in range(len(parts)) if (name := "/".join(parts[i:])) in named), None)
        if name is None:
            missing.append(clip)
            continue
        used.add(name)
        done.append(replace(clip, group=named[name]["group"], split=clip.split or named[name]["split"]))
    if not done and not asked:
        return None
    if missing:
        names = f"{missing[0].label}/{missing[0].name}"
        more = f" and {counted(len(missing) - 1, 'other clip')}" if len(missing) > 1 else ""
        raise DataError(f"no row for {names}{more}. Name clips as CLASS/CLIP, without the ending", table)
    notes += [note] if note else []
    if len(used) < len(named):
        notes.append(f"{counted(len(named) - len(used), 'row')} of {table.name} without a clip")
    split_over = [group for group, splits in _splits_of_groups(done).items() if group and len(splits) > 1]
    if split_over:
        notes.append(f"{counted(len(split_over), 'group')} of {table.name} with clips in more than one split")
    return done


def _rows(rows: csv.DictReader, table: Path) -> dict[str, dict[str, str | None]]:
    """Returns split and group by the name of the clip, without ending."""
    grouping = next((name for name in _GROUPS if name in rows.fieldnames), "")
    named: dict[str, dict[str, str | None]] = {}
    for row in rows:
        name = (row["clip"] or "").strip().replace("\\", "/")
        name = name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in SUFFIXES else name
        split = (row.get("split") or "").strip()
        if "split" in row and split.lower() not in SPLIT_WORDS:
            raise DataError(f"unknown split {split!r}.{did_you_mean(split, SPLIT_WORDS)}", table, rows.line_num)
        if name in named:
            raise DataError(f"a second row for {name}", table, rows.line_num)
        named[name] = {"split": SPLIT_WORDS.get(split.lower()), "group": (row.get(grouping) or "").strip() or None}
    return named


def _splits_of_groups(clips: Sequence[Clip]) -> dict[str | None, set[str | None]]:
    splits = defaultdict(set)
    for clip in clips:
        splits[clip.group].add(clip.split)
    return splits


def _by_name(clips: list[Clip], notes: list[str]) -> list[Clip]:
    """Returns the clips, grouped by what their names share before a number at the end, where that can be.

    It cannot where a class is left with hardly any groups: its clips are numbered throughout, and their
    names say nothing of where they are from.
    """
    stems = [re.sub(r"[\W_]*\d+\W*$", "", clip.name) for clip in clips]
    groups = defaultdict(set)
    for clip, stem in zip(clips, stems, strict=True):
        groups[clip.label].add(stem)
    count = len(set(stems))
    if min(map(len, groups.values())) >= len(SPLITS) and count < len(clips):
        notes.append(
            f"clips whose names differ in the last number alone are taken for parts of one video, {count:,} of them, "
            f"and kept on one side where a split is missing. {_SAY_IT} if that is wrong"
        )
        return [replace(clip, group=clip.group or stem) for clip, stem in zip(clips, stems, strict=True)]
    notes.append(
        "names do not tell which clips are cut from one video: where a split is missing, such clips may lie on both "
        f"sides, and scores look too good. {_SAY_IT}"
    )
    return [replace(clip, group=clip.group or str(clip.file)) for clip in clips]
