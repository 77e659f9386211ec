"""The files that `seqtasks new` writes."""

from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY

_MANY_TO_ONE = '''"""NAME: does a text tell of good or bad weather? Change this into your task.

    seqtasks run NAME --code PATH/TO/THIS/FILE                      generated examples
    seqtasks run NAME --code PATH/TO/THIS/FILE --data texts.csv     your own, with the columns text and label
"""

import random

from seqtasks.data.delimited import DelimitedFiles
from seqtasks.data.tfds_features import TfdsText
from seqtasks.metrics import Accuracy, MacroF1
from seqtasks.registry import register
from seqtasks.sections import Label, Recurrent, Text, Training
from seqtasks.task import MANY_TO_ONE, Sources, Task

PLACES = ("the coast", "the hills", "the city", "the north", "our valley")
WEATHER = {"good": ("sunny", "warm", "bright"), "bad": ("rainy", "stormy", "foggy")}
OPPOSITE = {"good": "bad", "bad": "good"}


def generate(seed: int) -> dict:
    """Returns generated examples by split. Yours may come from anywhere."""
    draw = random.Random(seed)

    def example() -> dict:
        label = draw.choice(("good", "bad"))
        negated = draw.random() < 0.3
        word = draw.choice(WEATHER[OPPOSITE[label] if negated else label])
        text = f"It is {'not ' * negated}{word} in {draw.choice(PLACES)}"
        return {"text": text, "label": label}

    return {split: [example() for _ in range(n)] for split, n in (("train", 400), ("validation", 60), ("test", 60))}


@register("NAME")
def NAME() -> Task:
    return Task(
        family=MANY_TO_ONE,
        sources=Sources(
            builtin=generate,
            files=DelimitedFiles(text="text", label="label"),
            tfds_default=TfdsText(text="text", label="label"),
        ),
        inputs=Text(max_words=20_000, embedding_size=50),
        targets=Label(),
        model=Recurrent(cell="gru", units=50, pooling="max", dropout=0.2),
        metrics=(Accuracy(), MacroF1()),
        monitor="val_accuracy",
        training=Training(batch_size=32, epochs=8, learning_rate=5e-3),
        serving_examples=("It is not foggy in the city", "It is stormy in our valley"),
    )
'''

_MANY_TO_MANY = '''"""NAME: which words of a sentence name food or drink? Change this into your task.

    seqtasks run NAME --code PATH/TO/THIS/FILE                    generated examples
    seqtasks run NAME --code PATH/TO/THIS/FILE --data FOLDER      your own CoNLL columns: train.txt, test.txt
"""

import random

from seqtasks.data.conll import ConllFiles
from seqtasks.data.tfds_features import TfdsTags
from seqtasks.metrics import SpanF1, TokenAccuracy
from seqtasks.registry import register
from seqtasks.sections import Recurrent, Tags, Tokens, Training
from seqtasks.task import MANY_TO_MANY, Sources, Task

WHO = ("Anna", "My neighbour", "The guest", "Nobody")
WHAT = {"FOOD": ("rye bread", "soup", "apple pie"), "DRINK": ("green tea", "apple juice", "coffee")}


def generate(seed: int) -> dict:
    """Returns generated examples by split. Yours may come from anywhere."""
    draw = random.Random(seed)

    def example() -> dict:
        tokens, tags = draw.choice(WHO).split() + ["ordered"], []
        tags += ["O"] * len(tokens)
        for number, kind in enumerate(draw.sample(("FOOD", "DRINK"), draw.choice((1, 2)))):
            words = draw.choice(WHAT[kind]).split()
            tokens += ["and"] * number + words
            tags += ["O"] * number + [f"B-{kind}"] + [f"I-{kind}"] * (len(words) - 1)
        return {"tokens": [*tokens, "."], "tags": [*tags, "O"]}

    return {split: [example() for _ in range(n)] for split, n in (("train", 400), ("validation", 60), ("test", 60))}


@register("NAME")
def NAME() -> Task:
    return Task(
        family=MANY_TO_MANY,
        sources=Sources(
            builtin=generate, files=ConllFiles(), tfds_default=TfdsTags(tokens="tokens", tags="tags")
        ),
        inputs=Tokens(embedding_size=50, characters=False, affixes=True),
        targets=Tags(scheme="BIO"),
        model=Recurrent(cell="gru", units=50, head="crf", dropout=0.2),
        metrics=(SpanF1(), TokenAccuracy()),
        monitor="val_span_f1",
        training=Training(batch_size=32, epochs=5, learning_rate=5e-3),
        serving_examples=("Anna ordered apple juice and apple pie .",),
    )
'''

_ONE_TO_MANY = '''"""NAME: how a weather report goes on. Change this into your language model.

    seqtasks run NAME --code PATH/TO/THIS/FILE                    generated examples
    seqtasks run NAME --code PATH/TO/THIS/FILE --data FOLDER      your own text: train.txt, valid.txt, test.txt
"""

import random

from seqtasks.data.plain_text import TextFiles
from seqtasks.data.tfds_features import TfdsPlainText
from seqtasks.metrics import Perplexity
from seqtasks.registry import register
from seqtasks.sections import NextSymbol, Recurrent, Symbols, Training
from seqtasks.task import ONE_TO_MANY, Sources, Task

PLACES = ("the coast", "the hills", "the city", "the north", "our valley")
WEATHER = {"sunny": "dry", "warm": "dry", "rainy": "wet", "stormy": "wet"}


def generate(seed: int) -> dict:
    """Returns generated examples by split. Yours may come from anywhere."""
    draw = random.Random(seed)

    def example() -> dict:
        word = draw.choice(list(WEATHER))
        return {"text": f"today it is {word} in {draw.choice(PLACES)} , so the roads are {WEATHER[word]} ."}

    return {split: [example() for _ in range(n)] for split, n in (("train", 400), ("validation", 60), ("test", 60))}


@register("NAME")
def NAME() -> Task:
    return Task(
        family=ONE_TO_MANY,
        sources=Sources(builtin=generate, files=TextFiles(lines=True), tfds_default=TfdsPlainText()),
        inputs=Symbols(unit="word", embedding_size=50),
        targets=NextSymbol(),
        model=Recurrent(cell="gru", units=50, bidirectional=False, dropout=0.1),
        metrics=(Perplexity(),),
        monitor="val_log_likelihood",
        training=Training(batch_size=32, epochs=10, learning_rate=1e-2),
        serving_examples=("today it is stormy in", ""),
    )
'''

_ENCODER_DECODER = '''"""NAME: numbers in words become digits. Change this into your translation.

    seqtasks run NAME --code PATH/TO/THIS/FILE                       generated examples
    seqtasks run NAME --code PATH/TO/THIS/FILE --data pairs.tsv      your own: a text and its translation in each row
"""

import random

from seqtasks.data.parallel_files import ParallelFiles
from seqtasks.data.tfds_translation import TfdsTranslation
from seqtasks.metrics import ChrF, ExactMatch
from seqtasks.registry import register
from seqtasks.sections import Recurrent, SourceText, TargetText, Training
from seqtasks.task import ENCODER_DECODER, Sources, Task

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number: int) -> str:
    """Returns a number below a thousand as it is said."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f" {SMALL[number % 10]}" if number % 10 else "")
    return f"{SMALL[number // 100]} hundred" + (f" and {in_words(number % 100)}" if number % 100 else "")


def generate(seed: int) -> dict:
    """Returns generated examples by split. Yours may come from anywhere."""
    numbers = random.Random(seed).sample(range(1000), 1000)
    pairs = [{"source": in_words(number), "target": str(number)} for number in numbers]
    return {"train": pairs[:880], "validation": pairs[880:940], "test": pairs[940:]}


@register("NAME")
def NAME() -> Task:
    return Task(
        family=ENCODER_DECODER,
        sources=Sources(builtin=generate, files=ParallelFiles(), tfds_default=TfdsTranslation()),
        inputs=SourceText(unit="word", embedding_size=32),
        targets=TargetText(unit="character", embedding_size=32),
        model=Recurrent(cell="gru", units=64, dropout=0.1),
        metrics=(ExactMatch(), ChrF()),
        monitor="val_exact_match",
        training=Training(batch_size=32, epochs=12, learning_rate=1e-2, schedule="linear"),
        serving_examples=("four hundred and seventeen", "sixty"),
    )
'''

TEMPLATES = {
    MANY_TO_MANY: _MANY_TO_MANY,
    MANY_TO_ONE: _MANY_TO_ONE,
    ONE_TO_MANY: _ONE_TO_MANY,
    ENCODER_DECODER: _ENCODER_DECODER,
}
"""By family, a file that works as it is; NAME is the task's name."""
