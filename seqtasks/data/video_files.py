"""Reads clips of video from folders, one for each class."""

import dataclasses
import os
import typing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from seqtasks.data.dataset import SPLITS, TRAIN, Dataset, complete_splits, counted
from seqtasks.data.video_formats import SUFFIXES, check_size
from seqtasks.data.video_groups import Clip, find_clips
from seqtasks.errors import DataError, UsageError

if typing.TYPE_CHECKING:
    import numpy as np

_MEND = "Replace it, or leave such clips out with --skip-bad-rows"
_THREADS = 4


@dataclass(frozen=True)
class VideoFiles:
    """A folder of clips with a folder for each class, as `CLASS/CLIP` or `train/CLASS/CLIP`.

    Folders `train`, `valid` and `test`, or as `seqtasks.data.text_files.find_splits` knows them, hold the
    splits. Where there are none, a table `splits.csv` in the folder or beside it, with columns clip,split,
    tells them. A split that is missing is held out of train.

    Clips cut from the same video look alike whatever happens in them, so all of them are held out, or
    none is. The column group (or source) of `splits.csv`, or a table `groups.csv` with columns clip,group,
    tells which those are; of several tables the first is read. Without one, they are those whose names
    differ in the number at the end alone, as `v_Punch_g03_c01` and `v_Punch_g03_c02`, unless that leaves a
    class with fewer than three videos: then every clip is taken for a video of its own. A note tells what
    was done.

    Clips are decoded anew each time: a few hundred short ones take seconds.

    Args:
        frames: How many frames of a clip are taken, unless the options say so. See `seqtasks.data.video`.
        frame_size: Height and width of the frames, likewise.
        channels: 3 for colours or 1 for grey, likewise.
    """

    frames: int = 16
    frame_size: int = 64
    channels: int = 3
    description: str = (
        f"a folder of clips ({', '.join(suffix[1:] for suffix in SUFFIXES)}) with a folder for each class, "
        "with or without folders train, valid and test around them"
    )

    def read(self, path, options) -> Dataset:
        """Reads the clips.

        Args:
            path: The folder.
            options: `seqtasks.data.sources.ReadOptions`.

        Raises:
            DataError: If there is nothing to read, a clip cannot be read, or a table does not fit.
            SeqtasksError: If PyAV is needed and not installed.
        """
        if options.features:
            raise UsageError("--features names columns of --data: clips have none to choose")
        asked = {"frames": options.frames, "frame_size": options.frame_size, "channels": options.channels}
        asked = {name: value for name, value in asked.items() if value is not None}
        return dataclasses.replace(self, **asked)._read(Path(path), options)

    def _read(self, path: Path, options) -> Dataset:
        from seqtasks.data.video_streams import check_video_package

        check_size(self.frames, self.frame_size, self.channels)
        dataset = Dataset({}, str(path))
        clips = find_clips(path, options.encoding, dataset.notes)
        if any(clip.file.suffix.lower() != ".gif" for clip in clips):
            check_video_package()
        for split in SPLITS:
            chosen = [clip for clip in clips if clip.split == split]
            if chosen:
                self._add(dataset, split, chosen, path, options.skip_bad_rows)
        if TRAIN in dataset.splits:
            dataset = complete_splits(dataset, options.validation_fraction, options.seed, together="group")
        for examples in dataset.splits.values():
            for example in examples:
                del example["group"]
        return dataset

    def _add(self, dataset: Dataset, split: str, clips: list[Clip], path: Path, skip_bad_rows: bool) -> None:
        examples, places = [], []
        for clip, frames in zip(clips, self._decode(clips), strict=True):
            if not isinstance(frames, DataError):
                examples.append({"frames": frames, "label": clip.label, "group": clip.group})
                places.append((clip.file, 0))
            elif not skip_bad_rows:
                reason = str(frames).removeprefix(f"{clip.file}: ")
                raise DataError(f"{reason}. {_MEND}", clip.file) from frames
        if not examples:
            raise DataError(f"no clip of the {split} split can be read", path)
        dataset.splits[split], dataset.places[split] = examples, places
        skipped = len(clips) - len(examples)
        if skipped:
            dataset.skipped += skipped
            dataset.notes.append(f"{split}: skipped {counted(skipped, 'bad clip')}")

    def _decode(self, clips: list[Clip]) -> Iterator["np.ndarray | DataError"]:
        """Yields the frames of each clip, or what is wrong with it; decoders let other threads run."""
        from seqtasks.data.video import read_clip

        def decode(clip: Clip) -> "np.ndarray | DataError":
            try:
                return read_clip(clip.file, self.frames, self.frame_size, self.channels)
            except DataError as error:
                return error

        pool = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1))
        try:
            yield from pool.map(decode, clips)
        finally:
            pool.shutdown(cancel_futures=True)
