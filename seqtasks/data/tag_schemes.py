"""Converts the ways of writing spans as tags into BIO (also called IOB2).

| scheme | B first | I inside | last | alone |
|---|---|---|---|---|
| IOB1 | only after a span of the same type | yes | I | I |
| BIO (IOB2) | always | yes | I | B |
| BIOES | always | yes | E | S |
| BILOU | always | yes | L | U |
| BMES, BMEWO | always | M | E | S or W |
"""

from collections.abc import Callable, Iterable, Sequence

from seqtasks.errors import DataError

BIO = "BIO"
PLAIN = "plain"

# What a prefix means: (B)egin, (I)nside, (E)nd, (S)ingle.
_PREFIXES = {
    BIO: {"B": "B", "I": "I"},
    "IOB1": {"B": "B", "I": "I"},
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BILOU": {"B": "B", "I": "I", "L": "E", "U": "S"},
    "BMES": {"B": "B", "M": "I", "E": "E", "S": "S"},
    "BMEWO": {"B": "B", "M": "I", "E": "E", "W": "S"},
}


def detect_scheme(
    sequences: Iterable[Sequence[str]], locate: Callable[[int, int], tuple] = lambda sequence, token: (None, None)
) -> str:
    """Returns the name of the scheme in which tags are written.

    BIO and IOB1 use the same prefixes. It is IOB1 if spans begin with I, and with B only after a
    span of the same type; a file that does both is taken for BIO with mistakes.

    Args:
        sequences: All tag sequences there are; a part might not show the scheme.
        locate: Gives the path and line of a token, for the error.

    Raises:
        DataError: If a tag is not `O` or `PREFIX-TYPE`, or the prefixes belong to no scheme.
    """
    seen: dict[str, tuple[int, int]] = {}
    starts_with_i = needless_b = False
    for i, tags in enumerate(sequences):
        before = "O"
        for j, tag in enumerate(tags):
            if tag != "O":
                prefix, kind = _split(tag, lambda i=i, j=j: locate(i, j))
                seen.setdefault(prefix, (i, j))
                starts_with_i |= prefix == "I" and before[2:] != kind
                needless_b |= prefix == "B" and before[2:] != kind
            before = tag
    prefixes = set(seen)
    if prefixes <= {"B", "I"}:
        return "IOB1" if starts_with_i and not needless_b else BIO
    for scheme, known in _PREFIXES.items():
        if prefixes <= set(known) and prefixes & {"B", "S", "U", "W"}:
            return scheme
    odd = next((p for p in seen if not any(p in known for known in _PREFIXES.values())), max(seen, key=seen.get))
    raise DataError(
        f"unknown tag scheme: prefixes {', '.join(sorted(prefixes))} (here {odd}-). "
        f"Known: {', '.join(_PREFIXES)}; for tags that are no spans use -s targets.scheme=plain",
        *locate(*seen[odd]),
    )


def to_bio(tags: Sequence[str], scheme: str) -> list[str]:
    """Returns tags in BIO.

    A tag that goes on where nothing began begins a span, as conlleval and seqeval count it.

    Args:
        tags: Tags of one sentence.
        scheme: Their scheme, as `detect_scheme` names it; `"plain"` leaves them alone.

    Raises:
        DataError: For a tag that is not of the scheme.
    """
    if scheme == PLAIN:
        return list(tags)
    if scheme not in _PREFIXES:
        raise DataError(f"unknown tag scheme {scheme!r}. Known: {', '.join(_PREFIXES)}, {PLAIN}")
    meanings = _PREFIXES[scheme]
    result, going_on = [], None
    for tag in tags:
        if tag == "O":
            result.append(tag)
            going_on = None
            continue
        prefix, kind = _split(tag)
        if prefix not in meanings:
            raise DataError(f"tag {tag!r} is not of scheme {scheme}")
        meaning = meanings[prefix]
        inside = meaning in "IE" and going_on == kind
        result.append(("I-" if inside else "B-") + kind)
        going_on = kind if meaning in "BI" else None
    return result


def all_to_bio(
    sequences: Sequence[Sequence[str]], locate: Callable[[int, int], tuple] = lambda sequence, token: (None, None)
) -> tuple[list[list[str]], str | None]:
    """Detects the scheme of all tags together and converts them.

    Args:
        sequences: All tag sequences there are.
        locate: Gives the path and line of a token, for the error.

    Returns:
        The converted sequences, and a note if anything changed.

    Raises:
        DataError: See `detect_scheme`.
    """
    scheme = detect_scheme(sequences, locate)
    converted = [to_bio(tags, scheme) for tags in sequences]
    if scheme != BIO:
        return converted, f"tags were converted from {scheme} to BIO"
    pairs = zip(sequences, converted, strict=True)
    repaired = sum(old != new for before, after in pairs for old, new in zip(before, after, strict=True))
    return converted, f"{repaired} tags that begin a span with I- now begin it with B-" if repaired else None


def _split(tag: str, locate: Callable[[], tuple] = lambda: (None, None)) -> tuple[str, str]:
    prefix, dash, kind = tag.partition("-")
    if not dash or not kind or len(prefix) != 1:
        raise DataError(
            f"unknown tag scheme: expected O or PREFIX-TYPE such as B-PER, received {tag!r}; "
            "for tags that are no spans use -s targets.scheme=plain",
            *locate(),
        )
    return prefix, kind
