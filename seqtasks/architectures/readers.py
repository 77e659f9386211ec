"""Which layer a network begins with, by what goes in."""

from seqtasks.architectures.base_reader import BaseReader
from seqtasks.architectures.frame_encoder import FrameReader
from seqtasks.architectures.sound_reader import SoundReader
from seqtasks.architectures.token_reader import TokenReader
from seqtasks.architectures.word_reader import WordReader
from seqtasks.data.base_codec import BaseCodec
from seqtasks.data.clip_codec import ClipCodec
from seqtasks.data.sound_codec import SoundCodec
from seqtasks.data.token_codec import TokenCodec
from seqtasks.data.word_codec import WordCodec

_READERS = {
    BaseCodec: BaseReader,
    ClipCodec: FrameReader,
    SoundCodec: SoundReader,
    TokenCodec: TokenReader,
    WordCodec: WordReader,
}


def reader_of(config, codec):
    """Returns the layer that turns a codec's features into sequences of vectors and their mask.

    Args:
        config: The run's configuration.
        codec: The fitted codec; see `seqtasks.data.codecs`.
    """
    return _READERS[type(codec)](config, codec)
