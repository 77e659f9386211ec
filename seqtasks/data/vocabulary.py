"""Which tokens a model knows, and their ids."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from seqtasks.errors import DataError
from seqtasks.files import write_text

PADDING_ID = 0
UNKNOWN_ID = 1
PADDING = "<PAD>"
UNKNOWN = "<UNK>"

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {"\\": "\\", "n": "\n", "r": "\r"}


class Vocabulary:
    """Tokens with ids: 0 is padding, 1 any unknown token, then the tokens in order.

    Args:
        tokens: The known tokens, most frequent first, without the two special ones.
    """

    def __init__(self, tokens: Iterable[str]):
        self.tokens = [PADDING, UNKNOWN, *tokens]
        self._ids = {token: i for i, token in enumerate(self.tokens) if i > UNKNOWN_ID}
        if len(self._ids) != len(self.tokens) - 2:
            twice = next(t for t, count in Counter(self.tokens[2:]).items() if count > 1)
            raise DataError(f"vocabulary: token {twice!r} stands twice")

    @classmethod
    def build(
        cls, tokens: Mapping[str, int] | Iterable[Iterable[str]], max_size: int = 0, min_count: int = 1
    ) -> "Vocabulary":
        """Counts tokens and keeps the most frequent ones, ties in alphabetical order.

        Args:
            tokens: Counts by token, or sequences of tokens.
            max_size: At most so many tokens besides the two special ones; 0 means no limit.
            min_count: Rarer tokens are left out.
        """
        if not isinstance(tokens, Mapping):
            counter: Counter[str] = Counter()
            for sequence in tokens:
                counter.update(sequence)
            tokens = counter
        special = ("", PADDING, UNKNOWN)
        kept = [(-count, token) for token, count in tokens.items() if count >= min_count and token not in special]
        return cls(token for _, token in sorted(kept)[: max_size or None])

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def __getitem__(self, i: int) -> str:
        return self.tokens[i]

    def __eq__(self, other) -> bool:
        return isinstance(other, Vocabulary) and self.tokens == other.tokens

    __hash__ = None

    def id(self, token: str) -> int:
        """Returns the id of a token; `""` is padding."""
        return self._ids.get(token, UNKNOWN_ID if token else PADDING_ID)

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Returns the ids of tokens."""
        get = self._ids.get
        return [get(token, UNKNOWN_ID if token else PADDING_ID) for token in tokens]

    def lookup_table(self):
        """Returns a `tf.lookup.StaticHashTable` from tokens to int64 ids, which exports.

        It knows the empty string as padding and takes dense and ragged string tensors.
        """
        import tensorflow as tf

        keys = ["", *self.tokens[2:]]
        ids = [PADDING_ID, *range(2, len(self.tokens))]
        with tf.device("CPU:0"):
            return tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(tf.constant(keys, tf.string), tf.constant(ids, tf.int64)),
                default_value=UNKNOWN_ID,
            )

    def save(self, path) -> None:
        """Writes one token a line, so that a token's id is its line number less one.

        Backslash, line feed and carriage return are written `\\\\`, `\\n` and `\\r`.
        """
        table = str.maketrans(_ESCAPES)
        write_text(path, "".join(token.translate(table) + "\n" for token in self.tokens))

    @classmethod
    def load(cls, path) -> "Vocabulary":
        """Reads what `save` wrote.

        Raises:
            DataError: If the file is missing or not a vocabulary.
        """
        try:
            text = Path(path).read_bytes().decode("utf-8")
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path) from error
        except UnicodeDecodeError as error:
            raise DataError("not a vocabulary: not UTF-8", path) from error
        tokens = text.removesuffix("\n").split("\n")
        if tokens[:2] != [PADDING, UNKNOWN]:
            raise DataError(f"not a vocabulary: it must begin with {PADDING} and {UNKNOWN}", path, 1)
        return cls(map(_unescape, tokens[2:]))


def _unescape(line: str) -> str:
    if "\\" not in line:
        return line
    characters = iter(line)
    return "".join(_UNESCAPES.get(next(characters, ""), "") if c == "\\" else c for c in characters)
