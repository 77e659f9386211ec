"""Generated news sentences with named entities.

Clauses with slots are combined into sentences. Names in the validation and test splits are mostly
ones that training never shows, some words are names only in the right surroundings ("Washington
said", "in Washington", "Apple shares", "apple prices"), and some sentences are all upper or all
lower case.
"""

import random

from seqtasks.data.builtin import names as lexicon
from seqtasks.data.builtin import ner_grammar as grammar
from seqtasks.data.builtin.names import Names
from seqtasks.task import Example

SIZES = {"train": 4000, "validation": 500, "test": 500}
_UNSEEN_SHARE = {"train": 0.0, "validation": 0.6, "test": 0.6}
_AMBIGUOUS_SHARE = 0.15


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns tagged sentences by split, the same ones for the same seed.

    Args:
        seed: Seed of everything random.
    """
    rng = random.Random(seed)
    seen, unseen = Names.make(rng)
    return {
        split: [_Writer(rng, seen, unseen, _UNSEEN_SHARE[split]).sentence() for _ in range(size)]
        for split, size in SIZES.items()
    }


class _Writer:
    """Expands slots into tokens and tags."""

    def __init__(self, rng: random.Random, seen: Names, unseen: Names, unseen_share: float):
        self.rng, self.seen, self.unseen, self.unseen_share = rng, seen, unseen, unseen_share

    def sentence(self) -> Example:
        pairs = self._expand(self.rng.choice(grammar.SENTENCES))
        tokens, tags = [token for token, _ in pairs], [tag for _, tag in pairs]
        if tokens[0][0].islower() or (tokens[0] == '"' and len(tokens) > 1):
            i = 1 if tokens[0] == '"' else 0
            tokens[i] = tokens[i][0].upper() + tokens[i][1:]
        noise = self.rng.random()
        if noise < 0.05:
            tokens = [token.upper() for token in tokens]
        elif noise < 0.08:
            tokens = [token.lower() for token in tokens]
        return {"tokens": tokens, "tags": tags}

    def _expand(self, template: str) -> list[tuple[str, str]]:
        pairs = []
        for word in template.split():
            if not word.startswith("{"):
                pairs.append((word, "O"))
                continue
            slot = word[1:-1]
            if slot == "clause":
                pairs += self._expand(self.rng.choice(grammar.CLAUSES))
            elif slot in grammar.OTHERS:
                pairs += self._expand(self.rng.choice(grammar.OTHERS[slot]))
            elif slot in grammar.PLAIN:
                pairs.append((self.rng.choice(grammar.PLAIN[slot]), "O"))
            elif slot in _ENTITIES:
                kind, write = _ENTITIES[slot]
                tokens = write(self).split()
                pairs += [(token, f"{'I' if i else 'B'}-{kind}") for i, token in enumerate(tokens)]
            else:
                pairs += [(token, "O") for token in _number(self.rng, slot).split()]
        return pairs

    def _name(self, kind: str) -> str:
        names = self.unseen if self.rng.random() < self.unseen_share else self.seen
        return self.rng.choice(names.pools[kind])

    def _fill(self, forms: list[str]) -> str:
        form = self.rng.choice(forms)
        return " ".join(self._name(word[1:-1]) if word[0] == "{" else word for word in form.split())

    def _ambiguous(self) -> bool:
        return self.rng.random() < _AMBIGUOUS_SHARE

    def person(self) -> str:
        rng = self.rng
        if self._ambiguous():
            if rng.random() < 0.5:
                return f"{rng.choice(lexicon.PERSON_OR_WORD)} {self._name('surname')}"
            last = rng.choice(lexicon.PERSON_OR_PLACE)
        else:
            last = self._name("surname")
        form = rng.random()
        if form < 0.3:
            return last
        if form < 0.4:
            return f"{rng.choice('ABCDEFGHJKLMNPRST')}. {last}"
        if form < 0.5:
            return f"{self._name('first')} {self._name('surname')}-{last}"
        return f"{self._name('first')} {last}"

    def place(self) -> str:
        if self._ambiguous():
            return self.rng.choice(lexicon.PERSON_OR_PLACE)
        return self._name("compound" if self.rng.random() < 0.15 else "place")

    def company(self) -> str:
        return self.rng.choice(lexicon.COMPANY_OR_WORD) if self._ambiguous() else self._fill(grammar.COMPANY_FORMS)

    def club(self) -> str:
        return self._fill(grammar.CLUB_FORMS)

    def institution(self) -> str:
        return self._fill(grammar.INSTITUTIONS)

    def event(self) -> str:
        return self._fill(grammar.EVENTS)

    def people(self) -> str:
        return self._name("people")


_ENTITIES = {
    "PER": ("PER", _Writer.person),
    "LOC": ("LOC", _Writer.place),
    "ORG": ("ORG", _Writer.company),
    "CLUB": ("ORG", _Writer.club),
    "INSTITUTION": ("ORG", _Writer.institution),
    "MISC": ("MISC", _Writer.people),
    "EVENT": ("MISC", _Writer.event),
}


def _number(rng: random.Random, slot: str) -> str:
    if slot == "YEAR":
        return str(rng.randint(1900, 2020))
    if slot == "DIGIT":
        return str(rng.randint(0, 9))
    if slot == "SCORE":
        return " ".join(f"{rng.randint(0, 7)}-{rng.randint(0, 7)}" for _ in range(rng.choice((1, 1, 2, 3))))
    if slot == "TIME":
        return f"{rng.randint(1, 59)}:{rng.randint(0, 59):02}.{rng.randint(0, 99):02}"
    if slot == "DATE":
        month = rng.choice(grammar.PLAIN["MONTH"])
        iso = f"{rng.randint(1990, 2010)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        return rng.choice((f"{month} {rng.randint(1, 28)}", f"{rng.randint(1, 28)} {month}", iso))
    if slot == "MONEY":
        unit = rng.choice(("million", "billion", ""))
        return f"$ {rng.randint(1, 900)}.{rng.randint(0, 9)} {unit}".strip()
    return rng.choice(
        (str(rng.randint(2, 99)), f"{rng.randint(1, 99)},{rng.randint(0, 999):03}", "three", "seven", "ten")
    )
