"""What goes into a network."""

from dataclasses import dataclass
from typing import Annotated, Literal

from seqtasks.ranges import Count, Positive, Range, Rate, Share
from seqtasks.sections.limits import FewRows, Limited


@dataclass(frozen=True)
class Tokens(Limited):
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
class Text(Limited):
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
class Symbols(Limited):
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
        longest_text: See `Limited`. A letter is less than a word, and a model of letters takes longer texts.
    """

    longest_text: Positive = 50_000
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
class Frames(Limited):
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
        longest_text: See `Limited`.
    """

    longest_text: Positive = 50_000
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
class SourceText(Limited):
    """Input of a translation task: a text that an encoder reads.

    Args:
        unit: What a symbol is. `"subword"` is learned from the training split by byte-pair encoding.
        tokenizer: How words are found, where they are the unit; see `Symbols`.
        lowercase: Lower-case the text.
        max_symbols: Size of the vocabulary; 0 means no limit, and with subwords 8,000.
        min_count: How often a word or character must stand in the training split to enter the vocabulary.
        max_length: Longer texts are cut off; pairs with one are left out of training.
        embedding_size: Size of a symbol's vector.
    """

    unit: Literal["subword", "word", "character"] = "subword"
    tokenizer: Literal["words", "blanks"] = "words"
    lowercase: bool = False
    max_symbols: Count = 8_000
    min_count: Positive = 1
    max_length: Positive = 100
    embedding_size: Positive = 256


@dataclass(frozen=True)
class Sound(FewRows):
    """Input of a speech task: a sound, as its energy in frequency bands, frame by frame.

    Args:
        sample_rate: Samples a second; other sounds are brought to that rate.
        bins: Frequency bands, as wide as the ear's.
        window: Seconds that a frame looks at.
        hop: Seconds from one frame to the next.
        normalize: `"level"` takes a sound's loudness out, and the mean that each band has in the training split;
            `"bands"` brings every band of every sound to mean 0 and variance 1, which makes microphones alike, and
            takes from short sounds what tells their vowels apart.
        stack: How many frames are joined into one step, so that there are fewer.
        tempo_change: In training, by what share of its length a sound is made longer or shorter at most, anew in every
            epoch.
        voice_change: In training, by what share its frequencies are stretched or squeezed at most, as by other vocal
            tracts.
        time_masks: In training, how many stretches of frames are hidden (SpecAugment); 0 for none.
        time_width: The most frames of such a stretch.
        time_share: The most of a sound's frames that one stretch may hide.
        frequency_masks: In training, how many groups of neighbouring bands are hidden; 0 for none.
        frequency_width: The most bands of such a group.
        most_seconds: The most seconds of sound in a request: its rows times its longest sound, since all others are
            padded to that length. Training is not limited.
    """

    sample_rate: Annotated[int, Range(least=1000, most=768_000)] = 8_000
    bins: Positive = 40
    window: Rate = 0.025
    hop: Rate = 0.010
    normalize: Literal["level", "bands"] = "level"
    stack: Positive = 3
    tempo_change: Share = 0.0
    voice_change: Share = 0.0
    time_masks: Count = 2
    time_width: Count = 20
    time_share: Share = 0.2
    frequency_masks: Count = 2
    frequency_width: Count = 8
    most_seconds: Positive = 1_200


@dataclass(frozen=True)
class Clip(FewRows):
    """Input of a video task: frames sampled evenly over a clip.

    Args:
        frames: How many frames are taken.
        frame_size: Height and width that they are stretched to.
        channels: 3 for colours, 1 for grey.
        motion: What the frame encoder sees: `"frames"`, the `"differences"` between each frame and the one before, or
            `"both"`.
        filters: Features that the encoder's convolutions compute, one number a layer; each halves height and width.
        encoder: Path of a saved Keras model (.keras) that takes the convolutions' place, `motion` and `filters` then
            doing nothing. It takes images of values from 0 to 255 and gives vectors; its weights stay as they are.
        frame_features: Size of a frame's vector.
        mirror: Share of the training clips that are mirrored, left for right, anew in every epoch.
        shift: In training a clip is moved by at most so many pixels, anew in every epoch.
        most_rows: The most clips of a request.
    """

    most_rows: Positive = 128
    frames: Annotated[int, Range(least=2)] = 16
    frame_size: Annotated[int, Range(least=8)] = 64
    channels: Literal[1, 3] = 3
    motion: Literal["frames", "differences", "both"] = "both"
    filters: tuple[int, ...] = (16, 32, 64)
    encoder: str | None = None
    frame_features: Positive = 64
    mirror: Share = 0.0
    shift: Count = 0


@dataclass(frozen=True)
class Bases(Limited):
    """Input of a DNA task: a sequence of bases, each as the probabilities of A, C, G and T.

    Args:
        max_length: Classification only. Longer sequences keep their middle.
        window: Tagging only. In training longer sequences are cut into pieces of so many bases, at other places in
            every epoch; 0 leaves them whole.
        motifs: Features that a convolution computes of each base's neighbourhood, given to the recurrent layers beside
            the base itself; 0 for none.
        motif_width: Bases of such a neighbourhood.
        position_size: Size of a learned vector of a base's distance from the middle of its sequence, for windows around
            a place in question; 0 for none.
        position_weights: Classification only. Adds to a label's score, beside the network's, a weight for each place,
            counted as for `position_size`, and what stands there: single bases (1, a position weight matrix), pairs
            of neighbours too (2, a weight array), words of up to so many bases (weighted degree); 0 for none.
        open_frames: Tell of each base, for each of the six reading frames, how many codons there are around it without
            a stop codon.
        codon_size: Size of a learned vector of each codon; a base has six of them, one for each reading frame; 0 for
            none.
        other_strand: Share of the training sequences that are read from the other strand, anew in every epoch: where
            the label is the same for both, or tags have the scheme `"genes"`, which are turned as well.
        longest_text: See `Limited`; genomes are long, and a base takes less memory than a word.
        largest_batch: See `Limited`.
    """

    longest_text: Positive = 100_000
    largest_batch: Positive = 131_072
    max_length: Positive = 1_000
    window: Count = 0
    motifs: Count = 64
    motif_width: Positive = 9
    open_frames: bool = False
    codon_size: Count = 0
    position_size: Count = 0
    position_weights: Annotated[int, Range(least=0, most=4)] = 0
    other_strand: Share = 0.0
