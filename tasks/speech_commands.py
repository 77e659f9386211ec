"""Speech commands: which word is said.

Many-to-one: a bidirectional GRU hears the sound, its steps pooled by their maximum and mean.
"""

from seqtasks.data.audio_files import AudioFiles
from seqtasks.data.builtin import spoken_words
from seqtasks.data.tfds_audio import TfdsAudio
from seqtasks.metrics import Accuracy, MacroF1
from seqtasks.registry import register
from seqtasks.sections import Label, Recurrent, Sound, Training
from seqtasks.task import MANY_TO_ONE, Sources, Task


@register("speech_commands")
def speech_commands() -> Task:
    return Task(
        family=MANY_TO_ONE,
        sources=Sources(
            builtin=spoken_words.generate_single,
            tfds={"spoken_digit": TfdsAudio(label="label"), "speech_commands": TfdsAudio(label="label")},
            files=AudioFiles("label"),
            tfds_default=TfdsAudio(label="label"),
        ),
        inputs=Sound(stack=3, tempo_change=0.1, voice_change=0.1),
        targets=Label(),
        model=Recurrent(cell="gru", units=64, layers=2, pooling="max+mean", dropout=0.3),
        metrics=(Accuracy(), MacroF1()),
        monitor="val_accuracy",
        training=Training(
            batch_size=32, epochs=25, learning_rate=3e-3, schedule="linear", warmup_steps=100, average=0.99, patience=10
        ),
        serving_examples=lambda: spoken_words.say("three", "yes", "nine"),
        overrides={"builtin": {"training.epochs": 10}, "tfds:speech_commands": {"inputs.sample_rate": 16_000}},
    )
