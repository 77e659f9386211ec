"""The sections of a configuration: what goes in, what comes out, the network, its training.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

from seqtasks.sections.inputs import Bases, Frames, SourceText, Symbols, Text, Tokens
from seqtasks.sections.network import Recurrent, Training
from seqtasks.sections.targets import Label, NextFrame, NextSymbol, Tags, TargetText

Inputs = Tokens | Text | Symbols | Frames | SourceText | Bases
Targets = Tags | Label | NextSymbol | NextFrame | TargetText

__all__ = [
    "Bases",
    "Frames",
    "Inputs",
    "Label",
    "NextFrame",
    "NextSymbol",
    "Recurrent",
    "SourceText",
    "Symbols",
    "Tags",
    "TargetText",
    "Targets",
    "Text",
    "Tokens",
    "Training",
]
