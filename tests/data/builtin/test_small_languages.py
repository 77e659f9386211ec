import random

from seqtasks.data.builtin import small_languages
from seqtasks.data.builtin.small_languages import Clause, NounPhrase, Sentence
from seqtasks.data.builtin.small_languages_words import ADJECTIVES, ADVERBS, NOUNS, VERBS

NOUN = {noun.singular: noun for noun in NOUNS}
VERB = {verb.base: verb for verb in VERBS}


def phrase(determiner, noun, *adjectives, plural=False, clause=None):
    return NounPhrase(determiner, NOUN[noun], plural, adjectives, clause)


def both(*args, **changes):
    sentence = Sentence(*args, **changes)
    return sentence.english(), sentence.other()


def test_the_verb_comes_last_and_agrees_with_the_subject():
    dog, men = phrase("the", "dog"), phrase("the", "man", plural=True)
    assert both(dog, VERB["see"], men) == ("The dog sees the men.", "La harun loin tarolir vidu.")
    assert both(men, VERB["see"], dog) == ("The men see the dog.", "Loi tarolir lan harun viduma.")
    assert both(men, VERB["see"], dog, past=True) == ("The men saw the dog.", "Loi tarolir lan harun videvuma.")


def test_adjectives_follow_and_agree_in_gender_and_number():
    woman, child = phrase("a", "woman", "old", "good"), phrase("this", "child", "small", plural=True)
    assert both(woman, VERB["hear"], child, adverb="today") == (
        "An old good woman hears these small children today.",
        "Una sulim vetra dobra tisein beketum miklei dansem oyku.",
    )


def test_clauses():
    cat = phrase("the", "cat")
    seen = phrase("the", "dog", "old", clause=Clause(VERB["see"], subject=cat))
    assert both(seen, VERB["sleep"]) == (
        "The old dog that the cat sees sleeps.",
        "La harun vetra kan lo nimor vidu durmu.",
    )
    seeing = phrase("my", "dog", plural=True, clause=Clause(VERB["see"], past=True, object=cat))
    assert both(cat, VERB["like"], seeing) == (
        "The cat likes my dogs that saw the cat.",
        "Lo nimor meyain harunes kai lon nimor videvuma lubu.",
    )


def test_questions_and_denials():
    foxes = phrase("a", "fox", plural=True)
    assert both(foxes, VERB["run"], asked=True) == ("Do some foxes run?", "Ce unei keshum trekuma?")
    assert both(foxes, VERB["run"], negated=True, past=True) == (
        "Some foxes did not run.",
        "Unei keshum ni trekevuma.",
    )


def test_words_are_told_apart():
    assert 55 <= len(NOUNS) + len(VERBS) + len(ADJECTIVES) + len(ADVERBS) <= 70
    english = [form for noun in NOUNS for form in (noun.singular, noun.plural)]
    english += [form for verb in VERBS for form in {verb.base, verb.third, verb.past}]
    other = [noun.other for noun in NOUNS] + [verb.other for verb in VERBS]
    for words in ([*english, *ADJECTIVES, *ADVERBS], [*other, *ADJECTIVES.values(), *ADVERBS.values()]):
        assert len(set(words)) == len(words)
    assert (
        {noun.gender for noun in NOUNS if noun.alive} == {noun.gender for noun in NOUNS if not noun.alive} == set("oae")
    )


def test_drawn_sentences_are_short_and_have_one_translation():
    rng, translations = random.Random(1), {}
    for _ in range(20_000):
        example = small_languages.example(rng)
        assert 3 <= len(example["source"].split()) <= 12
        assert translations.setdefault(example["source"], example["target"]) == example["target"]
        for text in example.values():
            assert text[0].isupper()
            assert text[-1] in ".?"
            assert text[1:-1].replace(" ", "").isalpha()
        assert (example["source"][-1] == "?") == (example["target"][-1] == "?") == example["target"].startswith("Ce ")
