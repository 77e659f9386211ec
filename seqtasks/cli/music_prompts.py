"""What a model of music is asked on the command line: notes, a key, or a MIDI file."""

from seqtasks.data.music_text import key_symbol, read_piece, write_piece
from seqtasks.errors import UsageError, did_you_mean

_MIDI = (".mid", ".midi")


def written_piece(words: str, settings) -> str:
    """Returns a piece, or the beginning of one, as a model of music reads it.

    Args:
        words: Its text, the name of a key, or that of a MIDI file.
        settings: The model's `seqtasks.serving.music_settings.MusicSettings`.

    Raises:
        UsageError: If it is none of them, or has a key that the model does not know.
        DataError: If the MIDI file cannot be read.
    """
    if words.lower().endswith(_MIDI):
        from seqtasks.data.midi import read_midi

        return write_piece(read_midi(words, settings.frames_per_quarter, settings.drums), order=settings.order)
    keys = {key.lower(): key for key in settings.keys}
    name = " ".join(words.replace("_", " ").split())
    if name.lower() in keys:
        return key_symbol(keys[name.lower()])
    try:
        _, key = read_piece(words)
    except UsageError as error:
        known = f". Keys by name: {', '.join(settings.keys)}" if settings.keys else ""
        raise UsageError(f"{error}{known}") from None
    if key and key not in settings.keys:
        raise UsageError(f"the model knows no key {key!r}." + did_you_mean(key, settings.keys))
    return words
