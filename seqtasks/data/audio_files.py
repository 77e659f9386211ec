"""Reads sounds and what is said in them from folders of sound files, with or without a manifest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqtasks.data.audio_manifests import SUFFIXES, find_manifests, read_manifests
from seqtasks.data.audio_names import Clip, find_clips
from seqtasks.data.dataset import Dataset, counted
from seqtasks.errors import DataError, UsageError, did_you_mean
from seqtasks.task import Example

_MEND = "Leave such sounds out with --skip-bad-rows"


@dataclass(frozen=True)
class AudioFiles:
    """A folder of WAV, FLAC or OGG files with transcripts or labels.

    What is said in a sound stands in a manifest, CSV, TSV or JSON Lines: `train`, `valid` and `test`, or
    one `manifest` or `metadata`, which may have a column `split`. Its columns are found by the usual names
    (audio, path, file, ...; text, transcript, sentence, ...; label, class, ...) or given by the options'
    `features`. It names the sounds relative to the folder that it lies in.

    Without a manifest the names say it: those of folders, one for each label; the part before the first
    underscore, as in `seven_george_0.wav`; or words coded as in `1_0_0_1.wav`, yes no no yes. Which of them
    was taken is noted; `features` as `{"label": "name"}` or `{"label": "folder"}` choose it. Splits are
    folders named after them, the lists of the speech commands, or the recordings 0 to 4 of names such as
    `7_george_0.wav`, which the free spoken digit data set keeps for testing.

    Args:
        target: `"text"` for transcripts, `"label"` for labels.
        sample_rate: Samples a second that all sounds are brought to, unless the options say it.
    """

    target: Literal["text", "label"] = "text"
    sample_rate: int = 8000
    description: str = (
        "WAV, FLAC or OGG files with a manifest (train.csv, manifest.jsonl, ... with columns audio and text), "
        "in a folder for each label, or named as label_*.wav"
    )

    def read(self, path, options) -> Dataset:
        """Reads the files.

        Args:
            path: A folder, or a manifest.
            options: `seqtasks.data.sources.ReadOptions`.

        Returns:
            Examples `{"audio": int16 [S], "text": str}`, or with `"label"`.

        Raises:
            UsageError: If `features` have an unknown role.
            DataError: If there is nothing to read, or a row or a sound cannot be read.
        """
        from seqtasks.data.audio import check_audio_package

        path, roles = Path(path), ("audio", self.target)
        for role, name in options.features.items():
            if role not in roles:
                raise UsageError(f"--features {role}={name}: unknown role {role!r}." + did_you_mean(role, roles))
        if not path.exists():
            raise DataError("no such file or folder", path)
        if path.is_file() and path.suffix.lower() not in SUFFIXES:
            raise DataError(
                f"expected a folder of sounds, or a manifest that ends in one of {' '.join(SUFFIXES)}", path
            )
        check_audio_package()
        dataset = Dataset({}, str(path))
        manifests = find_manifests(path, options.needed)
        if manifests:
            found = read_manifests(manifests, self.target, options, dataset.notes)
        else:
            found = find_clips(path, self.target, options.features, dataset.notes)
        for split, rows in found.items():
            self._add(dataset, split, rows, options)
        return dataset

    def _add(self, dataset: Dataset, split: str, rows: list[Clip | DataError], options) -> None:
        """Reads the sounds of a split."""
        examples, places, skipped, empty = [], [], 0, 0
        for row in rows:
            try:
                example = self._example(row, options.sample_rate or self.sample_rate)
            except DataError:
                if not options.skip_bad_rows:
                    raise
                skipped += 1
                continue
            if example is None:
                empty += 1
                continue
            examples.append(example)
            places.append(row.place)
        if not examples:
            raise DataError(f"no sound of the {split} split can be read, or none has a {self.target}", dataset.source)
        dataset.splits[split], dataset.places[split] = examples, places
        if skipped:
            dataset.skipped += skipped
            dataset.notes.append(f"{split}: skipped {counted(skipped, 'bad sound')}")
        if empty:
            dataset.notes.append(f"{split}: dropped {counted(empty, 'sound')} with an empty {self.target}")

    def _example(self, row: Clip | DataError, sample_rate: int) -> Example | None:
        """Returns an example, or None where nothing is said."""
        from seqtasks.data.audio import as_int16, read_audio

        if isinstance(row, DataError):
            raise row
        target = " ".join(row.target.split())
        if not target:
            return None
        try:
            return {"audio": as_int16(read_audio(row.sound, sample_rate)), self.target: target}
        except DataError as error:
            file, line = row.place
            named = f" (line {line} of {file.name})" if line else ""
            raise DataError(f"{str(error).removeprefix(f'{row.sound}: ')}{named}. {_MEND}", row.sound) from error
