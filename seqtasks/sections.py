"""The sections of a configuration: what goes in, what comes out, the network, its training.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from seqtasks.ranges import Count, Part, Positive, Range, Ranged, Rate, Seed, Share, Weight


@dataclass(frozen=True)
class Tokens(Ranged):
    """Input of a tagging task: a sentence as words, each word also by its spelling.

    Args:
        lowercase: Look words up in lower case; case then reaches the model by spelling only.
        normalize_digits: Look up every digit as `0`.
        max_words: Size of the word vocabulary, most frequent first; 0 means no limit.
        min_count: How often a word must stand in the training split to enter the vocabulary.
        embedding_size: Size of a word's vector.
        vectors: Path to pretrained vectors (GloVe or fastText text format), or None.
        one_hot: Feed words as one-hot vectors instead of a learned embedding.
        characters: Read each word's characters with a bidirectional recurrent encoder.
        character_embedding_size: Size of a character's vector.
        character_units: Units of the character encoder, in each direction.
        max_characters: Longer words keep their first and last halves.
        affixes: Add hashed embeddings of prefix, suffix and shape.
        affix_buckets: Number of hash buckets of each of those.
        affix_size: Size of each affix vector.
    """

    lowercase: bool = True
    normalize_digits: bool = True
    max_words: Count = 0
    min_count: Positive = 1
    embedding_size: Positive = 100
    vectors: str | None = None
    one_hot: bool = False
    characters: bool = True
    character_embedding_size: Positive = 30
    character_units: Positive = 25
    max_characters: Annotated[int, Range(least=2)] = 16
    affixes: bool = False
    affix_buckets: Positive = 4000
    affix_size: Positive = 30


@dataclass(frozen=True)
class Text(Ranged):
    """Input of a classification task: a text, cut into words and punctuation inside the graph.

    Args:
        lowercase: Lower-case the text.
        max_words: Size of the vocabulary, most frequent first; 0 means no limit.
        min_count: How often a word must stand in the training split to enter the vocabulary.
        max_length: Longer texts keep their first and last halves.
        embedding_size: Size of a word's vector.
        vectors: Path to pretrained vectors (GloVe or fastText text format), or None.
        one_hot: Feed words as one-hot vectors instead of a learned embedding.
        bigram_buckets: Hash buckets for embeddings of neighbouring word pairs, added to the
            word's own; 0 turns them off.
    """

    lowercase: bool = True
    max_words: Count = 30_000
    min_count: Positive = 2
    max_length: Positive = 400
    embedding_size: Positive = 100
    vectors: str | None = None
    one_hot: bool = False
    bigram_buckets: Count = 0


@dataclass(frozen=True)
class Symbols(Ranged):
    """Input of a language model: a text as words, characters or bytes, one after the other.

    Args:
        unit: What a symbol is.
        tokenizer: How words are found. `"words"` cuts as `seqtasks.data.tokenizer` does, `"blanks"` at white space
            alone, for texts that are cut already.
        lowercase: Lower-case the text.
        max_symbols: Size of the vocabulary, most frequent first; 0 means no limit.
        min_count: How often a symbol must stand in the training split to enter the vocabulary.
        embedding_size: Size of a symbol's vector.
        one_hot: Feed symbols as one-hot vectors instead of a learned embedding.
        context: How far back the state reaches. `"example"`: to the start of the example, which is padded to the
            length of others. `"document"`: likewise, but an example is long and cut into windows, the state carried
            from one to the next. `"text"`: all examples of a split are one text, cut likewise.
        window: Steps of a window, through which gradients flow back (truncated backpropagation through time).
    """

    unit: Literal["word", "character", "byte"] = "word"
    tokenizer: Literal["words", "blanks"] = "words"
    lowercase: bool = False
    max_symbols: Count = 10_000
    min_count: Positive = 1
    embedding_size: Positive = 200
    one_hot: bool = False
    context: Literal["example", "document", "text"] = "example"
    window: Annotated[int, Range(least=2)] = 35


@dataclass(frozen=True)
class Frames(Ranged):
    """Input of a music task: a piece as frames, for every time step the pitches that sound in it.

    Args:
        frames_per_quarter: How many frames a quarter note has, in MIDI files that are read and in those written.
        drums: Whether the pitches are drums.
        order: In which order the pitches of a frame are written.
        keys: Write a piece's key before its first frame, where the data tells it.
        key_dropout: Share of the pieces whose key is left out in training, so that others are understood as well.
        transpose: In training a piece is moved by at most so many semitones, anew in every epoch.
        embedding_size: Size of a symbol's vector, where notes are symbols.
        one_hot: Feed symbols as one-hot vectors instead of a learned embedding.
        context: How far back the state reaches. `"example"`: to the start of the piece, which is padded to the length
            of others. `"document"`: likewise, but the piece is cut into windows, the state carried from one to the
            next; one that is longer than the rows of batches are is cut into several.
        window: Steps of a window, through which gradients flow back.
    """

    frames_per_quarter: Annotated[int, Range(least=1, most=480)] = 1
    drums: bool = False
    order: Literal["ascending", "descending"] = "descending"
    keys: bool = True
    key_dropout: Share = 0.1
    transpose: Annotated[int, Range(least=0, most=11)] = 0
    embedding_size: Positive = 100
    one_hot: bool = False
    context: Literal["example", "document"] = "example"
    window: Annotated[int, Range(least=2)] = 200


@dataclass(frozen=True)
class Tags(Ranged):
    """Target of a tagging task: one tag a token.

    Args:
        scheme: `"BIO"` for spans, whatever scheme the files use; `"plain"` for tags that are
            no spans, as parts of speech.
        auxiliary: Further columns of tags to learn beside the main ones, when the data has them.
        auxiliary_weight: Weight of their loss.
    """

    scheme: Literal["BIO", "plain"] = "BIO"
    auxiliary: tuple[str, ...] = ()
    auxiliary_weight: Weight = 0.3


@dataclass(frozen=True)
class Label:
    """Target of a classification task: one label a text.

    Args:
        classes: The labels in order, or empty to take them from the training split.
    """

    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NextSymbol(Ranged):
    """Target of a language model: the symbol that follows.

    Args:
        tied: Use the symbols' vectors as the output's weights too (Press & Wolf 2017).
        softmax: In training, `"full"` scores every symbol, `"sampled"` the right one and a sample of the others,
            which is cheaper for large vocabularies. Evaluation always scores all.
        samples: Size of that sample.
    """

    tied: bool = True
    softmax: Literal["full", "sampled"] = "full"
    samples: Positive = 2_000


@dataclass(frozen=True)
class NextFrame(Ranged):
    """Target of a music task: the frame that follows.

    Args:
        notes: How a frame's probability is made of its notes'. `"chain"`: each note is predicted from all before it,
            those of its own frame included. `"independent"`: every pitch by itself, from the frames before.
        tied: `"chain"` only. Use the symbols' vectors as the output's weights too.
    """

    notes: Literal["chain", "independent"] = "chain"
    tied: bool = False


@dataclass(frozen=True)
class Recurrent(Ranged):
    """The recurrent network between input and output.

    Args:
        cell: The recurrent layer.
        units: Units of each layer, in each direction.
        layers: Layers stacked.
        bidirectional: Read in both directions.
        residual: Add each stacked layer's input to its output where the sizes agree.
        head: Tagging only. `"crf"` scores whole tag sequences, `"softmax"` each tag by itself.
        pooling: Classification only. How the steps' outputs become one vector.
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
    head: Literal["crf", "softmax"] = "crf"
    pooling: Literal["last", "max", "mean", "attention", "max+mean"] = "max"
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
        patience: Stop after this many epochs without a better monitored metric.
        average: Decay of the exponential moving average of the weights that is evaluated and
            kept; 0 turns averaging off.
        label_smoothing: Classification only.
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
    patience: Count = 5
    average: Share = 0.0
    label_smoothing: Share = 0.0
    validation_fraction: Part = 0.1
    seed: Seed = 1
    jit_compile: bool = True
    mixed_precision: bool = False
