"""Draws the next symbol from a network's scores."""

import tensorflow as tf

# Steps whose random numbers are drawn at once.
_BLOCK = 64


def random_numbers(seed: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """Returns one number in [0, 1) a row and step, float32 `[B, length]`.

    A row's numbers follow from its seed alone, and more steps leave the first ones as they are.

    Args:
        seed: int32 `[B]`.
        length: How many steps, a scalar.
    """

    blocks = -(-length // _BLOCK)
    pairs = tf.stack(tf.meshgrid(seed, tf.range(blocks), indexing="ij"), axis=-1)

    def block(pair):
        return tf.random.stateless_uniform([_BLOCK], pair, alg="philox")

    # Blocks of one size, as no rows at all must still be of a known shape.
    found = tf.map_fn(block, tf.reshape(pairs, [-1, 2]), fn_output_signature=tf.TensorSpec([_BLOCK], tf.float32))
    return tf.reshape(found, [tf.shape(seed)[0], blocks * _BLOCK])[:, :length]


def choose(logits, numbers, temperature, top_k, top_p) -> tf.Tensor:
    """Draws a symbol for each row, independently of the other rows.

    To each score a number is added that is drawn from Gumbel's distribution, and the largest sum is taken. Summing up
    probabilities until they exceed one random number would do as well, but of 10,000 symbols one draw in 1,000 falls so
    close to a border that the rounding of another size of batch moves it.

    Args:
        logits: Scores float32 `[B, V]`, minus infinity for what must not be drawn.
        numbers: Random numbers in [0, 1), float32 `[B]`.
        temperature: The scores are divided by it, float32 `[B]`; 0 takes the likeliest symbol.
        top_k: Draw from so many likeliest symbols, int32 `[B]`; 0 for all. Symbols of equal score at the border stay.
        top_p: Draw from the fewest likeliest symbols whose probabilities sum to it, float32 `[B]`; 1 for all. It
            counts after `temperature` and `top_k`.

    Returns:
        int32 `[B]`.

    Reference:
        Fan et al., Hierarchical Neural Story Generation, ACL 2018 (top-k); Holtzman et al., The Curious Case of Neural
        Text Degeneration, ICLR 2020 (top-p); for the sums see `draw`.
    """
    # From the likeliest down, as a quotient by next to no temperature would be no number.
    scaled = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
    scaled /= tf.where(temperature > 0, temperature, 1.0)[:, None]
    filtered = tf.reduce_any((top_k > 0) | (top_p < 1))
    # In the vocabulary's order whether or not there is anything to filter, so that no other row changes a choice.
    scaled = tf.cond(
        filtered, lambda: tf.where(scaled >= _cut(scaled, top_k, top_p), scaled, -float("inf")), lambda: scaled
    )
    drawn = draw(scaled, _spread(numbers, tf.shape(scaled)[1]))
    return tf.where(temperature > 0, drawn, tf.argmax(logits, axis=-1, output_type=tf.int32))


def _spread(numbers, size):
    """Returns a random number above 0 and below 1 for each symbol, float32 `[B, size]`, out of one for each row.

    Symbols are numbered, and the numbers' bits mixed (the finalizer of MurmurHash3) beginning with the row's own.
    """

    def mixed(bits):
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
            bits *= tf.constant(factor, tf.uint32)
        return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(16, tf.uint32)))

    rows = mixed(tf.bitcast(numbers, tf.uint32))[:, None]
    symbols = tf.cast(tf.range(1, size + 1), tf.uint32) * tf.constant(0x9E3779B9, tf.uint32)
    bits = mixed(mixed(rows + symbols))
    # 23 bits and a half: neither 0 nor 1 comes out of the rounding.
    whole = tf.cast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.float32)
    return (whole + 0.5) * 2.0**-23


def _cut(scaled, top_k, top_p):
    """Returns the least score that stays, `[B, 1]`."""
    size = tf.shape(scaled)[1]
    ordered = tf.sort(scaled, axis=-1, direction="DESCENDING")
    last = tf.where(top_k > 0, tf.minimum(top_k, size), size) - 1
    least = tf.gather(ordered, last, batch_dims=1)[:, None]
    probabilities = tf.nn.softmax(tf.where(ordered >= least, ordered, -float("inf")))
    before = tf.cumsum(probabilities, axis=-1, exclusive=True)
    # The likeliest symbol stays even with top_p=0.
    kept = (before < top_p[:, None]) | (tf.range(size) == 0)
    nucleus = tf.reduce_min(tf.where(kept, ordered, float("inf")), axis=-1, keepdims=True)
    return tf.where(top_p[:, None] < 1, tf.maximum(least, nucleus), least)


def draw(logits, numbers) -> tf.Tensor:
    """Draws a symbol for each row, int32 `[N]`, from what its scores say.

    Args:
        logits: Scores float32 `[N, V]`.
        numbers: Random numbers in [0, 1), float32 `[N, V]`.

    Reference:
        Gumbel, Statistical Theory of Extreme Values and Some Practical Applications, 1954.
    """
    noise = -tf.math.log(-tf.math.log(tf.clip_by_value(numbers, 1e-20, 1.0 - 1e-7)))
    return tf.argmax(logits + noise, axis=-1, output_type=tf.int32)
