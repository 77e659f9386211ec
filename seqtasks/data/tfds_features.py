"""Maps the features of a TFDS builder to examples: tags, labelled texts, plain texts."""

import re
from dataclasses import dataclass

from seqtasks.data.tag_schemes import PLAIN, all_to_bio
from seqtasks.task import Example

WIKI40B_MARKUP = ("_START_ARTICLE_", "_START_SECTION_", "_START_PARAGRAPH_", "_NEWLINE_")


@dataclass(frozen=True)
class TfdsTags:
    """Sentences with one tag a token.

    Args:
        tokens: Feature with a sequence of strings.
        tags: Feature with a sequence of class labels or strings.
        further: Further features like `tags`; those the builder lacks are left out.
    """

    tokens: str = "tokens"
    tags: str = "ner"
    further: tuple[str, ...] = ("pos", "chunks")

    usage = "tokens=FEATURE,tags=FEATURE"
    needs = "tokens and tags must be sequences of the same length"

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        return {"tokens": self.tokens, "tags": self.tags}

    def fits(self, values: dict) -> bool:
        """Returns whether the values by role are of the right kind."""
        columns = list(values.values())
        return all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns)

    def example(self, values: dict, names: dict) -> Example | None:
        """Returns one example, or None for an empty one.

        Args:
            values: Values by role, lists for sequences.
            names: By role, a function from a label's integer to its name, or None for text.
        """
        if not values["tokens"]:
            return None
        return {
            role: [_text(value) if names[role] is None else names[role](value) for value in column]
            for role, column in values.items()
        }

    def finish(self, splits: dict[str, list[Example]], options, source: str, notes: list[str]) -> None:
        """Converts the tags to BIO in place, whatever scheme they are in."""
        if options.scheme == PLAIN:
            return
        order = [(name, i) for name, examples in splits.items() for i in range(len(examples))]
        tags, note = all_to_bio(
            [splits[name][i]["tags"] for name, i in order],
            lambda sequence, token: (f"{source} {order[sequence][0]}, example {order[sequence][1] + 1}", None),
        )
        notes += [note] if note else []
        for (name, i), converted in zip(order, tags, strict=True):
            splits[name][i]["tags"] = converted


@dataclass(frozen=True)
class TfdsText:
    """Texts with one label each.

    Args:
        text: Feature with a string.
        label: Feature with a class label, an integer or a string.
        unlabelled: The integer that stands for no label; such examples are dropped.
    """

    text: str = "text"
    label: str = "label"
    unlabelled: int | None = -1

    usage = "text=FEATURE,label=FEATURE"
    needs = "the text must be a string and the label a single value"
    further = ()

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        return {"text": self.text, "label": self.label}

    def fits(self, values: dict) -> bool:
        """Returns whether the values by role are of the right kind."""
        return isinstance(values["text"], bytes) and not isinstance(values["label"], list)

    def example(self, values: dict, names: dict) -> Example | None:
        """Returns one example, or None for one without text or label. See `TfdsTags.example`."""
        text, label = _text(values["text"]), values["label"]
        if names["label"] is None:
            label = _text(label)
        elif int(label) == self.unlabelled:
            return None
        else:
            label = names["label"](int(label))
        return {"text": text, "label": label} if text.strip() else None

    def finish(self, splits, options, source: str, notes: list[str]) -> None:
        """Leaves the examples as they are."""


@dataclass(frozen=True)
class TfdsPlainText:
    """Texts without a label, as they are.

    Args:
        text: Feature with a string.
        markup: Marks that stand for line breaks, as `WIKI40B_MARKUP`. Where there are any, one line
            break replaces a run of them and of white space, and none is left at either end.
    """

    text: str = "text"
    markup: tuple[str, ...] = ()

    usage = "text=FEATURE"
    needs = "the text must be a string"
    further = ()

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        return {"text": self.text}

    def fits(self, values: dict) -> bool:
        """Returns whether the values by role are of the right kind."""
        return isinstance(values["text"], bytes)

    def example(self, values: dict, names: dict) -> Example | None:
        """Returns one example, or None for an empty text. See `TfdsTags.example`."""
        text = _text(values["text"])
        if self.markup:
            text = re.sub(rf"\s*(?:(?:{'|'.join(map(re.escape, self.markup))})\s*)+", "\n", text).strip()
        return {"text": text} if text.strip() else None

    def finish(self, splits, options, source: str, notes: list[str]) -> None:
        """Leaves the examples as they are."""


def _text(value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
