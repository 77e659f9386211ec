"""`seqtasks new`: a task file that works, to start from."""

from pathlib import Path

from seqtasks import registry
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.files import write_text
from seqtasks.task import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY


def new_task(name: str, path=None, *, family: str = MANY_TO_ONE, force: bool = False) -> Path:
    """Writes a new task file. It trains as it is, on a handful of generated examples.

    Args:
        name: The task's name, a Python identifier.
        path: Where to write; `<name>.py` in the current folder when None.
        family: `"many_to_many"` for one tag a word, `"many_to_one"` for one label a text, `"one_to_many"` for texts
            that go on.
        force: Replace the file if it exists.

    Returns:
        The file's path. It is tried with `seqtasks run NAME --code PATH`.

    Raises:
        UsageError: For a name that is taken or no identifier, an unknown family, or a file that exists.
    """
    if not name.isidentifier() or not name.isascii():
        raise UsageError(f"a task's name is made of letters, digits and _. Received: {name!r}")
    if name in registry.names():
        raise UsageError(f"there is a task {name!r} already: {registry.get(name).origin}")
    if family not in _TEXTS:
        raise UsageError(f"unknown family {family!r}." + did_you_mean(family, _TEXTS))
    path = Path(path or f"{name}.py")
    if path.is_dir():
        path = path / f"{name}.py"
    if path.exists() and not force:
        raise UsageError(f"{path} exists. Replace it with --force")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such folder")
    write_text(path, _TEXTS[family].replace("NAME", name))
    return path


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

_TEXTS = {MANY_TO_MANY: _MANY_TO_MANY, MANY_TO_ONE: _MANY_TO_ONE, ONE_TO_MANY: _ONE_TO_MANY}
