"""The options of `seqtasks generate` for music: pieces as MIDI, as sound and as pictures."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from seqtasks.cli.options import check_new
from seqtasks.data.music_text import read_piece
from seqtasks.errors import UsageError

TEMPO = 100.0


@dataclass(frozen=True)
class MusicOutput:
    """Which files the pieces go to.

    Args:
        midi: A MIDI file, or None.
        wav: A sound file, or None.
        png: A picture, or None.
        tempo: Quarter notes a minute, or None for `TEMPO`.
        force: Replace files.
    """

    midi: str | None
    wav: str | None
    png: str | None
    tempo: float | None
    force: bool

    @property
    def kinds(self) -> dict[str, str]:
        """The files asked for, by the name of their option."""
        return {kind: getattr(self, kind) for kind in ("midi", "wav", "png") if getattr(self, kind)}

    def check(self, run, settings, count: int) -> None:
        """Refuses, before any piece is written, what could not be written.

        Args:
            run: The run's or export's folder.
            settings: Its `seqtasks.serving.music_settings.MusicSettings`, None if it is none of music.
            count: How many pieces there will be.

        Raises:
            UsageError: If the model writes no music, or a file exists.
            SeqtasksError: If a package is missing.
        """
        asked = [*self.kinds, *["tempo"] * (self.tempo is not None)]
        if asked and settings is None:
            raise UsageError(f"--{asked[0]} is for music, and {run} writes text")
        if self.midi:
            from seqtasks.data.midi import check_midi_package

            check_midi_package()
        for path in (path for number in range(count) for path in self._paths(number, count).values()):
            check_new(path, self.force)

    def write(self, texts: list[str], settings) -> list[list[Path]]:
        """Writes pieces.

        Args:
            texts: Their texts.
            settings: As for `check`.

        Returns:
            The files of each piece.

        Raises:
            UsageError: If a piece has no whole frame.
        """
        pieces = [read_piece(text) for text in texts]
        if self.kinds and not all(frames for frames, _ in pieces):
            raise UsageError("a piece has no whole frame, so nothing was written. Ask for more symbols with --length")
        files = []
        for number, (frames, key) in enumerate(pieces):
            paths = self._paths(number, len(pieces))
            for kind, path in paths.items():
                self._write(kind, path, frames, key, settings)
            files.append([*paths.values()])
        return files

    def _write(self, kind: str, path: Path, frames, key: str, settings) -> None:
        tempo, steps = self.tempo or TEMPO, settings.frames_per_quarter
        if kind == "midi":
            from seqtasks.data.midi import write_midi

            write_midi(path, frames, steps, tempo, drums=settings.drums)
        elif kind == "wav":
            from seqtasks.data.synthesizer import render_wav

            render_wav(path, frames, 60 / tempo / steps, drums=settings.drums)
        else:
            from seqtasks.data.piano_roll import plot_piano_roll

            plot_piano_roll(path, frames, key, steps)

    def _paths(self, number: int, count: int) -> dict[str, Path]:
        """Returns the files of one piece; of several, each is numbered from 1."""
        paths = {kind: Path(path) for kind, path in self.kinds.items()}
        if count > 1:
            paths = {kind: path.with_name(f"{path.stem}-{number + 1}{path.suffix}") for kind, path in paths.items()}
        return paths


def music_options(command: Callable) -> Callable:
    """Adds the options of music; the verb receives them as `output`, a `MusicOutput`."""

    @click.option("--midi", metavar="FILE", help="Music only: write the piece as MIDI; several are numbered.")
    @click.option("--wav", metavar="FILE", help="Music only: write it as sound.")
    @click.option("--png", metavar="FILE", help="Music only: draw it.")
    @click.option(
        "--tempo",
        type=click.FloatRange(10, 600),
        help=f"Music only: quarter notes a minute.  [default: {TEMPO:g}]",
    )
    @click.option("--force", is_flag=True, help="Music only: replace files.")
    @functools.wraps(command)
    def wrapper(*args, midi, wav, png, tempo, force, **kwargs):
        return command(*args, output=MusicOutput(midi, wav, png, tempo, force), **kwargs)

    return wrapper
