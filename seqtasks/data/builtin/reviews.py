"""Generated film reviews, positive or negative, in which single words tell little.

A clause judges one aspect with a word and often turns it round by negation. Clauses that disagree
are weighed as in English: "although A, B" and "A, but B" mean B; of two judgements side by side,
the stronger counts. So the label follows from the words' order, and a bag of words does not give it.
"""

import random

from seqtasks.data.builtin.phrases import phrases, words
from seqtasks.task import Example

SIZES = {"train": 4000, "validation": 500, "test": 500}
LABELS = ("neg", "pos")


_ASPECTS = phrases("""
the acting
the plot
the script
the cast
the dialogue
the ending
the music
the pacing
the camera work
the first half
the humour
the story
the direction
the lead actress
the villain
the soundtrack
""")
_POSITIVE = words("""
superb brilliant wonderful charming clever moving funny gripping elegant delightful convincing fresh
inspired memorable excellent great
""")
_NEGATIVE = words("""
dull awful clumsy boring tedious shallow predictable lifeless silly painful weak stale pointless wooden
terrible bad
""")
_WEAK, _STRONG = ("slightly", "a bit", "somewhat", "mildly"), ("utterly", "absolutely", "truly", "extremely")

_TURNED = phrases("""
{aspect} is not {word}
{aspect} is hardly {word}
{aspect} is anything but {word}
{aspect} is far from {word}
{aspect} is never {word}
i would not call {aspect} {word}
nobody could call {aspect} {word}
{aspect} isn't {word}
{aspect} was supposed to be {word} and is not
{aspect} fails to be {word}
""")
_STRAIGHT = phrases("""
{aspect} is {word}
{aspect} is {word}
{aspect} feels {word}
i found {aspect} {word}
{aspect} turns out to be {word}
nobody could deny that {aspect} is {word}
{aspect} is nothing if not {word}
{aspect} never stops being {word}
{aspect} is {word} , is it not
""")

# {main} decides; {other} says the opposite.
_CONTRAST = phrases("""
although {other} , {main}
{other} , but {main}
{main} , although {other}
while {other} , {main}
{other} . still , {main}
{main} , even if {other}
granted , {other} . that said , {main}
i wanted to agree that {other} , yet {main}
{main} , and it does not matter that {other}
people keep saying that {other} , and they are right , but {main}
""")
_RETOLD = phrases("""
my friends told me that {other} , and they were wrong
critics claim that {other} , which is simply false
the poster promises that {other} , and the poster lies
""")

_FILLERS = phrases("""
i saw it on a plane to {place} with my {person}
it runs for {number} minutes
the film was shot in {place} in {year}
i paid {number} dollars for the ticket
my {person} slept next to me
it is based on a novel from {year}
we watched it twice in {place}
there is a sequel from {year}
the director made {number} films before this one
""")
_PLACES = words("paris lisbon ohio texas leeds kyoto cairo quebec naples")
_PEOPLE = words("sister brother uncle neighbour mother dentist daughter")


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns reviews by split, the same ones for the same seed, half of them positive.

    Args:
        seed: Seed of everything random.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    return {split: [_review(rng, bool(i % 2), seen) for i in range(size)] for split, size in SIZES.items()}


def _review(rng: random.Random, positive: bool, seen: set[str]) -> Example:
    """Writes a review that no split has yet."""
    while True:
        sentences = [_verdict(rng, positive)]
        for _ in range(rng.choice((0, 1, 1, 2))):
            sentences.insert(rng.randint(0, len(sentences)), _filler(rng))
        text = _punctuate(rng, sentences)
        if text not in seen:
            seen.add(text)
            return {"text": text, "label": LABELS[positive]}


def _verdict(rng: random.Random, positive: bool) -> str:
    kind = rng.random()
    main = _clause(rng, positive)
    if kind < 0.25:
        return main
    if kind < 0.35:
        return f"{main} and {_clause(rng, positive)}"
    if kind < 0.75:
        return rng.choice(_CONTRAST).format(main=main, other=_clause(rng, not positive))
    if kind < 0.85:
        return rng.choice(_RETOLD).format(other=_clause(rng, not positive))
    strong, weak = _clause(rng, positive, _STRONG), _clause(rng, not positive, _WEAK)
    pair = [strong, weak]
    rng.shuffle(pair)
    return " and ".join(pair)


def _clause(rng: random.Random, positive: bool, degree: tuple[str, ...] | None = None) -> str:
    """Writes one judgement; with a degree it is never turned round, for "not utterly dull" praises little."""
    turned = degree is None and rng.random() < 0.5
    word = rng.choice(_POSITIVE if positive != turned else _NEGATIVE)
    if degree is None and not turned and rng.random() < 0.3:
        degree = rng.choice((_WEAK, _STRONG))
    if degree is not None:
        word = f"{rng.choice(degree)} {word}"
    pattern = rng.choice(_TURNED if turned else _STRAIGHT)
    return pattern.format(aspect=rng.choice(_ASPECTS), word=word)


def _filler(rng: random.Random) -> str:
    return rng.choice(_FILLERS).format(
        place=rng.choice(_PLACES), person=rng.choice(_PEOPLE), number=rng.randint(2, 200), year=rng.randint(1930, 2020)
    )


def _punctuate(rng: random.Random, sentences: list[str]) -> str:
    text = " . ".join(sentences).replace(" , ", ", ").replace(" . ", ". ")
    parts = [part[:1].upper() + part[1:] for part in text.split(". ")]
    text = ". ".join(parts).replace(" i ", " I ") + rng.choice((".", ".", ".", "!", ""))
    return text.lower() if rng.random() < 0.1 else text
