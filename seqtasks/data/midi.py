"""Reads and writes MIDI files as frames: for every time step the pitches that sound in it."""

import io
from pathlib import Path

from seqtasks.errors import DataError, SeqtasksError
from seqtasks.files import replacing

DRUMS = 9
"""The drums' channel of General MIDI, which people count as the tenth."""

_RESOLUTION = 480
_LARGEST_RESOLUTION = 32767
_VELOCITY = 80
_MOST_FRAMES = 1_000_000


def read_midi(path, frames_per_quarter: int = 1, drums: bool = False) -> list[list[int]]:
    """Returns the frames of a MIDI file.

    Time is counted in quarter notes, so changes of tempo do not matter, nor does the sustain pedal.
    Silence at the end is left out.

    Args:
        path: The file.
        frames_per_quarter: How many frames a quarter note has.
        drums: Read the drums, which are left out otherwise, and nothing else. A stroke belongs to
            the one frame whose start it is nearest to.

    Returns:
        For each frame the sorted pitches that sound at its start.

    Raises:
        DataError: If the file is not MIDI, is cut off, or holds no such notes.
        SeqtasksError: If mido is not installed.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path) from error
    return decode_midi(content, frames_per_quarter, drums, path)[0]


def decode_midi(
    content: bytes, frames_per_quarter: int = 1, drums: bool = False, path=None
) -> tuple[list[list[int]], str]:
    """Returns the frames and the key of a MIDI file's content. See `read_midi`.

    Args:
        content: The bytes of the file.
        frames_per_quarter: How many frames a quarter note has.
        drums: Read the drums and nothing else.
        path: The file, for error messages.

    Returns:
        The frames, and the first key signature as `"C major"` or `"A minor"`, or `""` where there is none.
    """
    _check_frames_per_quarter(frames_per_quarter)
    midi = _parse(content, path)
    notes, key = [], ""
    for track in midi.tracks:
        found, signature = _notes(track, drums)
        notes += found
        key = key or signature
    pick = _nearest if drums else _sounding
    steps = [(pitch, pick(start, end, frames_per_quarter, midi.ticks_per_beat)) for pitch, start, end in notes]
    length = max((frames.stop for _, frames in steps if frames), default=0)
    if not length:
        missing = "no drums: there are no notes on channel 10" if drums else "no notes, but for drums on channel 10"
        raise DataError(f"{missing} that sound in a frame" if notes else missing, path)
    if length > _MOST_FRAMES:
        raise DataError(f"broken MIDI: it is {length:,} frames long, more than {_MOST_FRAMES:,}", path)
    pitches: list[set[int]] = [set() for _ in range(length)]
    for pitch, frames in steps:
        for frame in frames:
            pitches[frame].add(pitch)
    return [sorted(frame) for frame in pitches], key


def write_midi(
    path, frames, frames_per_quarter: int = 1, tempo: float = 100, program: int = 0, drums: bool = False
) -> None:
    """Writes frames as a MIDI file.

    Args:
        path: The file to make or replace.
        frames: For each frame the pitches that sound in it. The same pitch in frames that follow each
            other is one held note, but for drums, which are struck in every frame.
        frames_per_quarter: How many frames a quarter note has.
        tempo: Quarter notes a minute.
        program: Instrument of General MIDI, counted from 0, the grand piano.
        drums: Write the pitches as drums.

    Raises:
        SeqtasksError: If mido is not installed.
    """
    _check_frames_per_quarter(frames_per_quarter)
    mido = _mido()
    ticks = max(1, _RESOLUTION // frames_per_quarter)
    channel = DRUMS if drums else 0
    events = []
    for pitch, start, end in held_notes(frames, joined=not drums):
        # Ends come before starts, so that a drum struck again is not silenced at once.
        events.append((start * ticks, 1, pitch))
        events.append((end * ticks, 0, pitch))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    if not drums:
        track.append(mido.Message("program_change", channel=channel, program=program))
    now = 0
    for time, starts, pitch in sorted(events):
        kind = "note_on" if starts else "note_off"
        track.append(
            mido.Message(kind, channel=channel, note=pitch, velocity=_VELOCITY if starts else 0, time=time - now)
        )
        now = time
    track.append(mido.MetaMessage("end_of_track", time=len(frames) * ticks - now))
    with replacing(path) as temporary:
        mido.MidiFile(type=0, ticks_per_beat=ticks * frames_per_quarter, tracks=[track]).save(temporary)


def check_midi_package() -> None:
    """Raises a `SeqtasksError` that tells how to install mido, if it is not installed."""
    _mido()


def held_notes(frames, joined: bool = True) -> list[tuple[int, int, int]]:
    """Returns the notes that frames are made of, as pitch, first frame and the frame after the last.

    Args:
        frames: For each frame the pitches that sound in it.
        joined: Whether the same pitch in frames that follow each other is one note.
    """
    notes, started = [], {}
    for time, frame in enumerate([*frames, ()]):
        sounding = set(frame)
        for pitch in sorted(started):
            if pitch not in sounding or not joined:
                notes.append((pitch, started.pop(pitch), time))
        for pitch in sounding:
            started.setdefault(pitch, time)
    return sorted(notes, key=lambda note: (note[1], note[0]))


def _mido():
    try:
        import mido
    except ImportError as error:
        raise SeqtasksError(f'MIDI needs mido: {error}. Install it with pip install "seqtasks[music]"') from error
    return mido


def _check_frames_per_quarter(frames_per_quarter: int) -> None:
    if not 1 <= frames_per_quarter <= _LARGEST_RESOLUTION:
        raise ValueError(f"frames_per_quarter must be from 1 to {_LARGEST_RESOLUTION}. Received: {frames_per_quarter}")


def _parse(content: bytes, path):
    mido = _mido()
    if not content.startswith(b"MThd"):
        raise DataError(f"not a MIDI file: it starts with {content[:4]!r}, not b'MThd'", path)
    try:
        midi = mido.MidiFile(file=io.BytesIO(content))
    except EOFError as error:
        raise DataError("the MIDI file is cut off", path) from error
    # Broken bytes surface as whatever the decoder of the message at hand happens to raise.
    except Exception as error:
        raise DataError(f"broken MIDI: {error}", path) from error
    if midi.type == 2:
        raise DataError("MIDI of format 2, tracks that do not sound together, cannot be read", path)
    if midi.ticks_per_beat <= 0:
        raise DataError("MIDI timed in seconds (SMPTE), not in quarter notes, cannot be read", path)
    return midi


def _notes(track, drums: bool) -> tuple[list[tuple[int, int, int]], str]:
    """Returns the notes of a track, as pitch, start and end in ticks, and its first key signature."""
    notes, started, now, key = [], {}, 0, ""
    for message in track:
        now += message.time
        if message.type == "key_signature":
            key = key or _key_name(message.key)
        elif message.type in ("note_on", "note_off") and (message.channel == DRUMS) == drums:
            # Two voices of a track may meet on a pitch: as many ends as starts.
            starts = started.setdefault((message.channel, message.note), [])
            if message.type == "note_on" and message.velocity:
                starts.append(now)
            elif starts:
                notes.append((message.note, starts.pop(), now))
    notes += [(pitch, start, now) for (_, pitch), starts in started.items() for start in starts]
    return notes, key


def _key_name(key: str) -> str:
    return f"{key.removesuffix('m')} {'minor' if key.endswith('m') else 'major'}"


def _sounding(start: int, end: int, frames_per_quarter: int, ticks_per_quarter: int) -> range:
    """Returns the frames at whose start a note sounds."""
    return range(*(-(-time * frames_per_quarter // ticks_per_quarter) for time in (start, end)))


def _nearest(start: int, _end: int, frames_per_quarter: int, ticks_per_quarter: int) -> range:
    """Returns the frame whose start is nearest: drummers strike before the beat as often as after it."""
    frame = (2 * start * frames_per_quarter + ticks_per_quarter) // (2 * ticks_per_quarter)
    return range(frame, frame + 1)
