import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.data.symbols import END, END_ID, SymbolTables, is_unknown, symbols_of, written
from seqtasks.data.vocabulary import PADDING_ID, UNKNOWN_ID, Vocabulary
from seqtasks.sections import Symbols

WORDS, BLANKS = {"unit": "word"}, {"unit": "word", "tokenizer": "blanks"}
CHARACTERS, BYTES = {"unit": "character"}, {"unit": "byte"}
EVERY = [WORDS, BLANKS, CHARACTERS, BYTES]
ALPHABET = "aé東😀\n\\ <>EOSunk\u0301"

BYTE_TABLES = SymbolTables(Symbols(**BYTES), Vocabulary([END, *(f"{byte:03d}" for byte in range(256))]))
CHARACTER_TABLES = SymbolTables(Symbols(**CHARACTERS), Vocabulary([END, *ALPHABET]))


def cut(text, **options):
    return symbols_of(tf.constant([text]), Symbols(**options)).to_list()[0]


def tables_for(text, **options):
    """Returns tables that know every symbol of a text."""
    symbols = dict.fromkeys(symbol.decode() for symbol in cut(text, **options))
    return SymbolTables(Symbols(**options), Vocabulary([END, *symbols]))


def continued(tables, prompt, text):
    return tables.continued(tf.constant([prompt]), tables.ids(tf.constant([text])).to_tensor()).numpy()[0].decode()


@pytest.mark.parametrize(
    ("options", "text", "symbols"),
    [
        (WORDS, "Don't go,  Zoë😀!\n", ["Do", "n't", "go", ",", "Zoë", "😀", "!"]),
        (WORDS, b"a\xff b", ["a", "b"]),
        (BLANKS, "Don't go,\t Zoë😀! <unk>\n", ["Don't", "go,", "Zoë😀!", "<unk>"]),
        (BLANKS, b"a\xff b", [b"a\xff", "b"]),
        (CHARACTERS, "Né\u0301 😀\n", ["N", "é", "\u0301", " ", "😀", "\n"]),
        (CHARACTERS, b"a\xff\xe6\x9db", ["a", "\ufffd", "\ufffd", "b"]),
        (BYTES, "né\n", [b"n", b"\xc3", b"\xa9", b"\n"]),
        (BYTES, b"\x00\xff", [b"\x00", b"\xff"]),
        (WORDS | {"lowercase": True}, "ÀB Don'T", ["àb", "do", "n't"]),
        (BLANKS | {"lowercase": True}, "ÀB, Don'T", ["àb,", "don't"]),
        (CHARACTERS | {"lowercase": True}, "ÀB", ["à", "b"]),
        (BYTES | {"lowercase": True}, "AÀ", [b"a", b"\xc3", b"\xa0"]),
        (WORDS, "   \n", []),
        (BLANKS, "   \n", []),
    ],
)
def test_cutting(options, text, symbols):
    assert cut(text, **options) == [symbol if isinstance(symbol, bytes) else symbol.encode() for symbol in symbols]


@pytest.mark.parametrize("options", EVERY)
def test_an_empty_text_and_no_text(options):
    assert cut("", **options) == []
    tables = SymbolTables(Symbols(**options), Vocabulary([END, "097"]))
    none = tf.constant([], tf.string)
    assert tables.ids(none).to_list() == []
    assert tables.ids(tf.constant(["", ""])).to_list() == [[], []]
    assert tables.continued(none, tf.zeros([0, 3], tf.int32)).shape == (0,)
    assert tables.continued(tf.constant(["x"]), tf.zeros([1, 0], tf.int32)).numpy().tolist() == [b"x"]


def test_what_a_text_cannot_spell_is_unknown():
    tables = SymbolTables(Symbols(**BLANKS), Vocabulary([END, "a"]))
    assert tables.ids(tf.constant(["<unk> <UNK> <EOS> <PAD> b a"])).to_list() == [[UNKNOWN_ID] * 5 + [3]]
    assert tables.ids(tf.constant([b"a \xff"])).to_list() == [[3, UNKNOWN_ID]]
    assert all(map(is_unknown, ("<unk>", "<UNK>", "<EOS>")))
    assert not any(map(is_unknown, ("<eos>", "unk", "")))
    # Where marks are cut up, their parts are symbols like others.
    assert continued(tables_for("<EOS>", **CHARACTERS), "", "<EOS>") == "<EOS>"


@pytest.mark.parametrize("options", EVERY)
@settings(max_examples=20)
@given(text=st.lists(st.sampled_from(["<EOS>", "<PAD>", "<UNK>", "<unk>", " ", "a", "é", "\n"])).map("".join))
def test_no_text_holds_padding_or_an_end(options, text):
    tables = SymbolTables(Symbols(**options), Vocabulary([END, "060", "097"]))
    assert not {PADDING_ID, END_ID} & set(tables.ids(tf.constant([text])).values.numpy().tolist())


def test_ids_and_names():
    tables = SymbolTables(Symbols(**BLANKS), Vocabulary([END, "b", "é"]))
    ids = tables.ids(tf.constant(["é b", "x é"]))
    assert ids.dtype == tf.int32
    assert ids.to_list() == [[4, 3], [1, 4]]
    assert tables.names(tf.constant([[0, 1], [2, 4]])).numpy().tolist() == [[b"", b"<UNK>"], [b"<EOS>", "é".encode()]]
    assert BYTE_TABLES.names(tf.constant([3, 258])).numpy().tolist() == [b"\x00", b"\xff"]


@pytest.mark.parametrize(
    "text",
    [
        "Don't go, he said; it's (at 5%) fun!",
        "They'll pay £3.50 [or $4]… won’t they?",
        "I'm sure we've seen U.N. reports: yes.",
        "{a}",
        "A plain-spoken text without any",
    ],
)
def test_words_close_up_as_they_are_written(text):
    assert continued(tables_for(text, **WORDS), "", text) == text


def test_blanks_stay_where_the_texts_have_them():
    text = "he said , do n't ( go )"
    assert continued(tables_for(text, **BLANKS), "", text) == text


@pytest.mark.parametrize(
    ("prompt", "text", "whole"),
    [
        ("the dogs", "bark", "the dogs bark"),
        ("the dogs", ", they bark", "the dogs, they bark"),
        ("they do", "n't", "they don't"),
        # The prompt stays as it is, and one blank is enough.
        ("the dogs ", "bark", "the dogs bark"),
        ("ROMEO:\n", "speak", "ROMEO:\nspeak"),
        (" ", "bark", " bark"),
        ("", "bark", "bark"),
        ("the dogs", "", "the dogs"),
    ],
)
def test_words_go_on_from_a_prompt(prompt, text, whole):
    assert continued(tables_for(text, **WORDS), prompt, text) == whole


@given(text=st.text(ALPHABET), place=st.integers(0, 9))
def test_characters_go_on_exactly(text, place):
    assert continued(CHARACTER_TABLES, text[:place], text[place:]) == text


@given(text=st.binary(), place=st.integers(0, 9))
def test_bytes_go_on_exactly(text, place):
    rest = BYTE_TABLES.ids(tf.constant([text[place:]])).to_tensor()
    assert BYTE_TABLES.continued(tf.constant([text[:place]]), rest).numpy()[0] == text


@pytest.mark.parametrize("options", EVERY)
def test_what_is_no_text_is_silent(options):
    tables = SymbolTables(Symbols(**options), Vocabulary([END, "097"]))
    silent, unknown = [0, 3, 0, 2, 0], [3, 1, 2, 0, 0]
    between, known = (" " if options["unit"] == "word" else ""), ("a" if options["unit"] == "byte" else "097")
    found = tables.continued(tf.constant(["x", "x"]), tf.constant([silent, unknown])).numpy().tolist()
    expected = [f"x{between}{known}", f"x{between}{known}{between}<UNK>"]
    assert [text.decode() for text in found] == expected


def test_bytes_are_written_as_numbers():
    assert written(b"\x07", Symbols(**BYTES)) == "007"
    assert written("é".encode(), Symbols(**CHARACTERS)) == "é"
