"""Reads BLiMP, pairs of an acceptable and an unacceptable sentence, through its TFDS builder."""

from collections.abc import Iterable

from seqtasks.data.tfds import open_builder
from seqtasks.data.vocabulary import UNKNOWN


def read_blimp(names: Iterable[str], data_dir: str | None = None) -> list[dict[str, str]]:
    """Returns the pairs `{"good", "bad", "paradigm"}` of some paradigms, in their order.

    Args:
        names: Paradigms, as `"distractor_agreement_relational_noun"`.
        data_dir: Folder of prepared TFDS data sets; None means `TFDS_DATA_DIR`, then TFDS's own.

    Raises:
        UsageError: For an unknown paradigm.
        DataError: If a paradigm is not there and cannot be prepared.
    """
    pairs = []
    for name in names:
        # The builder calls its only split train.
        rows = open_builder(f"blimp/{name}", data_dir).as_dataset(split="train", batch_size=-1)
        sentences = zip(rows["sentence_good"].numpy(), rows["sentence_bad"].numpy(), strict=True)
        pairs += [{"good": good.decode(), "bad": bad.decode(), "paradigm": name} for good, bad in sentences]
    return pairs


def as_the_model_writes(pairs: list[dict[str, str]], predictor, cut: bool) -> list[dict[str, str]]:
    """Returns pairs in the writing of a model's own texts, which may be no raw ones.

    Sentences are lower-cased for a model that knows "the" and not "The".

    Args:
        pairs: What `read_blimp` returned.
        predictor: Has `score`, see `seqtasks.serving.language.LanguagePredictor`.
        cut: Whether the model's texts are cut into words already; then the sentences are too.
    """
    import tensorflow as tf

    from seqtasks.data.tokenizer import tokenize

    lower, capital = (score["tokens"][:1] for score in predictor.score(["the", "The"]))
    kinds = ("good", "bad")
    texts = [pair[kind] for kind in kinds for pair in pairs]
    if capital == [UNKNOWN] != lower:
        texts = [text.lower() for text in texts]
    if cut:
        tokens, _, _ = tokenize(tf.constant(texts))
        texts = [b" ".join(row).decode() for row in tokens.to_list()]
    halves = texts[: len(pairs)], texts[len(pairs) :]
    return [{**pair, "good": good, "bad": bad} for pair, good, bad in zip(pairs, *halves, strict=True)]
