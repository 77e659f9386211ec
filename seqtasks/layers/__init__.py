"""Recurrent layers and what stands around them in a sequence model."""

from seqtasks.layers.attention import SequenceAttention
from seqtasks.layers.attention_pooling import AttentionPooling
from seqtasks.layers.bidirectional import Bidirectional
from seqtasks.layers.character_encoder import CharacterEncoder
from seqtasks.layers.crf import CRF, bio_constraints
from seqtasks.layers.deep_rnn import DeepRNN
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.gru import GRU
from seqtasks.layers.keras_weights import from_keras, to_keras
from seqtasks.layers.lstm import LSTM
from seqtasks.layers.sequence_pooling import SequencePooling, masked_last, masked_max, masked_mean
from seqtasks.layers.simple_rnn import SimpleRNN
from seqtasks.layers.simplified_gru import SimplifiedGRU
from seqtasks.layers.spec_augment import SpecAugment
from seqtasks.layers.warp_frames import WarpFrames

__all__ = [
    "CRF",
    "GRU",
    "LSTM",
    "AttentionPooling",
    "Bidirectional",
    "CharacterEncoder",
    "DeepRNN",
    "Dropout",
    "SequenceAttention",
    "SequencePooling",
    "SimpleRNN",
    "SimplifiedGRU",
    "SpecAugment",
    "WarpFrames",
    "bio_constraints",
    "from_keras",
    "masked_last",
    "masked_max",
    "masked_mean",
    "to_keras",
]
