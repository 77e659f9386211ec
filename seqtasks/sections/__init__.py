"""The sections of a configuration: what goes in, what comes out, the network, its training.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

from seqtasks.sections.inputs import Frames, SourceText, Symbols, Text, Tokens
from seqtasks.sections.network import Recurrent, Training
from seqtasks.sections.targets import Label, NextFrame, NextSymbol, Tags, TargetText

__all__ = [
    "Frames",
    "Label",
    "NextFrame",
    "NextSymbol",
    "Recurrent",
    "SourceText",
    "Symbols",
    "Tags",
    "TargetText",
    "Text",
    "Tokens",
    "Training",
]
