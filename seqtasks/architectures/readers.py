"""Which layer a network begins with, by what goes in."""

from seqtasks.architectures.base_reader import BaseReader
from seqtasks.architectures.token_reader import TokenReader
from seqtasks.architectures.word_reader import WordReader
from seqtasks.data.base_codec import BaseCodec
from seqtasks.data.token_codec import TokenCodec
from seqtasks.data.word_codec import WordCodec

_READERS = {BaseCodec: BaseReader, TokenCodec: TokenReader, WordCodec: WordReader}


def reader_of(config, codec):
    """Returns the layer that turns a codec's features into sequences of vectors and their mask.

    Args:
        config: The run's configuration.
        codec: The fitted codec; see `seqtasks.data.codecs`.
    """
    return _READERS[type(codec)](config, codec)
