from collections import Counter, defaultdict

import pytest

from seqtasks.data.builtin import ner_sentences, reviews
from seqtasks.data.builtin.names import Names
from seqtasks.data.tag_schemes import all_to_bio


@pytest.fixture(scope="module")
def sentences():
    return ner_sentences.generate(1)


@pytest.fixture(scope="module")
def opinions():
    return reviews.generate(1)


@pytest.mark.parametrize("module", [ner_sentences, reviews])
def test_deterministic_in_the_seed(module):
    assert module.generate(7) == module.generate(7)
    assert module.generate(7) != module.generate(8)
    assert {name: len(examples) for name, examples in module.generate(7).items()} == module.SIZES


def test_sentences_are_well_formed(sentences):
    for examples in sentences.values():
        for example in examples:
            assert len(example["tokens"]) == len(example["tags"]) > 0
            assert all(token and not token.isspace() and "{" not in token for token in example["tokens"])
        tags = [example["tags"] for example in examples]
        assert all_to_bio(tags) == (tags, None)
        kinds = Counter(tag for row in tags for tag in row)
        assert set(kinds) == {"O"} | {f"{prefix}-{kind}" for prefix in "BI" for kind in ("PER", "LOC", "ORG", "MISC")}
        assert min(kinds.values()) > 0.002 * sum(kinds.values())


def test_most_names_in_test_are_unseen(sentences):
    seen = {token.lower() for example in sentences["train"] for token in example["tokens"]}
    names = [
        token.lower()
        for example in sentences["test"]
        for token, tag in zip(example["tokens"], example["tags"], strict=True)
        if tag != "O"
    ]
    assert 0.4 < sum(name not in seen for name in names) / len(names) < 0.7


def test_held_out_names_are_disjoint():
    import random

    seen, unseen = Names.make(random.Random(0))
    everything = [set(names.pools[kind]) for names in (seen, unseen) for kind in names.pools]
    assert sum(map(len, everything)) == len(set().union(*everything))
    assert all(len(unseen.pools[kind]) >= 8 for kind in unseen.pools)


def test_words_are_ambiguous(sentences):
    kinds = defaultdict(set)
    for example in sentences["train"]:
        for token, tag in zip(example["tokens"], example["tags"], strict=True):
            kinds[token].add(tag[2:] or "O")
    assert {"PER", "LOC"} <= kinds["Washington"] & kinds["Jordan"]
    assert {"PER", "O"} <= kinds["May"]
    assert {"ORG", "O"} <= kinds["Apple"]


def test_a_gazetteer_of_training_words_fails_on_unseen_names(sentences):
    from seqeval.metrics import f1_score

    counts = defaultdict(Counter)
    for example in sentences["train"]:
        for token, tag in zip(example["tokens"], example["tags"], strict=True):
            counts[token][tag] += 1
    usual = {token: tags.most_common(1)[0][0] for token, tags in counts.items()}
    scores = {
        split: f1_score(
            [example["tags"] for example in sentences[split]],
            [[usual.get(token, "O") for token in example["tokens"]] for example in sentences[split]],
        )
        for split in ("train", "test")
    }
    assert scores["train"] < 0.9  # ambiguous words
    assert scores["test"] < 0.5


def test_reviews_are_balanced_and_distinct(opinions):
    texts = [example["text"] for examples in opinions.values() for example in examples]
    assert len(set(texts)) == len(texts)
    assert not any("{" in text or "  " in text for text in texts)
    for examples in opinions.values():
        assert Counter(example["label"] for example in examples) == dict.fromkeys(("neg", "pos"), len(examples) // 2)


@pytest.mark.parametrize("longest", [1, 2])
def test_a_bag_of_words_is_not_enough(opinions, longest):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = {split: [example["text"] for example in opinions[split]] for split in opinions}
    labels = {split: [example["label"] for example in opinions[split]] for split in opinions}
    bag = CountVectorizer(ngram_range=(1, longest), token_pattern=r"[\w']+|[^\w\s]")
    model = LogisticRegression(max_iter=1000).fit(bag.fit_transform(texts["train"]), labels["train"])
    assert model.score(bag.transform(texts["test"]), labels["test"]) < 0.7


def _judge(text):
    """Reads a review by the rules of its grammar, from its text alone."""
    import re

    text = re.sub(r"\s+", " ", re.sub(r"[.,!]", " ", text.lower())) + " "
    number = r"\d+"
    for filler in reviews._FILLERS:
        slots = {"place": r"\w+", "person": r"\w+", "number": number, "year": number}
        text = re.sub(rf"(?<= ){filler.format(**slots)} |^{filler.format(**slots)} ", "", text)
    aspect, degree = "|".join(reviews._ASPECTS), "|".join(reviews._WEAK + reviews._STRONG)

    def clause(match):
        groups = match.groupdict()
        return "<" + ("+" if groups["word"] in reviews._POSITIVE else "-") + (groups["degree"] or "").strip() + "> "

    words = "|".join(reviews._POSITIVE + reviews._NEGATIVE)
    for turned, patterns in ((True, reviews._TURNED), (False, reviews._STRAIGHT)):
        for pattern in sorted(patterns, key=len, reverse=True):
            pattern = re.sub(r" , ", " ", pattern)
            regex = pattern.format(aspect=f"(?:{aspect})", word=rf"(?P<degree>(?:{degree}) )?(?P<word>{words})")

            def write(match, turned=turned):
                mark = clause(match)
                return mark.translate(str.maketrans("+-", "-+")) if turned else mark

            text = re.sub(rf"(?:(?<= )|^){regex} ", write, text)
    marks = re.findall(r"<([+-])([\w ]*)>", text)
    shape = re.sub(r"<[^>]*>", "<>", text).strip()
    if len(marks) == 2 and shape == "<> and <>" and marks[0][0] != marks[1][0]:
        return next(sign for sign, degree in marks if degree in reviews._STRONG)
    for pattern in reviews._CONTRAST:
        plain = re.sub(r" [.,](?= )", "", pattern)
        if plain.format(main="<>", other="<>") == shape:
            return marks[plain.index("{main}") > plain.index("{other}")][0]
    for pattern in reviews._RETOLD:
        if re.sub(r" [.,](?= )", "", pattern).format(other="<>") == shape:
            return "-" if marks[0][0] == "+" else "+"
    assert shape in ("<>", "<> and <>"), text
    return marks[0][0]


def test_the_rules_give_every_label(opinions):
    for example in opinions["train"]:
        assert {"+": "pos", "-": "neg"}[_judge(example["text"])] == example["label"], example
