import itertools
import random

import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.data.subwords import BLANK, RUN, SubwordTables, learn_subwords, subword_model
from seqtasks.data.symbols import END, END_ID
from seqtasks.data.vocabulary import PADDING_ID, UNKNOWN, Vocabulary
from seqtasks.errors import DataError

SENTENCES = [
    "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.",
    "Die Straße führt über die Brücke, und die Bücher grüßen schön!",
    "Größere Übungen ändern öfter das Gehör der Hörer.",
    "Où est passé l'élève ? Là-bas, près du café, à côté de l'hôtel.",
    "Ça coûte 1\u202f250,50\u00a0€ : c'est très cher, n'est-ce pas\u202f?",
    "Le garçon naïf a mangé une crêpe sur l'île, « déjà » dit-il.",
    "Two young men are outside near many bushes, aren't they?",
    "The magazine is issued twice a month; it costs $3.50 (or £2.99).",
    "In 1996-08-22 there were 10/10 reports, 1,234,567 in all ...",
    "aaa aaaa aaaaa aaaaaaa hahaha hahahaha lalala --- ----- !!! !!!!!",
]
WORDS = [word for sentence in SENTENCES for word in sentence.split(" ")]
# Beside the words that were learned, repetitions, numbers and characters that were not.
OTHERS = ["aaaaaaa", "a" * 40, "hahahahaha", "20260731", "ñandú", "東京都", "Łódź", "😀", "e\u0301a", "x☃y☃☃z", "<unk>"]


def tables_for(pieces, lowercase=False):
    return SubwordTables(lowercase, Vocabulary([END, *pieces]))


def encoder(tables):
    return tf.function(tables.ids, input_signature=[tf.TensorSpec([None], tf.string)])


MODEL = subword_model(SENTENCES, 300)
PIECES = learn_subwords(SENTENCES, 300)
TABLES = tables_for(PIECES)
ENCODE = encoder(TABLES)
CHARACTERS = "".join(piece for piece in PIECES if len(piece) == 1 and piece != BLANK)


def pieces_of(texts, encode=ENCODE, tables=TABLES):
    ids = encode(tf.constant(texts, tf.string))
    return [[piece.decode() for piece in row] for row in ids.with_values(tables.names(ids.values)).to_list()]


def expected(model, text):
    """Returns SentencePiece's pieces, each unknown character as one."""
    pieces = []
    for piece in model.encode(text, out_type=str):
        pieces += [UNKNOWN] * len(piece) if model.is_unknown(model.piece_to_id(piece)) else [piece]
    return pieces


def by_hand(run):
    """Returns a run's pieces, merged one pair at a time."""
    symbols = list(run)
    while True:
        joined = [left + right for left, right in itertools.pairwise(symbols)]
        best = min((piece for piece in joined if piece in PIECES), key=PIECES.index, default=None)
        if best is None:
            return symbols
        place = joined.index(best)
        symbols[place : place + 2] = [best]


def read(texts):
    return [text.decode() for text in TABLES.text(ENCODE(tf.constant(texts, tf.string)).to_tensor()).numpy().tolist()]


def test_ids_are_those_of_sentencepiece():
    draw = random.Random(1)
    texts = [" ".join(draw.choices(WORDS + OTHERS, k=draw.randrange(12))) for _ in range(400)]
    # Words from parts of words, so that few are known.
    texts += ["".join(draw.choices("".join(WORDS + OTHERS), k=draw.randrange(30))) for _ in range(200)]
    model = sentencepiece.SentencePieceProcessor(model_proto=MODEL)
    found = pieces_of(SENTENCES + texts)
    assert found == [expected(model, text) for text in SENTENCES + texts]
    assert any(UNKNOWN in row for row in found)


@pytest.mark.parametrize("seed", range(3))
def test_ties_and_overlaps_are_as_in_sentencepiece(seed):
    draw = random.Random(seed)
    texts = [" ".join("".join(draw.choices("aab", k=draw.randrange(1, 30))) for _ in range(6)) for _ in range(60)]
    proto = subword_model(texts[:20], 60)
    model = sentencepiece.SentencePieceProcessor(model_proto=proto)
    tables = tables_for(learn_subwords(texts[:20], 60))
    assert pieces_of(texts, encoder(tables), tables) == [expected(model, text) for text in texts]


@settings(max_examples=60)
@given(text=st.text(CHARACTERS + "    "))
def test_known_characters_come_back(text):
    assert read([text]) == [" ".join(word for word in text.split(" ") if word)]


@settings(max_examples=60)
@given(texts=st.lists(st.one_of(st.binary(), st.text())), own=st.text(CHARACTERS + " ▁☃"))
def test_a_text_is_cut_alike_in_any_company(texts, own):
    rows = ENCODE(tf.constant([*texts, own], tf.string)).to_list()
    assert rows[-1] == ENCODE(tf.constant([own])).to_list()[0]
    assert not {PADDING_ID, END_ID} & {i for row in rows for i in row}


def test_no_break_spaces_are_characters_and_other_white_space_parts_words():
    assert read(["1\u202f250,50\u00a0€", "a\t b\n\v\f\rc", "\u00a0"]) == ["1\u202f250,50\u00a0€", "a b c", "\u00a0"]
    assert pieces_of(["in▁der", "▁in ▁▁der▁"]) == pieces_of(["in der"]) * 2


def test_lower_case():
    tables = tables_for(PIECES, lowercase=True)
    assert pieces_of(["GRÖSSERE Übungen"], encoder(tables), tables) == pieces_of(["grössere übungen"])
    assert pieces_of(["Übungen"]) != pieces_of(["übungen"])


@pytest.mark.parametrize("encode", [TABLES.ids, ENCODE])
def test_no_text_and_empty_texts(encode):
    none = encode(tf.constant([], tf.string))
    assert none.dtype == tf.int32
    assert none.to_list() == []
    assert encode(tf.constant(["", " ", " \n\t", "▁"])).to_list() == [[]] * 4
    mixed = encode(tf.constant(["", "a", ""])).to_list()
    assert [len(row) for row in mixed] == [0, 1, 0]


def test_hostile_texts():
    assert pieces_of([b"a\xff\xe6\x9d", "a😀", "\ud7ff\ue000\0z".encode()]) == [
        pieces_of(["a"])[0] + [UNKNOWN] * 2,
        pieces_of(["a"])[0] + [UNKNOWN],
        [BLANK, *[UNKNOWN] * 3, "z"],
    ]
    long = pieces_of(["a" * 10_000, "in " * 3_000, "☃" * 10_000])
    assert "".join(long[0]) == BLANK + "a" * 10_000
    assert long[1] == pieces_of(["in"])[0] * 3_000
    assert long[2] == [BLANK] + [UNKNOWN] * 10_000


@pytest.mark.parametrize("length", [RUN - 2, RUN - 1, RUN, 2 * RUN - 1, 2 * RUN, 5 * RUN])
def test_runs_of_a_long_word_are_cut_on_their_own(length):
    word = BLANK + ("hahahalala" * RUN)[:length]
    runs = [word[start : start + RUN] for start in range(0, len(word), RUN)]
    assert pieces_of([word])[0] == [piece for run in runs for piece in by_hand(run)]


def test_a_text_cannot_spell_what_is_no_piece():
    for mark in ("<EOS>", "<PAD>", "<UNK>", "<unk>"):
        pieces = pieces_of([mark])[0]
        assert len(pieces) > 1
        assert pieces[0] == BLANK
    # Where their characters are known, they come back.
    tables = tables_for(learn_subwords(["<EOS> <PAD> <UNK> <unk>"] * 9, 100))
    ids = tables.ids(tf.constant(["<EOS> <PAD> <UNK> <unk>"]))
    assert min(ids.to_list()[0]) > END_ID
    assert tables.text(ids.to_tensor()).numpy().tolist() == [b"<EOS> <PAD> <UNK> <unk>"]


def test_names_and_texts_of_ids():
    tables = tables_for(["▁a", "é", "▁"])
    assert tables.names(tf.constant([[0, 1, 2], [3, 4, 5]])).numpy().tolist() == [
        [b"", b"<UNK>", b"<EOS>"],
        ["▁a".encode(), "é".encode(), "▁".encode()],
    ]
    ids = tf.constant([[3, 4, 3, 2, 0], [0, 4, 1, 3, 5], [5, 5, 4, 5, 3], [0, 0, 2, 0, 0]])
    assert [text.decode() for text in tables.text(ids).numpy()] == ["aé a", "é<UNK> a", "é a", ""]
    assert tables.text(tf.zeros([0, 3], tf.int32)).shape == (0,)
    assert tables.text(tf.zeros([2, 0], tf.int32)).numpy().tolist() == [b"", b""]


@pytest.mark.parametrize("pieces", [[], ["▁", "a"], ["ab"]])
def test_a_vocabulary_without_merges(pieces):
    found = pieces_of(["ab"], tables_for(pieces).ids, tables_for(pieces))
    assert found == [[piece if piece in pieces else UNKNOWN for piece in "▁ab"]]


def test_a_vocabulary_file_and_a_saved_model_keep_the_ids(tmp_path):
    Vocabulary([END, *PIECES]).save(tmp_path / "pieces.txt")
    module = tf.Module()
    module.tables = SubwordTables(False, Vocabulary.load(tmp_path / "pieces.txt"))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(text):
        ids = module.tables.ids(text).to_tensor()
        return {"ids": ids, "text": module.tables.text(ids)}

    tf.saved_model.save(module, str(tmp_path / "model"), signatures=serve)
    served = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    texts = tf.constant([*SENTENCES, "", "☃ in der"])
    found = served(text=texts)
    assert found["ids"].numpy().tolist() == ENCODE(texts).to_tensor().numpy().tolist()
    assert found["text"].numpy()[: len(SENTENCES)].tolist() == [sentence.encode() for sentence in SENTENCES]
    assert served(text=tf.constant([], tf.string))["ids"].shape == (0, 0)


def test_learning_is_the_same_each_time_and_takes_any_iterable(capfd):
    assert learn_subwords(iter(SENTENCES), 300) == PIECES
    assert len(PIECES) == len(set(PIECES)) == 300
    single = [len(piece) == 1 for piece in PIECES]
    assert single == sorted(single)
    assert {piece for piece in PIECES if len(piece) == 1} == {BLANK, *"".join(WORDS)}
    assert "".join(capfd.readouterr()) == ""


def test_a_small_corpus_gives_fewer_pieces():
    assert learn_subwords(["ab"], 8000) == ["ab", "▁ab", "▁a", "a", "b", "▁"]
    assert learn_subwords(["ab ab"], 3) == ["a", "b", "▁"]
    with pytest.raises(DataError, match=r"2 subwords are too few: the texts have 3 different characters"):
        learn_subwords(["ab ab"], 2)
    for nothing in ([], ["", " \n", "▁"]):
        with pytest.raises(DataError, match="no text"):
            learn_subwords(nothing, 100)


def test_what_sentencepiece_would_leave_out_is_learned():
    # A long text, a long word, its own marks, and line ends within a text.
    assert "▁ab" in learn_subwords(["ab " * 10_000, "c"], 100)
    assert {"abcd", "x"} <= set(learn_subwords(["abcd" * 20_000 + "x"], 100))
    assert set("▁unk<>") <= set(learn_subwords(["<unk> <unk>"], 100))
    pieces = learn_subwords(["one▅two\0two\nthree▁three\tthree"], 100)
    assert not set("".join(pieces)) & set("▅\0\n\t ")
    assert {"▁tw", "▁three"} <= set(pieces)
