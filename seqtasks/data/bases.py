"""The letters of DNA, the codes for bases that are not known exactly, and the other strand."""

import re

BASES = "ACGT"

# The nomenclature of IUPAC: which bases a code stands for. RNA's U is read as T.
POSSIBLE = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "U": "T",
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
    "B": "CGT",
    "D": "AGT",
    "H": "ACT",
    "V": "ACG",
    "N": "ACGT",
}
GAP = "-"
LEGAL = f"A, C, G, T, U, the codes {''.join(code for code in POSSIBLE if code not in BASES + 'U')} and the gap {GAP}"

_COMPLEMENTS = {"".join(sorted(bases)): code for code, bases in POSSIBLE.items() if code != "U"}
_OTHER = str.maketrans(BASES, "TGCA")
_COMPLEMENT = {
    code: _COMPLEMENTS["".join(sorted(possible.translate(_OTHER)))] for code, possible in POSSIBLE.items()
} | {GAP: GAP}
_TO_COMPLEMENT = str.maketrans(_COMPLEMENT | {code.lower(): other.lower() for code, other in _COMPLEMENT.items()})
_ILLEGAL = re.compile(f"[^{''.join(_COMPLEMENT)}]", re.IGNORECASE | re.ASCII)


def distribution(code: str) -> tuple[float, float, float, float]:
    """Returns the probabilities of A, C, G and T.

    Those that a code may stand for are equally likely. A gap is no base: all are 0.

    Args:
        code: A base, a code or a gap, upper or lower case.

    Raises:
        ValueError: If it is none of them.
    """
    if code == GAP:
        return (0.0, 0.0, 0.0, 0.0)
    possible = POSSIBLE.get(code.upper())
    if possible is None:
        raise ValueError(f"expected {LEGAL}. Received: {code!r}")
    return tuple(float(base in possible) / len(possible) for base in BASES)


def first_illegal(sequence: str) -> int | None:
    """Returns the position of the first character that is neither base nor code nor gap, or None."""
    found = _ILLEGAL.search(sequence)
    return found.start() if found else None


def complement(sequence: str) -> str:
    """Returns what stands opposite of each base, in the same order and case.

    A code becomes the code of all that may stand opposite; a gap stays one.

    Raises:
        ValueError: If a character is none of them.
    """
    position = first_illegal(sequence)
    if position is not None:
        raise ValueError(f"expected {LEGAL}. Received: {sequence[position]!r} at position {position}")
    return sequence.translate(_TO_COMPLEMENT)


def reverse_complement(sequence: str) -> str:
    """Returns the other strand as it is read, from its own start.

    Raises:
        ValueError: If a character is neither base nor code nor gap.
    """
    return complement(sequence)[::-1]


def drop_blanks(text):
    """Returns the texts without blanks and line ends, as a sequence may be pasted.

    Args:
        text: Sequences, string `[B]`.
    """
    import tensorflow as tf

    return tf.strings.regex_replace(text, r"\s+", "")


def base_vectors(text):
    """Returns the probabilities of A, C, G and T at each byte of each sequence.

    Bytes that are no code have the even distribution of N; `illegal_bases` counts them.

    Args:
        text: Sequences, string `[B]`.

    Returns:
        float32 `[B, T, 4]` and the mask, bool `[B, T]`, T at least 1. Behind the end are zeros.
    """
    codes, mask = base_codes(text)
    return vectors_of(codes, mask), mask


def base_codes(text):
    """Returns each sequence's bytes, int32 `[B, T]`, and the mask, bool `[B, T]`, T at least 1.

    Args:
        text: Sequences, string `[B]`.
    """
    import tensorflow as tf

    lengths = tf.strings.length(text)
    # The op needs a width, and layers a step, where every sequence is empty.
    width = tf.maximum(tf.reduce_max(tf.concat([lengths, [1]], 0)), 1)
    codes = tf.cast(tf.io.decode_raw(text, tf.uint8, fixed_length=width), tf.int32)
    return codes, tf.sequence_mask(lengths, width)


def vectors_of(codes, mask):
    """Returns what `base_vectors` does, of what `base_codes` returned."""
    import tensorflow as tf

    table = [distribution(chr(byte) if _legal(byte) else "N") for byte in range(256)]
    return tf.gather(tf.constant(table, tf.float32), codes) * tf.cast(mask, tf.float32)[:, :, tf.newaxis]


def illegal_bases(text):
    """Returns how many bytes of each sequence are neither base nor code nor gap, int32 `[B]`.

    Args:
        text: Sequences, string `[B]`.
    """
    import tensorflow as tf

    illegal = tf.constant([not _legal(byte) for byte in range(256)])
    codes, mask = base_codes(text)
    return tf.reduce_sum(tf.cast(tf.gather(illegal, codes) & mask, tf.int32), 1)


def _legal(byte: int) -> bool:
    return first_illegal(chr(byte)) is None
