"""Music: which notes come next.

One-to-many: an LSTM reads a piece note by note and gives the probabilities of the next.
"""

from seqtasks.data.builtin import melodies
from seqtasks.data.midi_files import MidiFiles
from seqtasks.data.tfds_midi import TfdsMidi
from seqtasks.metrics.frames import FrameLikelihood
from seqtasks.registry import register
from seqtasks.sections import Frames, NextFrame, Recurrent, Training
from seqtasks.task import ONE_TO_MANY, Sources, Task


@register("music")
def music() -> Task:
    return Task(
        family=ONE_TO_MANY,
        sources=Sources(
            builtin=melodies.generate,
            tfds={"groove/full-midionly": TfdsMidi()},
            files=MidiFiles(),
        ),
        inputs=Frames(order="descending", embedding_size=100, context="document", window=128),
        targets=NextFrame(notes="chain"),
        model=Recurrent(
            cell="lstm", units=400, bidirectional=False, dropout=0.5, embedding_dropout=0.1, recurrent_dropout=0.25
        ),
        metrics=(FrameLikelihood(),),
        monitor="val_log_likelihood",
        training=Training(
            batch_size=16, epochs=30, learning_rate=5e-3, schedule="linear", warmup_steps=100, average=0.99, patience=4
        ),
        serving_examples=("key:C_major", "60 64 67 | 60 65 69 |", ""),
        overrides={
            "builtin": {
                "inputs.frames_per_quarter": melodies.FRAMES_PER_QUARTER,
                "inputs.embedding_size": 64,
                "model.units": 160,
                "model.dropout": 0.2,
                "model.embedding_dropout": 0.0,
                "model.recurrent_dropout": 0.0,
                "training.epochs": 25,
                "training.learning_rate": 8e-3,
            },
            "tfds:groove": {
                "inputs.frames_per_quarter": 4,
                "inputs.drums": True,
                "training.batch_size": 32,
                "training.epochs": 10,
            },
        },
    )
