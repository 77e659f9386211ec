"""What comes out of a network."""

from dataclasses import dataclass
from typing import Literal

from seqtasks.ranges import Count, Positive, Ranged, Share, Weight


@dataclass(frozen=True)
class Tags(Ranged):
    """Target of a tagging task: one tag a token.

    Args:
        scheme: `"BIO"` for spans, whatever scheme the files use; `"plain"` for tags that are
            no spans, as parts of speech; `"genes"` for the labels of bases, where the network tells apart which base
            of its codon each is, so that genes keep their reading frame (`seqtasks.data.gene_states`).
        auxiliary: Further columns of tags to learn beside the main ones, when the data has them.
        auxiliary_weight: Weight of their loss.
    """

    scheme: Literal["BIO", "plain", "genes"] = "BIO"
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
class TargetText(Ranged):
    """Target of a translation task: a text that a decoder writes.

    Args:
        unit: What a symbol is; see `SourceText`, as for the next five.
        tokenizer: How words are found.
        lowercase: Lower-case the text.
        max_symbols: Size of the vocabulary.
        min_count: How often a word or character must stand in the training split.
        max_length: The most symbols that are written; pairs with a longer target are left out of training.
        embedding_size: Size of a symbol's vector.
        tied: Use the symbols' vectors as the output's weights too (Press & Wolf 2017).
        scheduled_sampling: In training, the share of the right symbols before that are replaced by the network's own.
        sampling_steps: Steps over which that share rises from zero.
        beam: How many hypotheses beam search keeps; 1 is greedy.
        length_penalty: Exponent of the length by which a hypothesis's log-probability is divided, so that short ones
            are not preferred; 0 leaves it as it is.
        coverage_penalty: Weight of the penalty for source symbols that little attention went to.
    """

    unit: Literal["subword", "word", "character"] = "subword"
    tokenizer: Literal["words", "blanks"] = "words"
    lowercase: bool = False
    max_symbols: Count = 8_000
    min_count: Positive = 1
    max_length: Positive = 100
    embedding_size: Positive = 256
    tied: bool = True
    scheduled_sampling: Share = 0.0
    sampling_steps: Positive = 10_000
    beam: Positive = 5
    length_penalty: Weight = 1.0
    coverage_penalty: Weight = 0.0


@dataclass(frozen=True)
class Transcript(Ranged):
    """Target of a speech task: what is said, shorter than the sound and aligned with it by CTC.

    Args:
        unit: What a symbol is: a character, a blank among them, or a whole word, for few words.
        lowercase: Lower-case the text.
        beam: How many hypotheses prefix beam search keeps; 1 takes the likeliest symbol of every step.
    """

    unit: Literal["character", "word"] = "character"
    lowercase: bool = True
    beam: Positive = 16
