"""The character encoder."""

import keras
import numpy as np
import tensorflow as tf

from seqtasks.layers import CharacterEncoder

CHARACTERS = np.array([[[1, 2, 3, 0], [4, 0, 0, 0]], [[3, 2, 1, 4], [0, 0, 0, 0]]])


def test_a_word_s_vector_is_its_characters_read_both_ways():
    encoder = CharacterEncoder(5, embedding_size=3, units=2)
    vectors = encoder(CHARACTERS).numpy()
    assert vectors.shape == encoder.compute_output_shape(CHARACTERS.shape) == (2, 2, 4)
    for place in np.ndindex(2, 2):
        word = CHARACTERS[place][CHARACTERS[place] != 0]
        if not len(word):
            assert not np.any(vectors[place])
            continue
        embedded = encoder.embedding(word[None])
        forward = encoder.encoder.forward_layer(embedded)[0]
        # A layer that runs backwards reads the word from its end.
        backward = encoder.encoder.backward_layer(embedded)[0]
        np.testing.assert_allclose(vectors[place], np.concatenate([forward, backward]), atol=1e-6)


def test_it_trains_compiled_and_drops_out():
    encoder = CharacterEncoder(5, embedding_size=3, units=2, dropout=0.5)
    encoder.build(CHARACTERS.shape)
    weights = [variable.value for variable in encoder.trainable_weights]

    @tf.function(jit_compile=True, autograph=False)
    def gradients(characters):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(encoder(characters, training=True) ** 2)
        return loss, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]

    loss, found = gradients(tf.constant(CHARACTERS))
    assert all(np.all(np.isfinite(gradient)) for gradient in found)
    assert not np.any(found[0][0])  # padding learns nothing
    assert np.any(found[0][1:])
    assert float(gradients(tf.constant(CHARACTERS))[0]) != float(loss)


def test_half_precision_goes_all_the_way_in():
    encoder = CharacterEncoder(5, 3, 2, dtype="mixed_float16")
    assert encoder(CHARACTERS).dtype == encoder.encoder.forward_layer.compute_dtype == "float16"


def test_saving(tmp_path):
    inputs = keras.Input((None, None), dtype="int32")
    model = keras.Model(inputs, CharacterEncoder(5, 3, 2, dropout=0.1)(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(CHARACTERS), again(CHARACTERS))
    assert again.layers[-1].get_config() == model.layers[-1].get_config()
