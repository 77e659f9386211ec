"""Layers and their weights, from keras.layers and back."""

import keras

from seqtasks.errors import UsageError
from seqtasks.layers.bidirectional import Bidirectional
from seqtasks.layers.gru import GRU
from seqtasks.layers.lstm import LSTM
from seqtasks.layers.simple_rnn import SimpleRNN

TWINS = {SimpleRNN: keras.layers.SimpleRNN, GRU: keras.layers.GRU, LSTM: keras.layers.LSTM}

# What a Keras layer can be told and our layers take for granted.
TEXTBOOK = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def from_keras(layer):
    """Returns our layer for one of Keras's, with its configuration and a copy of its weights.

    Args:
        layer: A keras.layers.SimpleRNN, GRU, LSTM, or a Bidirectional of one of them.

    Raises:
        UsageError: The layer is of another kind or has other activations than the textbook's.
    """
    if isinstance(layer, keras.layers.Bidirectional):
        ours = Bidirectional(
            _one_direction(layer.forward_layer),
            merge_mode=layer.merge_mode,
            backward_layer=_one_direction(layer.backward_layer),
            name=layer.name,
            dtype=layer.dtype_policy,
        )
        return _with_weights(ours, layer)
    # Bidirectional sets this on its own layers, in Keras and in effect here; alone, ours cannot.
    if getattr(layer, "zero_output_for_mask", False):
        raise UsageError(f"{layer.name} has zero_output_for_mask set, which only Bidirectional does here.")
    return _with_weights(_one_direction(layer), layer)


def to_keras(layer):
    """Returns Keras's layer for one of ours, with its configuration and a copy of its weights.

    Args:
        layer: Our SimpleRNN, GRU, LSTM, or a Bidirectional of one of them.

    Raises:
        UsageError: Keras has no such layer.
    """
    if isinstance(layer, Bidirectional):
        theirs = keras.layers.Bidirectional(
            to_keras(layer.forward_layer),
            merge_mode=layer.merge_mode,
            backward_layer=to_keras(layer.backward_layer),
            name=layer.name,
            dtype=layer.dtype_policy,
        )
    else:
        config = layer.get_config()
        twin = TWINS.get(type(layer))
        extra = config.pop("peephole", False) or config.pop("output_activation", "tanh") != "tanh"
        if twin is None or extra:
            raise UsageError(f"Keras has no counterpart of {layer!r} as configured; only the plain ones convert.")
        for ours_alone in ("peephole_initializer", "implementation"):
            config.pop(ours_alone, None)
        theirs = twin.from_config(config)
    return _with_weights(theirs, layer)


def _one_direction(layer):
    kind = next((kind for kind, twin in TWINS.items() if type(layer) is twin), None)
    if kind is None:
        raise UsageError(f"{layer!r} has no counterpart here; convert SimpleRNN, GRU, LSTM or Bidirectional.")
    config = layer.get_config()
    for key, name in TEXTBOOK.items():
        if config.get(key, name) != name:
            raise UsageError(f"{layer.name} has {key}={config[key]!r}; only {name!r} can be converted.")
    known = set(kind(1).get_config())
    return kind.from_config({key: value for key, value in config.items() if key in known})


def _with_weights(new, old):
    if old.built:
        weights = old.get_weights()
        new.build((None, None, weights[0].shape[0]))
        new.set_weights(weights)
    return new
