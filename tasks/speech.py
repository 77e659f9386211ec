"""Speech: from a sound to what is said in it.

The transcript is shorter than the sound, and no decoder writes it: a bidirectional GRU hears the sound and says a
symbol or a blank at every step, and connectionist temporal classification learns which steps say what.
"""

from seqtasks.data.audio_files import AudioFiles
from seqtasks.data.builtin import spoken_words
from seqtasks.data.tfds_audio import TfdsAudio
from seqtasks.metrics import CharacterErrorRate, WordErrorRate
from seqtasks.registry import register
from seqtasks.sections import Recurrent, Sound, Training, Transcript
from seqtasks.task import TRANSCRIPTION, Sources, Task

_READ_ALOUD = {
    "inputs.sample_rate": 16_000,
    "inputs.bins": 64,
    "inputs.normalize": "bands",
    "model.units": 256,
    "model.layers": 3,
    "training.learning_rate": 2e-3,
    "training.average": 0.999,
}


@register("speech")
def speech() -> Task:
    return Task(
        family=TRANSCRIPTION,
        sources=Sources(
            builtin=spoken_words.generate,
            tfds={
                "yes_no": TfdsAudio(text="label"),
                "spoken_digit": TfdsAudio(text="label"),
                "librispeech": TfdsAudio(audio="speech", text="text"),
                "ljspeech": TfdsAudio(audio="speech", text="text_normalized"),
            },
            files=AudioFiles("text"),
            tfds_default=TfdsAudio(text="text"),
        ),
        inputs=Sound(stack=4, tempo_change=0.1, voice_change=0.1, time_masks=4, time_share=0.05, frequency_width=10),
        targets=Transcript(unit="character"),
        model=Recurrent(cell="gru", units=64, layers=2, dropout=0.2),
        metrics=(WordErrorRate(), CharacterErrorRate()),
        monitor="val_word_accuracy",
        training=Training(
            batch_size=16, epochs=30, learning_rate=5e-3, schedule="linear", warmup_steps=100, average=0.99, patience=10
        ),
        serving_examples=lambda: spoken_words.say("three seven yes", "no", "nine one four zero"),
        overrides={
            "builtin": {"targets.unit": "word", "training.epochs": 12},
            # Six minutes of two words by one voice.
            "tfds:yes_no": {
                "inputs.normalize": "bands",
                "targets.unit": "word",
                "training.batch_size": 8,
                "training.epochs": 100,
                # Of three sounds that validate, the best is chance.
                "training.keep": "last",
            },
            # Hours of sentences that are read aloud, at the rate they come in. Not measured.
            "tfds:librispeech": _READ_ALOUD,
            "tfds:ljspeech": _READ_ALOUD,
        },
    )
