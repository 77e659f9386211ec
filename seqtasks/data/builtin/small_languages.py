"""Generated sentences in a little English, and in an invented language with another grammar.

"The old dog that the cat sees sleeps." In the other language the verb stands last in its clause, and
before it what is said of it; adjectives follow their noun. A noun is of one of three genders, which
its English word does not tell: determiners, adjectives and the word for "that" agree with it in gender
and number, and the first and the last also say whether it is an object. Verbs agree with their subject
in number. A question begins with a word of its own. Each sentence has one right translation.
"""

import random
from dataclasses import dataclass

from seqtasks.data.builtin.small_languages_words import (
    ADJECTIVES,
    ADVERBS,
    ASKED,
    DETERMINERS,
    ENDINGS,
    NEGATED,
    NOUNS,
    PLURALS,
    THAT,
    VERB_ENDINGS,
    VERBS,
    Noun,
    Verb,
)
from seqtasks.task import Example

SHORTEST, LONGEST = 3, 12


@dataclass(frozen=True)
class NounPhrase:
    """A noun with what belongs to it.

    Args:
        determiner: One of `DETERMINERS`.
        noun: The noun.
        plural: Its number.
        adjectives: English adjectives.
        clause: What is told about it.
    """

    determiner: str
    noun: Noun
    plural: bool = False
    adjectives: tuple[str, ...] = ()
    clause: "Clause | None" = None

    def english(self) -> list[str]:
        """Returns the English words."""
        noun = [*self.adjectives, self.noun.plural if self.plural else self.noun.singular]
        determiner = DETERMINERS[self.determiner].english[self.plural]
        if determiner == "a" and noun[0][0] in "aeiou":
            determiner = "an"
        return [determiner, *noun, *(self.clause.english(self) if self.clause else [])]

    def other(self, is_object: bool) -> list[str]:
        """Returns the words of the other language."""
        ending = self.ending()
        determiner = DETERMINERS[self.determiner].other + ending + ("n" if is_object else "")
        noun = self.noun.other + (PLURALS[self.noun.gender] if self.plural else "")
        adjectives = [ADJECTIVES[adjective] + ending for adjective in self.adjectives]
        return [determiner, noun, *adjectives, *(self.clause.other(self) if self.clause else [])]

    def ending(self) -> str:
        """Returns the ending of words that agree with the noun."""
        return ENDINGS[self.noun.gender][self.plural]


@dataclass(frozen=True)
class Clause:
    """What is told about a noun: what it does, or what is done to it.

    Args:
        verb: The verb.
        past: Its time.
        subject: Who does it, where it is done to the noun.
        object: To whom or what the noun does it, if it does it to any.
    """

    verb: Verb
    past: bool = False
    subject: NounPhrase | None = None
    object: NounPhrase | None = None

    def english(self, noun: NounPhrase) -> list[str]:
        """Returns the English words after the noun."""
        if self.subject:
            return ["that", *self.subject.english(), self.verb.english(self.past, self.subject.plural)]
        verb = self.verb.english(self.past, noun.plural)
        return ["that", verb, *(self.object.english() if self.object else [])]

    def other(self, noun: NounPhrase) -> list[str]:
        """Returns the words of the other language after the noun."""
        if self.subject:
            return [THAT + noun.ending() + "n", *self.subject.other(False), _verb(self, self.subject.plural)]
        return [THAT + noun.ending(), *(self.object.other(True) if self.object else []), _verb(self, noun.plural)]


@dataclass(frozen=True)
class Sentence:
    """A statement or a question.

    Args:
        subject: Who does it.
        verb: The verb.
        object: To whom or what, if to any.
        past: Whether it is told in the past.
        negated: Whether it is denied.
        asked: Whether it is asked.
        adverb: An English adverb.
    """

    subject: NounPhrase
    verb: Verb
    object: NounPhrase | None = None
    past: bool = False
    negated: bool = False
    asked: bool = False
    adverb: str | None = None

    def english(self) -> str:
        """Returns the English sentence."""
        do = "did" if self.past else "do" if self.subject.plural else "does"
        tail = [*(self.object.english() if self.object else []), *([self.adverb] if self.adverb else [])]
        if self.asked:
            words = [do, *self.subject.english(), *(["not"] if self.negated else []), self.verb.base, *tail]
        elif self.negated:
            words = [*self.subject.english(), do, "not", self.verb.base, *tail]
        else:
            words = [*self.subject.english(), self.verb.english(self.past, self.subject.plural), *tail]
        return _written(words, self.asked)

    def other(self) -> str:
        """Returns its translation."""
        words = [
            *([ASKED] if self.asked else []),
            *self.subject.other(False),
            *(self.object.other(True) if self.object else []),
            *([ADVERBS[self.adverb]] if self.adverb else []),
            *([NEGATED] if self.negated else []),
            _verb(self, self.subject.plural),
        ]
        return _written(words, self.asked)


def example(rng: random.Random) -> Example:
    """Returns a sentence of 3 to 12 English words, and its translation.

    Args:
        rng: Draws the sentence.
    """
    while True:
        sentence = _sentence(rng)
        english = sentence.english()
        if SHORTEST <= len(english.split()) <= LONGEST:
            return {"source": english, "target": sentence.other()}


def _sentence(rng: random.Random) -> Sentence:
    verb = rng.choice(VERBS)
    kind = rng.random()
    told = rng.random() < 0.3
    about_subject = told and rng.random() < 0.5
    return Sentence(
        _noun_phrase(rng, alive=True, told=about_subject),
        verb,
        _noun_phrase(rng, told=told and not about_subject) if verb.transitive else None,
        past=rng.random() < 0.5,
        negated=kind < 0.15,
        asked=0.1 < kind < 0.3,
        adverb=rng.choice(list(ADVERBS)) if rng.random() < 0.25 else None,
    )


def _noun_phrase(rng: random.Random, alive: bool = False, told: bool = False) -> NounPhrase:
    noun = rng.choice([noun for noun in NOUNS if noun.alive or not alive])
    plural = rng.random() < 0.5
    adjectives = tuple(rng.sample(list(ADJECTIVES), rng.choice((0, 0, 0, 1, 1, 1, 2))))
    clause = _clause(rng, noun.alive) if told else None
    return NounPhrase(rng.choice(list(DETERMINERS)), noun, plural, adjectives, clause)


def _clause(rng: random.Random, alive: bool) -> Clause:
    past = rng.random() < 0.5
    if alive and rng.random() < 0.5:
        verb = rng.choice(VERBS)
        return Clause(verb, past, object=_noun_phrase(rng) if verb.transitive else None)
    return Clause(rng.choice([verb for verb in VERBS if verb.transitive]), past, subject=_noun_phrase(rng, alive=True))


def _verb(clause: Clause | Sentence, plural: bool) -> str:
    return clause.verb.other + VERB_ENDINGS[clause.past][plural]


def _written(words: list[str], asked: bool) -> str:
    text = " ".join(words)
    return text[0].upper() + text[1:] + ("?" if asked else ".")
