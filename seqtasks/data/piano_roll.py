"""Draws frames of pitches as a piano roll."""

from seqtasks.data.midi import held_notes
from seqtasks.files import replacing

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_MOST_NAMED = 24


def plot_piano_roll(path, frames, title: str = "", frames_per_quarter: int = 1) -> None:
    """Draws every note as a bar, time to the right and pitch upwards, into a PNG file.

    Args:
        path: The file to make or replace.
        frames: For each frame the MIDI pitches that sound in it. The same pitch in frames that follow
            each other is one held note.
        title: What stands above the picture.
        frames_per_quarter: How many frames a quarter note has.
    """
    from matplotlib.figure import Figure

    notes = held_notes(frames)
    pitches = sorted({pitch for pitch, _, _ in notes}) or [60]
    # Wide and high enough to tell notes apart, up to what a screen shows.
    width, height = min(24, max(6, len(frames) / 6)), min(12, 1.5 + (pitches[-1] - pitches[0]) / 8)
    figure = Figure(figsize=(width, height), layout="constrained")
    panel = figure.subplots()
    panel.barh(
        [pitch for pitch, _, _ in notes],
        [(end - start) / frames_per_quarter for _, start, end in notes],
        left=[start / frames_per_quarter for _, start, _ in notes],
        height=0.8,
        edgecolor="white",
        linewidth=0.5,
    )
    panel.set_xlim(0, max(1, len(frames)) / frames_per_quarter)
    panel.set_ylim(pitches[0] - 1, pitches[-1] + 1)
    named = pitches if len(pitches) <= _MOST_NAMED else [p for p in range(pitches[0], pitches[-1] + 1) if p % 12 == 0]
    panel.set_yticks(named, [note_name(pitch) for pitch in named], fontsize="x-small")
    panel.locator_params(axis="x", steps=[1, 2, 4, 8, 10], integer=True)
    panel.grid(linewidth=0.3)
    panel.set_axisbelow(True)
    panel.set_xlabel("quarter notes")
    # A dollar sign in a file's name starts no formula.
    panel.set_title(title, parse_math=False)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def note_name(pitch: int) -> str:
    """Returns the name of a MIDI pitch, as `"C4"` for 60."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"
