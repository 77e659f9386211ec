import unicodedata

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqtasks.data.tokenizer import normalize, tokenize

TEXT = st.text(max_size=60) | st.text("aB1é.'’-\x1f\t <br/>日\u00a0,!:)%@&", max_size=60)
BYTES = TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40)


def tokens_of(text):
    return [token.decode() for token in tokenize(tf.constant([text]))[0].numpy()[0]]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Ada Lovelace lived in London.", "Ada|Lovelace|lived|in|London|."),
        ("I don't think it's O'Brien's.", "I|do|n't|think|it|'s|O'Brien|'s|."),
        ("DON'T can’t We've she'll", "DO|N'T|ca|n’t|We|'ve|she|'ll"),
        ("it 's n't a well-made film", "it|'s|n't|a|well-made|film"),
        ("U.N. envoy at 3 p.m., U.S.-based", "U.N.|envoy|at|3|p.m.|,|U.S.-based"),
        ("1996-08-22 3.5 1,000 10/10 10:30 90's 7-6", "1996-08-22|3.5|1,000|10/10|10:30|90|'s|7-6"),
        ("$5.3 million, 12%", "$|5.3|million|,|12|%"),
        ("Mr. Smith of AT&T and F-16s", "Mr.|Smith|of|AT&T|and|F-16s"),
        ("Wow!!! Really?? well... -- no", "Wow|!!!|Really|??|well|...|--|no"),
        ("great.The end(almost)", "great|.|The|end|(|almost|)"),
        ("one<br />two<BR/>three<br><br />", "one|two|three"),
        ("see http://x.com/a_b?c=1. or a.b@c.org", "see|http://x.com/a_b?c=1|.|or|a.b@c.org"),
        ("Málaga naïve Ĳ Владимир Αθήνα", "Málaga|naïve|Ĳ|Владимир|Αθήνα"),
        ("cafe\u0301 हिन्दी", "cafe\u0301|हिन्दी"),
        ("北京 は東京", "北|京|は東京"),
        ("\u00a0nice\u2003film\u3000\ufeff😀👍", "nice|film|😀|👍"),
        (":-) :D a:b", ":-)|:D|a|:|b"),
        ("", ""),
        (" \t\n\x1f", ""),
    ],
)
def test_tokens(text, tokens):
    assert tokens_of(text) == (tokens.split("|") if tokens else [])


@settings(max_examples=150)
@given(st.lists(BYTES, max_size=4))
@example([b""])
@example([b"", b"caf\xe9 \xff\xfe ok", b"\xf0\x9f\x98", b"a\x1f\x1fb", b"\x00"])
@example([b"x", b""])
def test_offsets_give_back_the_bytes_of_tokens(texts):
    tokens, starts, ends = tokenize(tf.constant(texts, tf.string, shape=[len(texts)]))
    assert starts.dtype == ends.dtype == tf.int32
    assert tokens.shape[0] == len(texts)
    for text, *row in zip(texts, tokens.to_list(), starts.to_list(), ends.to_list(), strict=True):
        assert [text[start:end] for _, start, end in zip(*row, strict=True)] == row[0]
        assert all(row[0])
        position = 0
        for _, start, end in zip(*row, strict=True):
            assert position <= start < end
            position = end


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda text: "<" not in text))
def test_only_spaces_and_controls_are_left_out(text):
    # Characters newer than TensorFlow's Unicode tables are tokens of their own, so none is lost.
    kept = "".join(tokens_of(text))
    dropped = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    assert len(kept) >= len(text) - len(dropped)
    assert [c for c in kept if c not in dropped] == [c for c in text if c not in dropped]


def test_invalid_utf8_is_never_part_of_a_token():
    assert tokenize(tf.constant([b"caf\xe9 x\xff\xfey"]))[0].to_list() == [[b"caf", b"x", b"y"]]


def test_very_long_text():
    words = [f"word{i % 7}," for i in range(14_000)]
    text = " ".join(words)
    assert len(text) >= 90_000
    tokens, starts, ends = tokenize(tf.constant([text, "x" * 100_000, ""]))
    assert tokens.row_lengths().numpy().tolist() == [28_000, 1, 0]
    assert ends.to_list()[0][-1] == len(text)
    assert (starts.to_list()[1], ends.to_list()[1]) == ([0], [100_000])


def test_an_export_gives_the_same_tokens(tmp_path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def cut(self, text):
            tokens, starts, ends = tokenize(text)
            lower = normalize(tokens, lowercase=True, normalize_digits=True)
            return {
                "tokens": tokens.to_tensor(""),
                "lower": lower.to_tensor(""),
                "starts": starts.to_tensor(-1),
                "ends": ends.to_tensor(-1),
            }

    module = Module()
    tf.saved_model.save(module, str(tmp_path / "export"), signatures={"cut": module.cut})
    served = tf.saved_model.load(str(tmp_path / "export")).signatures["cut"]
    texts = ["Don't <br />panic, U.N.!", b"caf\xe9 \xff", "", "ÉTÉ 1996-08-22 北京 😀", "x\x1fy", " ", "word " * 20_000]
    for batch in (texts, texts[:1], texts[2:3], []):
        text = tf.constant(batch, tf.string, shape=[len(batch)])
        eager, exported = module.cut.python_function(text), served(text=text)
        for name, value in eager.items():
            assert exported[name].numpy().tolist() == value.numpy().tolist()


def test_normalize():
    tokens = tf.ragged.constant([["ÉTÉ", "1996-08-22", "٣x"], [], ["Straße"]])
    assert normalize(tokens, lowercase=True, normalize_digits=True).to_list() == [
        ["été".encode(), b"0000-00-00", b"0x"],
        [],
        ["straße".encode()],
    ]
    assert normalize(tf.constant(["A1"]), lowercase=False).numpy().tolist() == [b"A1"]
    assert normalize(tf.constant([b"A\xff"])).numpy()[0].startswith(b"a")


@pytest.mark.parametrize("unit", ["東", "a%", "a.", "1,", "x@", "a-'", "www.("])
def test_the_time_for_a_long_text_is_proportional_to_its_length(unit):
    # At the square of the length, as it once was without an end to addresses, a case would take minutes.
    tokens, _, _ = tokenize([unit * 200_000])
    assert tokens.row_lengths()[0] > 0
