"""The sections of a configuration: what goes in, what comes out, the network, its training.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

from seqtasks.sections.inputs import Bases, Clip, Frames, Sound, SourceText, Symbols, Text, Tokens
from seqtasks.sections.network import Recurrent, Training
from seqtasks.sections.targets import Label, NextFrame, NextSymbol, Tags, TargetText, Transcript

Inputs = Tokens | Text | Symbols | Frames | SourceText | Bases | Sound | Clip
Targets = Tags | Label | NextSymbol | NextFrame | TargetText | Transcript

__all__ = [
    "Bases",
    "Clip",
    "Frames",
    "Inputs",
    "Label",
    "NextFrame",
    "NextSymbol",
    "Recurrent",
    "Sound",
    "SourceText",
    "Symbols",
    "Tags",
    "TargetText",
    "Targets",
    "Text",
    "Tokens",
    "Training",
    "Transcript",
]
