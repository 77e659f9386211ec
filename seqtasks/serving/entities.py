"""Entities out of BIO tags."""


def entities_of(tags: list[str], scores: list[float], starts: list[int], ends: list[int], text: str) -> list[dict]:
    """Joins BIO tags into entities.

    An `I-` tag that follows neither its `B-` nor its like begins an entity, as the CoNLL scorer
    reads it.

    Args:
        tags: One tag a token.
        scores: One probability a token.
        starts: Where each token begins in `text`.
        ends: Where it ends.
        text: The text.

    Returns:
        For each entity `text`, `type`, `start`, `end`, and `score`, the smallest of its tokens'.
    """
    entities = []
    open_type = None
    for tag, score, start, end in zip(tags, scores, starts, ends, strict=True):
        prefix, _, kind = tag.partition("-")
        if prefix not in ("B", "I") or not kind:
            open_type = None
            continue
        if prefix == "B" or kind != open_type:
            entities.append({"text": "", "type": kind, "start": start, "end": end, "score": score})
        else:
            entities[-1]["end"] = end
            entities[-1]["score"] = min(entities[-1]["score"], score)
        open_type = kind
    for entity in entities:
        entity["text"] = text[entity["start"] : entity["end"]]
    return entities
