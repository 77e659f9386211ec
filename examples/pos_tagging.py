"""Part-of-speech tagging: a third task in one file.

seqtasks run pos --code examples/pos_tagging.py --data tfds:universal_dependencies/en_partut
"""

import random

from seqtasks.data.conll import ConllFiles
from seqtasks.data.tfds_features import TfdsTags
from seqtasks.metrics.spans import TokenAccuracy
from seqtasks.registry import register
from seqtasks.sections import Recurrent, Tags, Tokens, Training
from seqtasks.task import MANY_TO_MANY, Sources, Task

WORDS = {
    "DET": ("the", "a", "every", "no"),
    "ADJ": ("small", "old", "green", "quiet"),
    "NOUN": ("dog", "river", "walk", "train", "answer"),
    "VERB": ("sees", "finds", "walks", "trains", "answers"),
    "ADP": ("near", "behind", "with"),
}
PATTERNS = ("DET NOUN VERB", "DET ADJ NOUN VERB DET NOUN", "DET NOUN ADP DET NOUN VERB", "NOUN VERB DET ADJ NOUN")


def generate(seed: int) -> dict:
    """Returns short sentences of a toy grammar, by split."""
    rng = random.Random(seed)

    def sentence() -> dict:
        tags = rng.choice(PATTERNS).split()
        return {"tokens": [rng.choice(WORDS[tag]) for tag in tags], "tags": tags}

    return {
        name: [sentence() for _ in range(size)] for name, size in (("train", 800), ("validation", 100), ("test", 100))
    }


@register("pos")
def pos() -> Task:
    return Task(
        family=MANY_TO_MANY,
        sources=Sources(
            builtin=generate,
            tfds={"universal_dependencies": TfdsTags(tokens="tokens", tags="upos")},
            files=ConllFiles(),
        ),
        inputs=Tokens(affixes=True),
        targets=Tags(scheme="plain"),
        model=Recurrent(units=100, head="softmax", embedding_dropout=0.3, rare_word_dropout=0.5),
        metrics=(TokenAccuracy(),),
        monitor="val_token_accuracy",
        training=Training(batch_size=16, epochs=12, learning_rate=2e-3, schedule="linear", average=0.99),
        serving_examples=("The old dog walks near the river", "No answer helps"),
        overrides={"builtin": {"training.epochs": 3}},
    )
