"""Generated sentences in which a verb agrees with a noun that may stand far before it.

"the cats that the dog near the houses chased were full ." Between a subject and its verb stand
phrases and clauses with nouns of either number, so that neither the nearest noun nor the frequency
of a verb's form tells which form is right.

An eighth of the combinations of a subject with a noun between it and its verb, or with what is said
of it where there is none, never stand in train. Validation, test and the minimal pairs have them.
"""

import random
from dataclasses import dataclass

from seqtasks.data.builtin import agreement_words as lexicon
from seqtasks.data.builtin.agreement_words import ARE, DO, HAVE, KINDS, WERE, Forms
from seqtasks.task import Example

SIZES = {"train": 20_000, "validation": 1000, "test": 1000}
_ONE_IN = 8
_TRIES = 40
_AGREES = None
# An auxiliary, the words after it, and the form of the verb.
_FINITE = (*[(None, (), _AGREES)] * 6, (HAVE, (), -1), *[(None, (), 2)] * 2)
_BARE = ((DO, ("not",), 0), (HAVE, ("to",), 0), (None, ("will",), 0), (None, ("can",), 0))
_QUESTIONS = ((ARE, None), (WERE, None), (DO, 0), (HAVE, -1))


@dataclass(eq=False)
class _Slot:
    """A word to be chosen, and the form it takes; agreeing verbs have form 0 or 1. Nouns have a kind."""

    choices: list[Forms]
    form: int
    kind: str = ""


@dataclass
class _Link:
    """A subject, the verb after it that agrees, if one does, and the words it is combined with."""

    subject: _Slot
    verb: _Slot | None
    others: list[_Slot]
    main: bool = False

    def held_out(self, chosen: dict[_Slot, Forms], ranks: dict[str, int]) -> bool:
        """Returns whether the words chosen are a combination that train does not show."""
        rank = ranks[chosen[self.subject][0]]
        return any((rank + ranks[chosen[other][0]]) % _ONE_IN == 0 for other in self.others)


def generate(seed: int = 1) -> dict[str, list[Example]]:
    """Returns sentences by split, the same ones for the same seed, none of them twice.

    Args:
        seed: Seed of everything random.
    """
    rng, ranks, seen = random.Random(seed), _ranks(seed), set()
    splits: dict[str, list[Example]] = {name: [] for name in SIZES}
    for name, examples in splits.items():
        while len(examples) < SIZES[name]:
            draft = _Draft(rng, plural=bool(len(examples) % 2))
            chosen = draft.choose(draft.links, ranks, held_out=name != "train")
            text = _text(draft.tokens, chosen) if chosen else ""
            if text and text not in seen:
                seen.add(text)
                examples.append({"text": text})
    return splits


def minimal_pairs(seed: int = 1, count: int = 1000) -> list[dict]:
    """Returns pairs of sentences that differ in the number of a verb, half of the subjects plural.

    Each pair is `{"good", "bad", "distance", "attractors"}`: the sentence as it should be, the same
    with the other form of the verb, the number of words between the subject's noun and the verb,
    and how many nouns among them differ from the subject in number. No pair stands in the training
    sentences of the seed, for it combines words that those do not.

    Args:
        seed: Seed of everything random.
        count: Number of pairs.
    """
    rng, ranks, seen = random.Random(f"minimal pairs {seed}"), _ranks(seed), set()
    pairs: list[dict] = []
    while len(pairs) < count:
        draft = _Draft(rng, plural=bool(len(pairs) % 2))
        links = [link for link in draft.links if link.main and link.verb]
        if not links:
            continue
        link = rng.choice(links)
        chosen = draft.choose([link], ranks, held_out=True)
        good = _text(draft.tokens, chosen) if chosen else ""
        if not good or good in seen:
            continue
        seen.add(good)
        between = draft.tokens[draft.tokens.index(link.subject) + 1 : draft.tokens.index(link.verb)]
        pairs.append(
            {
                "good": good,
                "bad": _text(draft.tokens, chosen, link.verb),
                "distance": len(_text(between, chosen).split()),
                "attractors": sum(noun.form != link.subject.form for noun in _nouns(between)),
            }
        )
    return pairs


class _Draft:
    """A sentence whose nouns, verbs and adjectives are still to be chosen.

    Args:
        rng: Draws the structure, and later the words.
        plural: Number of the subject.
    """

    def __init__(self, rng: random.Random, plural: bool):
        self.rng, self.links = rng, []
        subject = self._noun_phrase(rng.choice(KINDS), rng.choice((0, 0, 1, 1, 2, 2, 3)), plural)
        frame = rng.random()
        if frame < 0.07:
            self.tokens = self._question(subject)
        elif frame < 0.1:
            self.tokens = self._existence(subject)
        elif frame < 0.15:
            self.tokens = ["which", *subject[1:], *self._said(subject), "?"]
        else:
            self.tokens = [*self._opening(), *subject, *self._said(subject), *self._ending(), "."]

    def choose(self, links: list[_Link], ranks: dict[str, int], held_out: bool) -> dict[_Slot, Forms] | None:
        """Draws words, none of them twice, until one of the links is held out, or none; None if that fails."""
        slots = [token for token in self.tokens if isinstance(token, _Slot)]
        for _ in range(_TRIES):
            chosen = {slot: self.rng.choice(slot.choices) for slot in slots}
            drawn = [forms for slot, forms in chosen.items() if len(slot.choices) > 1]
            if len(set(drawn)) == len(drawn) and any(link.held_out(chosen, ranks) for link in links) == held_out:
                return chosen
        return None

    def _noun_phrase(self, kind: str, depth: int, plural: bool | None = None) -> list:
        """Writes a determiner and a noun, and after it a phrase, a clause or both where `depth` is not 0."""
        plural = self.rng.random() < 0.5 if plural is None else plural
        noun = _Slot(lexicon.NOUNS[kind], int(plural), kind)
        adjective = [_Slot(lexicon.ADJECTIVES[kind], 0)] if self.rng.random() < 0.2 else []
        tokens = [self.rng.choice(lexicon.DETERMINERS[plural]), *adjective, noun]
        if depth:
            shape = self.rng.choice(("place", "place", "clause", "clause", "both"))
            tokens += self._place(depth - 1) if shape != "clause" else []
            tokens += self._clause(noun, _nouns(tokens)[1:], depth - 1) if shape != "place" else []
        return tokens

    def _place(self, depth: int) -> list:
        return [self.rng.choice(lexicon.WHERE), *self._noun_phrase(self.rng.choice(KINDS), self._perhaps(depth))]

    def _perhaps(self, depth: int) -> int:
        return depth if self.rng.random() < 0.4 else 0

    def _clause(self, noun: _Slot, between: list[_Slot], depth: int) -> list:
        """Writes a relative clause of which the noun is the subject or the object."""
        if self.rng.random() < 0.5:
            return ["that", *self._predicate(noun, between, depth)]
        kind = self.rng.choice(KINDS)
        subject = self._noun_phrase(kind, self._perhaps(depth))
        verbs = lexicon.TRANSITIVE[kind, noun.kind]
        return ["that", *subject, *self._verb_group(_nouns(subject)[0], _nouns(subject)[1:], verbs)]

    def _said(self, subject: list) -> list:
        """Writes one or two predicates of the sentence's subject."""
        # "and" follows neither a bare verb nor a clause: "will see the dog and sleep" takes either number,
        # and in "see the dog that waits and sleeps" the dog may sleep.
        noun, *between = _nouns(subject)
        if self.rng.random() < 0.75:
            return self._predicate(noun, between, 1, main=True)
        first = self._predicate(noun, between, 0, main=True, groups=_FINITE)
        return [*first, "and", *self._predicate(noun, between + _nouns(first), 0, main=True)]

    def _predicate(self, noun: _Slot, between: list[_Slot], depth: int, main=False, groups=_FINITE + _BARE) -> list:
        kind = self.rng.random()
        if kind < 0.35:
            be = self._agreeing(noun, self.rng.choice((ARE, ARE, WERE)))
            told = self._place(0) if kind < 0.1 else [_Slot(lexicon.ADJECTIVES[noun.kind], 0)]
            self.links.append(_Link(noun, be, between or _nouns(told) or told, main))
            return [be, *told]
        if kind < 0.6:
            return self._verb_group(noun, between, lexicon.INTRANSITIVE[noun.kind], main, groups)
        other = self.rng.choice(KINDS)
        verb = self._verb_group(noun, between, lexicon.TRANSITIVE[noun.kind, other], main, groups)
        return verb + self._noun_phrase(other, self._perhaps(depth))

    def _verb_group(self, noun, between: list[_Slot], verbs: list[Forms], main=False, groups=_FINITE + _BARE) -> list:
        auxiliary, words, form = self.rng.choice(groups)
        verb = self._agreeing(noun, *verbs) if form is _AGREES else _Slot(verbs, form)
        agreeing = self._agreeing(noun, auxiliary) if auxiliary else verb if form is _AGREES else None
        self.links.append(_Link(noun, agreeing, between or [verb], main))
        if auxiliary:
            return [agreeing, *words, verb]
        adverb = self.rng.random() < 0.15 and form is _AGREES
        return [*words, *([self.rng.choice(lexicon.ADVERBS)] if adverb else []), verb]

    @staticmethod
    def _agreeing(noun: _Slot, *verbs: Forms) -> _Slot:
        return _Slot(list(verbs), 1 - noun.form)

    def _question(self, subject: list) -> list:
        auxiliary, form = self.rng.choice(_QUESTIONS)
        noun, *between = _nouns(subject)
        asked = _Slot(
            *((lexicon.ADJECTIVES[noun.kind], 0) if form is None else (lexicon.INTRANSITIVE[noun.kind], form))
        )
        self.links.append(_Link(noun, None, between or [asked]))
        return [self._agreeing(noun, auxiliary), *subject, asked, "?"]

    def _existence(self, subject: list) -> list:
        noun, *between = _nouns(subject)
        place = self._place(0)
        self.links.append(_Link(noun, None, between or _nouns(place)))
        determiner = self.rng.choice(("many", "two") if noun.form else ("another", "one"))
        return ["there", self._agreeing(noun, ARE), determiner, *subject[1:], *place, "."]

    def _opening(self) -> list:
        kind = self.rng.random()
        if kind < 0.1:
            return [self.rng.choice(lexicon.OPENINGS)]
        return [*self._place(0), ","] if kind < 0.2 else []

    def _ending(self) -> list:
        return [self.rng.choice(lexicon.ENDINGS)] if self.rng.random() < 0.15 else []


def _nouns(tokens: list) -> list[_Slot]:
    return [token for token in tokens if isinstance(token, _Slot) and token.kind]


def _text(tokens: list, chosen: dict[_Slot, Forms], changed: _Slot | None = None) -> str:
    """Writes the words out, one agreeing verb in its other form if `changed` is given."""
    return " ".join(
        token if isinstance(token, str) else chosen[token][1 - token.form if token is changed else token.form]
        for token in tokens
    )


def _ranks(seed: int) -> dict[str, int]:
    """Returns the numbers of words that say which combinations are held out, so that every verb has some."""
    rng = random.Random(f"held out {seed}")
    groups = [[noun[0] for noun in nouns] for nouns in lexicon.NOUNS.values()]
    told = [*lexicon.INTRANSITIVE.values(), *lexicon.TRANSITIVE.values(), *lexicon.ADJECTIVES.values()]
    groups.append(sorted({forms[0] for words in told for forms in words}))
    for group in groups:
        rng.shuffle(group)
    return {word: rank for group in groups for rank, word in enumerate(group)}
