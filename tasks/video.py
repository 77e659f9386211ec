"""Video: what happens in a clip.

Many-to-one: convolutions read each frame and how it differs from the one before, and a GRU reads the frames.
"""

from seqtasks.data.tfds_video import TfdsVideo
from seqtasks.data.video_files import VideoFiles
from seqtasks.metrics import Accuracy, MacroF1
from seqtasks.registry import register
from seqtasks.sections import Clip, Label, Recurrent, Training
from seqtasks.task import MANY_TO_ONE, Example, Sources, Task


@register("video")
def video() -> Task:
    return Task(
        family=MANY_TO_ONE,
        sources=Sources(
            builtin=_moving_shapes,
            tfds={"ucf101": TfdsVideo()},
            files=VideoFiles(),
            tfds_default=TfdsVideo(),
        ),
        inputs=Clip(mirror=0.5, shift=4),
        targets=Label(),
        model=Recurrent(cell="gru", units=64, bidirectional=False, pooling="mean", dropout=0.3),
        metrics=(Accuracy(), MacroF1()),
        monitor="val_accuracy",
        training=Training(
            batch_size=16,
            epochs=40,
            learning_rate=1e-3,
            schedule="linear",
            warmup_steps=100,
            average=0.99,
            patience=10,
            jit_compile=False,
        ),
        serving_examples=lambda: _example_clips("circles clockwise", "shrinks"),
        overrides={
            "builtin": {
                "inputs.frame_size": 32,
                # Mirrored, what moves left moves right.
                "inputs.mirror": 0.0,
            },
        },
    )


def _moving_shapes(seed: int) -> dict[str, list[Example]]:
    from seqtasks.data.builtin.moving_shapes import generate

    return generate(seed)


def _example_clips(*activities: str) -> list:
    from seqtasks.data.builtin.moving_shapes import show

    return show(*activities)
