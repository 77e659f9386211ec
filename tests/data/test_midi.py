import contextlib
import io
import sys
from itertools import pairwise

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.midi import decode_midi, held_notes, read_midi, write_midi
from seqtasks.errors import DataError, SeqtasksError

PITCHES = st.lists(st.integers(0, 127), max_size=5, unique=True).map(sorted)
PIECES = st.lists(PITCHES, min_size=1, max_size=20).filter(lambda frames: frames[-1])


def content(*tracks, resolution=480, kind=1):
    """Returns a MIDI file of tracks of (name, time, values)."""
    file = io.BytesIO()
    made = []
    for track in tracks:
        messages = [
            (mido.MetaMessage if name in ("key_signature", "set_tempo") else mido.Message)(name, time=time, **values)
            for name, time, values in track
        ]
        made.append(mido.MidiTrack(messages))
    mido.MidiFile(type=kind, ticks_per_beat=resolution, tracks=made).save(file=file)
    return file.getvalue()


def on(time, note, channel=0, velocity=64):
    return "note_on", time, {"note": note, "channel": channel, "velocity": velocity}


def off(time, note, channel=0):
    return "note_off", time, {"note": note, "channel": channel}


@given(PIECES, st.integers(1, 8) | st.sampled_from([479, 480, 481, 960]), st.booleans())
def test_what_is_written_is_read(tmp_path_factory, frames, frames_per_quarter, drums):
    path = tmp_path_factory.getbasetemp() / "round_trip.mid"
    write_midi(path, frames, frames_per_quarter, drums=drums)
    assert read_midi(path, frames_per_quarter, drums) == frames


def test_what_is_written_is_midi_as_mido_reads_it(tmp_path):
    path = tmp_path / "new" / "piece.mid"
    write_midi(path, [[60, 64], [60], [], [60]], frames_per_quarter=2, tempo=90, program=48)
    messages = list(mido.MidiFile(path))
    assert [path.name for path in path.parent.iterdir()] == ["piece.mid"]
    assert mido.tempo2bpm(next(m.tempo for m in messages if m.type == "set_tempo")) == pytest.approx(90)
    assert [m.program for m in messages if m.type == "program_change"] == [48]
    seconds, events = 0.0, []
    for message in messages:
        seconds += message.time
        if message.type in ("note_on", "note_off"):
            events.append((message.type, message.note, round(seconds * 3, 3)))
    assert events == [
        ("note_on", 60, 0),
        ("note_on", 64, 0),
        ("note_off", 64, 1),
        ("note_off", 60, 2),
        ("note_on", 60, 3),
        ("note_off", 60, 4),
    ]


def test_drums_are_struck_in_every_frame(tmp_path):
    write_midi(tmp_path / "drums.mid", [[36], [36, 42]], drums=True)
    strokes = [m for m in mido.MidiFile(tmp_path / "drums.mid") if m.type == "note_on"]
    assert [(m.channel, m.note) for m in strokes] == [(9, 36), (9, 36), (9, 42)]


def test_a_pitch_that_is_none_leaves_no_file(tmp_path):
    with pytest.raises(ValueError, match=r"0\.\.127"):
        write_midi(tmp_path / "piece.mid", [[60], [128]])
    assert list(tmp_path.iterdir()) == []


@given(st.lists(PITCHES, max_size=20), st.booleans())
def test_held_notes_cover_the_frames(frames, joined):
    notes = held_notes(frames, joined)
    covered = sorted((time, pitch) for pitch, start, end in notes for time in range(start, end))
    assert covered == [(time, pitch) for time, frame in enumerate(frames) for pitch in frame]
    for (pitch, _, end), (other, start, _) in pairwise(sorted(notes)):
        assert pitch != other or not joined or end < start


def test_a_frame_holds_what_sounds_at_its_start():
    # 60 lasts one and a half quarters, 62 sounds between two starts, 64 starts with the last frame.
    piece = content([on(0, 60), on(500, 62), off(100, 62), off(120, 60), on(240, 64), off(1, 64)])
    assert decode_midi(piece)[0] == [[60], [60], [64]]
    assert decode_midi(piece, 2)[0] == [[60], [60], [60], [], [64]]


def test_a_stroke_belongs_to_the_frame_nearest_to_it():
    piece = content([on(0, 36, 9), on(119, 38, 9), on(2, 42, 9), on(120, 46, 9, velocity=0)])
    assert decode_midi(piece, 2, drums=True)[0] == [[36, 38], [42]]


def test_drums_and_other_notes_are_read_apart():
    piece = content([on(0, 60), off(480, 60)], [on(0, 36, 9), off(480, 36, 9)])
    assert decode_midi(piece)[0] == [[60]]
    assert decode_midi(piece, drums=True)[0] == [[36]]
    with pytest.raises(DataError, match="no notes, but for drums on channel 10"):
        decode_midi(content([on(0, 36, 9)]))
    with pytest.raises(DataError, match="no drums: there are no notes on channel 10"):
        decode_midi(content([on(0, 36)]), drums=True)


def test_notes_end_as_often_as_they_start():
    # A start of velocity 0 is an end; two voices meet on 60; 64 never ends, so the track's end ends it.
    track = [on(0, 60), on(480, 60), on(480, 60, velocity=0), on(0, 64), off(480, 60), off(480, 62)]
    assert decode_midi(content(track))[0] == [[60], [60], [60, 64], [64]]


def test_voices_of_several_tracks_and_changes_of_tempo():
    tempo = [("set_tempo", 0, {"tempo": 600_000}), ("set_tempo", 480, {"tempo": 100_000})]
    soprano, bass = [on(0, 72), off(960, 72)], [on(480, 48, 3), off(480, 48, 3)]
    assert decode_midi(content(tempo, soprano, bass))[0] == [[72], [48, 72]]


@pytest.mark.parametrize(("written", "expected"), [("C", "C major"), ("F#m", "F# minor"), ("Bb", "Bb major")])
def test_the_key_is_the_first_signature(written, expected):
    signatures = [("key_signature", 0, {"key": written}), ("key_signature", 480, {"key": "D"})]
    later = [("key_signature", 0, {"key": "E"}), on(0, 60), off(480, 60)]
    assert decode_midi(content(signatures, later))[1] == expected
    assert decode_midi(content([on(0, 60), off(480, 60)]))[1] == ""


def test_files_that_are_not_midi(tmp_path):
    piece = content([on(0, 60), off(480, 60)])
    path = tmp_path / "piece.mid"
    smpte = piece[:12] + b"\xe7\x28" + piece[14:]
    endless = content([on(0, 60), *[("control_change", 2**28 - 1, {"control": 1})] * 2], resolution=1)
    for bad, message in [
        (b"", "not a MIDI file"),
        (b"RIFF....", "not a MIDI file: it starts with b'RIFF'"),
        *[(piece[:length], "cut off|broken MIDI") for length in range(4, len(piece))],
        (piece.replace(b"\x90\x3c", b"\x90\xbc"), "broken MIDI"),
        (content([]), "no notes"),
        (content([on(10, 60), off(10, 60)]), "no notes.* that sound in a frame"),
        (content([on(0, 60), off(480, 60)], kind=2), "format 2"),
        (smpte, "SMPTE"),
        (endless, "536,870,910 frames long"),
    ]:
        path.write_bytes(bad)
        with pytest.raises(DataError, match=rf"piece\.mid: .*({message})"):
            read_midi(path)
    with pytest.raises(DataError, match=r"none\.mid: cannot be read: No such file"):
        read_midi(tmp_path / "none.mid")


@given(st.data())
def test_broken_bytes_give_frames_or_a_data_error(data):
    piece = bytearray(content([("key_signature", 0, {"key": "Am"}), on(0, 60), off(480, 60)], [on(0, 64), off(9, 64)]))
    for _ in range(data.draw(st.integers(1, 4))):
        piece[data.draw(st.integers(0, len(piece) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        assert decode_midi(bytes(piece))[0][-1]


def test_frames_per_quarter_is_checked(tmp_path):
    with pytest.raises(ValueError, match="Received: 0"):
        write_midi(tmp_path / "piece.mid", [[60]], frames_per_quarter=0)
    with pytest.raises(ValueError, match="Received: 0"):
        decode_midi(content([on(0, 60)]), 0)


def test_without_mido_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(SeqtasksError, match=r'pip install "seqtasks\[music\]"') as caught:
        write_midi(tmp_path / "piece.mid", [[60]])
    # Such a file is no bad file, to be skipped.
    assert not isinstance(caught.value, DataError)
