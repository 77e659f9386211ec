"""The network, and how it is trained."""

from dataclasses import dataclass
from typing import Literal

from seqtasks.ranges import Count, Part, Positive, Ranged, Rate, Seed, Share, Weight


@dataclass(frozen=True)
class Recurrent(Ranged):
    """The recurrent network between input and output.

    Args:
        cell: The recurrent layer.
        units: Units of each layer, in each direction.
        layers: Layers stacked.
        bidirectional: Read in both directions.
        residual: Add each stacked layer's input to its output where the sizes agree.
        skip: Tagging only. The output layer sees what goes into the recurrent layers too, beside what comes out.
        head: Tagging only. `"crf"` scores whole tag sequences, `"softmax"` each tag by itself.
        pooling: Classification only. How the steps' outputs become one vector.
        attention: Encoder-decoder only. How the decoder looks at the source: `"multiplicative"` (Luong),
            `"additive"` (Bahdanau), or `"none"`, by the encoder's final states alone.
        input_feeding: Encoder-decoder only. Give each step of the decoder what the one before it attended to.
        hidden_units: Units of a dense layer before the output; 0 for none.
        dropout: Share of the recurrent layers' inputs and outputs set to zero in training.
        embedding_dropout: Share of the input features set to zero in training.
        word_dropout: Share of words replaced by `<UNK>` in training.
        rare_word_dropout: A word that stands `n` times in the training split is replaced by
            `<UNK>` with probability `a / (a + n)`, where this is `a` (Kiperwasser & Goldberg 2016).
        recurrent_dropout: Share of the recurrent state's features set to zero in training,
            the same ones at every step.
        members: Networks trained side by side, whose scores are averaged.
    """

    cell: Literal["rnn", "simplified_gru", "gru", "lstm", "peephole_lstm"] = "lstm"
    units: Positive = 100
    layers: Positive = 1
    bidirectional: bool = True
    residual: bool = False
    skip: bool = False
    head: Literal["crf", "softmax"] = "crf"
    pooling: Literal["last", "max", "mean", "attention", "max+mean"] = "max"
    attention: Literal["multiplicative", "additive", "none"] = "multiplicative"
    input_feeding: bool = False
    hidden_units: Count = 0
    dropout: Share = 0.5
    embedding_dropout: Share = 0.0
    word_dropout: Share = 0.0
    rare_word_dropout: Weight = 0.0
    recurrent_dropout: Share = 0.0
    members: Positive = 1


@dataclass(frozen=True)
class Training(Ranged):
    """How the network is trained.

    Args:
        batch_size: Examples a step.
        epochs: At most this many passes over the training split.
        optimizer: The optimizer.
        learning_rate: Its peak learning rate.
        schedule: `"constant"`, or `"cosine"`/`"linear"` decay to zero over all epochs.
        warmup_steps: Steps over which the learning rate rises from zero.
        weight_decay: Decoupled weight decay; needs `adamw`.
        clip_norm: Gradients are scaled down to this global norm; 0 turns clipping off.
        keep: Which epoch's weights a run keeps: the `"best"` by the monitored metric, or the `"last"`, which never
            stops early, for validation splits of a few dozen examples, where the best is chance.
        patience: Stop after this many epochs without a better monitored metric.
        average: Decay of the exponential moving average of the weights that is evaluated and
            kept; 0 turns averaging off.
        label_smoothing: Classification and encoder-decoder only. Share of the target's probability that is
            spread evenly over all classes or symbols.
        validation_fraction: Part of the training split held out where the data has no
            validation split.
        seed: Seed of initial weights, dropout and the order of examples.
        jit_compile: Compile the training step with XLA.
        mixed_precision: Compute in 16 bits where that is safe (for GPUs).
    """

    batch_size: Positive = 32
    epochs: Positive = 20
    optimizer: Literal["adam", "adamw", "nadam", "sgd"] = "adam"
    learning_rate: Rate = 1e-3
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    warmup_steps: Count = 0
    weight_decay: Weight = 0.0
    clip_norm: Weight = 5.0
    keep: Literal["best", "last"] = "best"
    patience: Count = 5
    average: Share = 0.0
    label_smoothing: Share = 0.0
    validation_fraction: Part = 0.1
    seed: Seed = 1
    jit_compile: bool = True
    mixed_precision: bool = False
