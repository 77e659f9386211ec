r"""Cuts raw text into words and punctuation with stock TensorFlow string ops.

The same function runs eagerly in training and inside exported graphs, so both see the same tokens.
It follows the Penn Treebank where news and reviews agree: `don't` is `do n't`, `it's` is `it 's`,
while `U.N.`, `3.5`, `1996-08-22`, `10/10`, `well-made`, `O'Brien` and `...` each stay one token.
Han characters stand alone, `<br />` is white space, and a byte that is not UTF-8 is never part of
a token.

How it works: every token is enclosed in a pair of separators and the text is split at them, which
leaves gaps at even and tokens at odd positions; the running sum of their lengths is the byte offset.
"""

_SEPARATOR = "\x1f"  # a control character, hence never part of a token
_WORD = r"[\p{L}\p{M}\p{N}]"
_SUFFIX = r"['’](?i:s|d|m|re|ve|ll)\b"
_NEGATION = r"[nN]['’][tT]\b"

_TOKEN = "|".join(
    (
        r"(?:https?://|www\.)[^\s<>\"\p{Z}\p{C}]*[^\s<>\"\p{Z}\p{C}\p{P}]/?",
        # Of bounded length: where tokens are short and no "@" comes, each would be followed to the text's end.
        r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+",
        rf"(?:\p{{L}}\.){{2,}}(?:-{_WORD}+)*",  # U.N., a.m., U.S.-based
        r"(?:Mrs?|Ms|Dr|St|Jr|Sr|Prof|Gov|Sen|Rep|Gen|Lt|Col|Sgt|Capt|vs|Inc|Corp|Ltd)\.",
        r"\p{Han}",
        _NEGATION,
        _SUFFIX,
        rf"\p{{N}}+(?:[.,:/-]\p{{N}}+)*{_WORD}*(?:[-'’]{_WORD}+)*",  # 3.5, 1996-08-22, 1990s, 10-year-old
        rf"{_WORD}+(?:[-'’&\x{{200c}}\x{{200d}}]{_WORD}+)*",
        r"[:;=]-?(?:[)(\]\[|]|[DPp]\b)",  # :-)
        r"\.{2,}|!+|\?+|-+|\*+|=+|_+|`+|'{2}",
        r"[^\s\p{Z}\p{Cc}\p{Cf}]",
    )
)


def tokenize(text):
    """Cuts texts into tokens.

    Args:
        text: String tensor of shape `(batch,)`.

    Returns:
        `(tokens, starts, ends)`, ragged tensors of shape `(batch, None)`: the tokens, and the int32
        byte offsets into `text` between which each stands.
    """
    import tensorflow as tf

    replace, mark = tf.strings.regex_replace, _SEPARATOR
    # These keep the length, on which the offsets rest.
    text = replace(tf.convert_to_tensor(text), _SEPARATOR, " ")
    for tag in ("<br />", "<br/>", "<br>"):
        text = replace(text, f"(?i){tag}", " " * len(tag))
    # An even number of separators keeps gaps at even places.
    text = replace(text, rf"([\p{{L}}\p{{N}}])({_NEGATION}|{_SUFFIX})", rf"\1{mark}{mark}\2")
    text = replace(text, _TOKEN, rf"{mark}\0{mark}")
    pieces = tf.strings.split(text, mark)
    rows = pieces.value_rowids()
    lengths = tf.strings.length(pieces.values)
    before = tf.cumsum(lengths, exclusive=True)
    padded = tf.concat([before, [0]], axis=0)  # the last row may be empty
    before -= tf.gather(tf.gather(padded, pieces.row_starts()), rows)
    places = tf.ragged.range(pieces.row_lengths()).values
    is_token = (places % 2 == 1) & (lengths > 0)
    splits = tf.concat([[0], tf.cumsum(tf.cast(is_token, tf.int64))], axis=0)
    splits = tf.gather(splits, pieces.row_splits)

    def ragged(values):
        return tf.RaggedTensor.from_row_splits(tf.boolean_mask(values, is_token), splits, validate=False)

    return ragged(pieces.values), ragged(before), ragged(before + lengths)


def normalize(tokens, lowercase: bool = True, normalize_digits: bool = False):
    """Brings tokens into the form in which the vocabulary knows them.

    Args:
        tokens: String tensor of any shape, dense or ragged.
        lowercase: Whether to lower-case them, all of Unicode.
        normalize_digits: Whether every decimal digit becomes `0`.

    Returns:
        A string tensor of the same shape.
    """
    import tensorflow as tf

    if isinstance(tokens, tf.RaggedTensor):
        return tf.ragged.map_flat_values(normalize, tokens, lowercase, normalize_digits)
    if lowercase:
        tokens = tf.strings.lower(tokens, encoding="utf-8")
    if normalize_digits:
        tokens = tf.strings.regex_replace(tokens, r"\p{Nd}", "0")
    return tokens
