"""Reads BLiMP, pairs of an acceptable and an unacceptable sentence, through its TFDS builder."""

from collections.abc import Iterable

from seqtasks.data.tfds import open_builder


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
