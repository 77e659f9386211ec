"""Subword units: learned from texts by SentencePiece, applied by stock TensorFlow ops so that exports carry them.

They are byte-pair encoding: a word begins as its characters, and of all neighbours that a piece of the vocabulary could
replace, those with the best piece are merged first, until none are left. The pieces, best first, are all that it takes.
"""

import io
import re
from collections.abc import Iterable

import tensorflow as tf

from seqtasks.data.symbols import END, END_ID
from seqtasks.data.tokenizer import normalize
from seqtasks.data.vocabulary import PADDING_ID, UNKNOWN, UNKNOWN_ID, Vocabulary
from seqtasks.errors import DataError

BLANK = "▁"  # U+2581, which SentencePiece writes in front of a word
RUN = 64  # symbols; a longer word is cut into runs of so many, so that no text takes more merges in a row than that

# The white space at which `tf.strings.split` cuts, and what `SubwordTables` takes for it. A no-break space is a
# character: French texts have it within what they write as one.
_WHITE_SPACE = re.compile(rf"[ \t\n\v\f\r{BLANK}]+")
# SentencePiece keeps these two to itself; texts that hold them it would leave out.
_RESERVED = "▅"
_NOT_LEARNED = re.compile(rf"[\0{_RESERVED}]+")


def learn_subwords(texts: Iterable[str], size: int) -> list[str]:
    """Returns the subword units of texts, the best first: a piece's place is its rank in merging.

    The pieces of several characters come first, then every character of the texts, the most frequent first.

    Args:
        texts: Texts, lower-cased where `SubwordTables` is to do so.
        size: At most so many pieces; texts that have fewer give fewer.

    Raises:
        DataError: If there is no text, or more different characters than `size`.

    Reference:
        [Sennrich et al., 2016](https://arxiv.org/abs/1508.07909),
        [Kudo and Richardson, 2018](https://arxiv.org/abs/1808.06226)
    """
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_proto=subword_model(texts, size))
    return [model.id_to_piece(i) for i in range(1, model.get_piece_size())]


def subword_model(texts: Iterable[str], size: int) -> bytes:
    """Returns the SentencePiece model behind `learn_subwords`: the unknown piece, then the pieces.

    Args:
        texts: Texts.
        size: At most so many pieces.

    Raises:
        DataError: As `learn_subwords` does.
    """
    # Only learning needs it.
    import sentencepiece

    lines = [line for line in map(_line, texts) if line]
    characters = {BLANK, *(set().union(*lines) - {" "})}
    if not lines:
        raise DataError("no text to learn subwords from")
    if len(characters) > size:
        raise DataError(
            f"{size} subwords are too few: the texts have {len(characters)} different characters, and each is one "
            "already; ask for several times as many"
        )
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=size + 1,
        hard_vocab_limit=False,
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=True,
        remove_extra_whitespaces=True,
        # Whatever spells the unknown piece is cut from the texts, and some corpora spell `<unk>`.
        unk_id=0,
        unk_piece=_RESERVED,
        bos_id=-1,
        eos_id=-1,
        pad_id=-1,
        # Longer texts would be left out without a word.
        max_sentence_length=2**30,
        # More threads could give another order.
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def _line(text: str) -> str:
    """Returns a text as SentencePiece takes it, which fails at words of several thousand characters."""
    words = _WHITE_SPACE.split(_NOT_LEARNED.sub(" ", text))
    return " ".join(word[start : start + RUN - 1] for word in words for start in range(0, len(word), RUN - 1))


class SubwordTables(tf.Module):
    """Cuts texts into subword units, and writes texts from their ids.

    A text's ids are those that SentencePiece would give, but that each unknown character is one `UNKNOWN_ID`, that
    words longer than a run are cut, and that all ASCII white space parts words, as does `▁`, which means a blank.

    Args:
        lowercase: Whether to lower-case texts.
        vocabulary: `END`, then the pieces as `learn_subwords` returns them.
    """

    def __init__(self, lowercase: bool, vocabulary: Vocabulary):
        super().__init__()
        self.lowercase = lowercase
        self.size = len(vocabulary)
        first = END_ID + 1
        pieces = {piece: i for i, piece in enumerate(vocabulary.tokens[first:], first)}
        characters = {ord(piece): i for piece, i in pieces.items() if len(piece) == 1}
        merges = {}
        for piece, i in pieces.items():
            for cut in range(1, len(piece)):
                left, right = pieces.get(piece[:cut]), pieces.get(piece[cut:])
                if left is not None and right is not None:
                    merges[left * self.size + right] = i
        self.characters = _table(characters, UNKNOWN_ID)
        self.merges = _table(merges, self.size)
        # Bytes alone, as in `SymbolTables`.
        self.pieces = [b"", UNKNOWN.encode(), END.encode(), *(piece.encode() for piece in pieces)]

    def ids(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of each text's pieces, ragged int32 `[B, (T)]`.

        A text cannot spell padding, `END` or the unknown piece: they are characters like others. Bytes that are not
        UTF-8 are U+FFFD each.

        Args:
            text: Texts, string `[B]`.
        """
        # Its many small steps would each wait for another device.
        with tf.device("CPU:0"):
            text = tf.strings.regex_replace(normalize(text, self.lowercase), BLANK, " ")
            words = tf.strings.split(text)
            different, places = tf.unique(words.values)
            characters = tf.strings.unicode_decode(BLANK + different, "UTF-8")
            rows = characters.value_rowids()
            place = tf.range(tf.size(rows, tf.int64)) - tf.gather(characters.row_starts(), rows)
            starts = tf.where(place % RUN == 0)[:, 0]
            symbols = self.characters.lookup(tf.cast(characters.values, tf.int64))
            runs = tf.RaggedTensor.from_row_starts(symbols, starts, validate=False)
            merged = self._merged(runs.to_tensor(PADDING_ID))
            lengths = tf.math.count_nonzero(merged != PADDING_ID, axis=1)
            runs = tf.RaggedTensor.from_tensor(merged, lengths)
            rows = tf.gather(rows, starts)
            pieces = tf.RaggedTensor.from_value_rowids(runs, rows, tf.size(different, tf.int64), validate=False)
            pieces = pieces.merge_dims(1, 2)
            return words.with_values(tf.gather(pieces, places)).merge_dims(1, 2)

    def _merged(self, symbols: tf.Tensor) -> tf.Tensor:
        """Returns rows of symbols, int32 `[R, L]`, merged as far as they go, with padding behind.

        `pairs` has for each symbol the piece that it and the next one make, or the vocabulary's size if none. Of the
        ids of pieces the lowest is the best, and of equal ones `argmin` takes the leftmost, as SentencePiece does.
        """
        columns = tf.range(tf.shape(symbols)[1])[None]

        def moved_up(rows, last):
            return tf.concat([rows[:, 1:], tf.fill([tf.shape(rows)[0], 1], last)], axis=1)[:, : tf.shape(rows)[1]]

        def keys(symbols):
            following = moved_up(symbols, PADDING_ID)
            return tf.cast(symbols, tf.int64) * self.size + tf.cast(following, tf.int64)

        def goes_on(symbols, pairs):
            return tf.reduce_any(pairs < self.size)

        def merge(symbols, pairs):
            best = tf.reduce_min(pairs, axis=1, keepdims=True)
            place = tf.argmin(pairs, axis=1, output_type=tf.int32)[:, None]
            # A row that is done has its place beyond the end.
            place = tf.where(best < self.size, place, tf.size(columns) + 1)
            symbols = tf.where(columns > place, moved_up(symbols, PADDING_ID), symbols)
            symbols = tf.where(columns == place, best, symbols)
            pairs = tf.where(columns > place, moved_up(pairs, self.size), pairs)
            # The merged symbol has new neighbours; all other pairs are as they were.
            changed = tf.where((columns == place) | (columns == place - 1))
            found = self.merges.lookup(tf.gather_nd(keys(symbols), changed))
            return symbols, tf.tensor_scatter_nd_update(pairs, changed, found)

        pairs = self.merges.lookup(keys(symbols))
        return tf.while_loop(goes_on, merge, (symbols, pairs), maximum_iterations=RUN - 1)[0]

    def names(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the pieces of ids, string of the ids' shape; `""` for padding."""
        return tf.gather(tf.constant(self.pieces), ids)

    def text(self, ids: tf.Tensor) -> tf.Tensor:
        """Returns the texts that ids stand for, string `[B]`, with single blanks between the words.

        Args:
            ids: Pieces, int32 `[B, L]`; padding and `END` are left out.
        """
        names = tf.where((ids == PADDING_ID) | (ids == END_ID), "", self.names(ids))
        text = tf.strings.reduce_join(names, axis=1)
        return tf.strings.strip(tf.strings.regex_replace(text, f"{BLANK}+", " "))


def _table(entries: dict[int, int], default: int) -> tf.lookup.StaticHashTable:
    # No table may be empty, and no key is negative.
    entries = {-1: default, **entries}
    with tf.device("CPU:0"):
        keys, values = tf.constant(list(entries), tf.int64), tf.constant(list(entries.values()), tf.int32)
        return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)
