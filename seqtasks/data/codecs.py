"""Which codec turns which kind of input into numbers."""

import importlib

from seqtasks.sections import Bases, Clip, Sound, Text, Tokens

_CODECS = {
    Text: ("word_codec", "WordCodec"),
    Tokens: ("token_codec", "TokenCodec"),
    Bases: ("base_codec", "BaseCodec"),
    Clip: ("clip_codec", "ClipCodec"),
    Sound: ("sound_codec", "SoundCodec"),
}


def codec_class(inputs) -> type:
    """Returns the codec of a configuration's section of inputs.

    A codec has `fit(inputs, train)`, `save(folder)`, `load(inputs, folder)`; `encode(examples)`, which returns an
    `seqtasks.data.pipeline.Encoded`; `lengths` to pad to; and `graph()`, the `tf.Module` whose `features` does the same
    in an export.

    Args:
        inputs: The section.
    """
    module, name = _CODECS[type(inputs)]
    return getattr(importlib.import_module(f"seqtasks.data.{module}"), name)
