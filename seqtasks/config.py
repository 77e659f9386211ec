"""Typed configuration: what a task file sets and `-s key=value` overrides.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from seqtasks.errors import UsageError, did_you_mean
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


@dataclass(frozen=True)
class Config:
    """Everything a run's numbers depend on, besides its data.

    Args:
        inputs: `Tokens` or `Text`.
        targets: `Tags` or `Label`.
        model: The network.
        training: How it is trained.
    """

    inputs: Tokens | Text
    targets: Tags | Label
    model: Recurrent
    training: Training

    def to_dict(self) -> dict:
        """Returns nested plain values, with the class of each section under `"type"`."""
        return {
            name: {"type": type(section).__name__, **dataclasses.asdict(section)} for name, section in self._sections()
        }

    @classmethod
    def from_dict(cls, values: dict) -> "Config":
        """Rebuilds what `to_dict` returned."""
        sections = {}
        for name, section in values.items():
            section = dict(section)
            kind = _SECTION_TYPES[section.pop("type")]
            hints = typing.get_type_hints(kind)
            sections[name] = kind(
                **{key: _coerce(value, hints[key], f"{name}.{key}") for key, value in section.items()}
            )
        return cls(**sections)

    def override(self, changes: dict[str, Any]) -> "Config":
        """Returns a configuration with some fields changed.

        Args:
            changes: Values by key; a key is `section.field`, or `field` alone where only one
                section has it. Values may be text, as on the command line.

        Raises:
            UsageError: For a key that does not exist, or a value of the wrong type or out of range.
        """
        changed: dict[str, dict[str, Any]] = {}
        for key, value in changes.items():
            section, field = self._locate(key)
            hint = typing.get_type_hints(type(getattr(self, section)))[field]
            changed.setdefault(section, {})[field] = _coerce(value, hint, key)
        return Config(
            **{name: dataclasses.replace(section, **changed.get(name, {})) for name, section in self._sections()}
        )

    def _sections(self):
        return [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]

    def _locate(self, key: str) -> tuple[str, str]:
        full = [(name, field.name) for name, section in self._sections() for field in dataclasses.fields(section)]
        found = [pair for pair in full if key in (pair[1], ".".join(pair))]
        if len(found) == 1:
            return found[0]
        known = [".".join(pair) if "." in key else pair[1] for pair in full]
        raise UsageError(f"unknown configuration key {key!r}.{did_you_mean(key, known)}")


_SECTION_TYPES = {kind.__name__: kind for kind in (Tokens, Text, Tags, Label, Recurrent, Training)}


_KINDS = {bool: "true or false", int: "a whole number", float: "a number"}


def parse_overrides(settings: typing.Iterable[str]) -> dict[str, str]:
    """Splits `KEY=VALUE` settings of the command line.

    Raises:
        UsageError: For a setting without `=`.
    """
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"a setting is written KEY=VALUE. Received: {setting!r}")
        changes[key.strip()] = value.strip()
    return changes


def _coerce(value: Any, hint: Any, key: str) -> Any:
    """Reads `value` as the type `hint`, or says why it cannot be."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.lower() in ("none", "null", "")):
            return None
        return _coerce(value, next(a for a in arguments if a is not type(None)), key)
    if origin is Literal:
        if value not in arguments:
            raise UsageError(f"{key} must be one of {', '.join(map(str, arguments))}. Received: {value!r}")
        return value
    if origin is tuple:
        items = [part for part in value.split(",") if part] if isinstance(value, str) else value
        return tuple(_coerce(item, arguments[0], key) for item in items)
    if hint is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() in words:
            return words[str(value).lower()]
    elif hint is str:
        return str(value)
    else:
        try:
            number = json.loads(value.replace("_", "")) if isinstance(value, str) else value
            if not isinstance(number, bool) and isinstance(number, (int, float)) and hint(number) == number:
                return hint(number)
        except ValueError:
            pass
    raise UsageError(f"{key} must be {_KINDS[hint]}. Received: {value!r}")
