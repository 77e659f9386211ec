from collections import Counter
from functools import cache

import pytest

from seqtasks.data.builtin import agreement
from seqtasks.data.builtin import agreement_words as lexicon

NOUNS = {form: (forms[0], form == forms[1]) for nouns in lexicon.NOUNS.values() for forms in nouns for form in forms}
ADJECTIVES = {forms[0] for adjectives in lexicon.ADJECTIVES.values() for forms in adjectives}
DETERMINERS = {plural: {*lexicon.DETERMINERS[plural], "which"} for plural in (False, True)}
DETERMINERS[False] |= {"one"}
DETERMINERS[True] |= {"two"}
VERBS = [{forms for verbs in table.values() for forms in verbs} for table in (lexicon.INTRANSITIVE, lexicon.TRANSITIVE)]


@pytest.fixture(scope="module")
def splits():
    return {split: [example["text"] for example in rows] for split, rows in agreement.generate(1).items()}


@pytest.fixture(scope="module")
def pairs():
    return agreement.minimal_pairs(1, 2000)


def difference(pair):
    """Returns the good sentence's words, the place of the verb and the bad verb."""
    good, bad = pair["good"].split(), pair["bad"].split()
    (place,) = [i for i, (right, wrong) in enumerate(zip(good, bad, strict=True)) if right != wrong]
    return good, place, bad[place]


def accepts(text):
    """Reads a sentence by the rules of English, with more ways to coordinate than the generator uses."""
    words = [*text.split(), ""]

    @cache
    def places(i):
        starts = [i + len(where.split()) for where in lexicon.WHERE if words[i:][: len(where.split())] == where.split()]
        return {end for start in starts for end, _ in noun_phrases(start)}

    @cache
    def noun_phrases(i):
        noun = i + 1 + (words[i + 1 : i + 2] != [] and words[i + 1] in ADJECTIVES)
        if words[i] not in DETERMINERS[False] | DETERMINERS[True] or words[noun] not in NOUNS:
            return set()
        plural = NOUNS[words[noun]][1]
        if words[i] not in DETERMINERS[plural]:
            return set()
        ends = {noun + 1} | places(noun + 1)
        clauses = [end + 1 for end in ends if words[end] == "that"]
        ends |= {end for start in clauses for end in predicates(start, plural)}
        subjects = {found for start in clauses for found in noun_phrases(start)}
        ends |= {end for start, number in subjects for end in groups(start, number, transitive=True)}
        return {(end, plural) for end in ends}

    def verb(i, transitive, *forms):
        return {i + 1} if any(words[i] == known[form] for known in VERBS[transitive] for form in forms) else set()

    @cache
    def groups(i, plural, transitive):
        ends = verb(i + (words[i] in lexicon.ADVERBS), transitive, 0 if plural else 1) | verb(i, transitive, 2)
        if words[i] == lexicon.HAVE[not plural]:
            ends |= verb(i + 1, transitive, -1)
        return ends | {end for start in bare_starts(i, plural) for end in verb(start, transitive, 0)}

    def bare_starts(i, plural):
        if words[i] in ("will", "can"):
            return {i + 1}
        return (
            {i + 2} if words[i : i + 2] in ([lexicon.DO[not plural], "not"], [lexicon.HAVE[not plural], "to"]) else {}
        )

    @cache
    def bare(i):
        ends = verb(i, False, 0) | objects(verb(i, True, 0))
        return ends | {end for start in ends if words[start] == "and" for end in bare(start + 1)}

    def objects(starts):
        return {end for start in starts for end, _ in noun_phrases(start)}

    @cache
    def predicates(i, plural):
        ends = groups(i, plural, False) | objects(groups(i, plural, True))
        ends |= {end for start in bare_starts(i, plural) for end in bare(start)}
        if words[i] in (lexicon.ARE[not plural], lexicon.WERE[not plural]):
            ends |= places(i + 1) | ({i + 2} if words[i + 1] in ADJECTIVES else set())
        return ends | {end for start in ends if words[start] == "and" for end in predicates(start + 1, plural)}

    def ends_in(starts, mark):
        starts = {start + (words[start] in lexicon.ENDINGS) for start in starts}
        return any(words[start:] == [mark, ""] for start in starts)

    def statements(i):
        return {end for start, plural in noun_phrases(i) for end in predicates(start, plural)}

    openings = [len(opening.split()) for opening in lexicon.OPENINGS if text.startswith(opening)]
    openings += [end + 1 for end in places(0) if words[end] == ","]
    if words[0] == "which":
        return ends_in(statements(0), "?")
    if words[0] == "there":
        subjects = [end for end, plural in noun_phrases(2) if words[1] == lexicon.ARE[not plural]]
        return ends_in({end for start in subjects for end in places(start)}, ".")
    asked = set()
    for start, plural in noun_phrases(1):
        asked |= verb(start, False, 0) if words[0] == lexicon.DO[not plural] else set()
        asked |= verb(start, False, -1) if words[0] == lexicon.HAVE[not plural] else set()
        if words[0] in (lexicon.ARE[not plural], lexicon.WERE[not plural]) and words[start] in ADJECTIVES:
            asked.add(start + 1)
    return ends_in(asked, "?") or any(ends_in(statements(start), ".") for start in [0, *openings])


def test_deterministic_in_the_seed():
    assert agreement.generate(7) == agreement.generate(7) != agreement.generate(8)
    assert {split: len(rows) for split, rows in agreement.generate(7).items()} == agreement.SIZES
    assert agreement.minimal_pairs(7, 20) == agreement.minimal_pairs(7, 20) != agreement.minimal_pairs(8, 20)


def test_sentences_are_plain_and_distinct(splits):
    texts = [text for rows in splits.values() for text in rows]
    assert len(set(texts)) == len(texts)
    assert all(text == text.lower() and text == " ".join(text.split()) for text in texts)
    assert all(text.endswith((" .", " ?")) and text.count(" .") + text.count(" ?") == 1 for text in texts)
    words = {split: {word for text in rows for word in text.split()} for split, rows in splits.items()}
    assert 150 <= len(words["train"]) <= 250
    assert words["validation"] | words["test"] <= words["train"]


def test_sentences_are_grammatical_and_bad_ones_are_not(splits, pairs):
    for text in [*splits["train"][:1500], *splits["test"][:500], *(pair["good"] for pair in pairs)]:
        assert accepts(text), text
    for pair in pairs:
        assert not accepts(pair["bad"]), pair


def test_the_reader_knows_english():
    assert accepts("the cats that the dog near the houses chased were full .")
    assert not accepts("the cats that the dog near the houses chased was full .")
    assert accepts("the boy will see the dog and sleep .")
    assert accepts("the boys see the dog that waits and sleeps .")


def test_pairs_say_how_far_and_past_what(pairs):
    forms = {
        form: other
        for verb in (lexicon.ARE, lexicon.WERE, lexicon.HAVE, lexicon.DO)
        for form, other in _both_ways(verb)
    }
    forms |= {form: other for table in VERBS for verb in table for form, other in _both_ways(verb)}
    for pair in pairs:
        good, place, wrong = difference(pair)
        subject = place - pair["distance"] - 1
        assert forms[good[place]] == wrong
        assert NOUNS[good[subject]][1] == (good[place] in {verb[0] for verb in _agreeing()})
        between = [NOUNS[word][1] for word in good[subject + 1 : place] if word in NOUNS]
        assert pair["attractors"] == sum(plural != NOUNS[good[subject]][1] for plural in between)
    distances = Counter(min(pair["distance"], 12) for pair in pairs)
    assert set(distances) == set(range(13))
    assert distances[12] > 0.04 * len(pairs)
    assert sum(pair["attractors"] > 0 for pair in pairs) > 0.3 * len(pairs)


def _agreeing():
    return [lexicon.ARE, lexicon.WERE, lexicon.HAVE, lexicon.DO, *VERBS[0], *VERBS[1]]


def _both_ways(verb):
    return [(verb[0], verb[1]), (verb[1], verb[0])]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_pair_stands_in_train(seed):
    train = {example["text"] for example in agreement.generate(seed)["train"]}
    pairs = agreement.minimal_pairs(seed, 1000)
    assert len({pair["good"] for pair in pairs}) == 1000
    assert not train & {pair[kind] for pair in pairs for kind in ("good", "bad")}


def test_subjects_meet_new_neighbours_in_test(splits):
    def neighbours(text):
        """Returns a first noun and the noun of the place or clause right after it."""
        words = [word for word in text.split() if word not in ADJECTIVES]
        found = [NOUNS[word][0] for word in words[1:6] if word in NOUNS]
        near = len(words) > 4 and words[1] in NOUNS and (words[2] == "that" or words[2:3] == ["near"])
        return tuple(found) if near and len(found) == 2 and words[4] in NOUNS else None

    seen = {neighbours(text) for text in splits["train"]}
    shares = {}
    for split in ("validation", "test"):
        found = [pair for pair in map(neighbours, splits[split]) if pair]
        shares[split] = sum(pair not in seen for pair in found) / len(found)
    ranks = agreement._ranks(1)
    assert not any(pair and (ranks[pair[0]] + ranks[pair[1]]) % agreement._ONE_IN == 0 for pair in seen)
    assert all(share > 0.3 for share in shares.values()), shares


def test_both_numbers_are_as_frequent(splits, pairs):
    counts = Counter(word for text in splits["train"] for word in text.split())
    for plural, singular in (lexicon.ARE, lexicon.WERE, lexicon.HAVE, lexicon.DO):
        assert 0.9 < counts[plural] / counts[singular] < 1.1
    numbers = Counter(good[place] in {verb[0] for verb in _agreeing()} for good, place, _ in map(difference, pairs))
    assert numbers == {True: 1000, False: 1000}


def test_short_contexts_and_the_nearest_noun_do_not_tell(splits, pairs):
    counts = Counter()
    for text in splits["train"]:
        words = ["", "", *text.split()]
        for i in range(2, len(words)):
            counts.update(tuple(words[i - before : i + 1]) for before in range(3))

    def chosen_by_counts(pair, before):
        good, place, wrong = difference(pair)
        words = ["", "", *good[:place]]
        for length in range(before, -1, -1):
            context = tuple(words[len(words) - length :])
            right, other = counts[*context, good[place]], counts[*context, wrong]
            if right != other:
                return right > other
        return True

    def nearest_agrees(pair):
        good, place, _ = difference(pair)
        nearest = next(NOUNS[word][1] for word in reversed(good[:place]) if word in NOUNS)
        return nearest == (good[place] in {verb[0] for verb in _agreeing()})

    far = [pair for pair in pairs if pair["distance"] > 2]
    assert 0.45 < sum(chosen_by_counts(pair, 0) for pair in pairs) / len(pairs) < 0.55
    assert sum(chosen_by_counts(pair, 2) for pair in far) / len(far) < 0.6
    assert sum(map(nearest_agrees, far)) / len(far) < 0.65
