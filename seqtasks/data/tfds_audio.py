"""Reads sounds stored in data sets of TensorFlow Datasets."""

from dataclasses import dataclass

from seqtasks.data.audio_names import held_for_testing
from seqtasks.data.dataset import TEST, TRAIN, Dataset, counted
from seqtasks.data.text_files import split_named
from seqtasks.data.tfds import asked_roles, check_features, open_builder
from seqtasks.errors import UsageError


@dataclass(frozen=True)
class TfdsAudio:
    """Sounds with a transcript, a label or both.

    `spoken_digit` and `speech_commands` have `label`, `yes_no` has its words as `label`, `librispeech` has
    `speech` and `text`, `ljspeech` has `speech` and `text_normalized`. Of several splits of a kind, as
    `train_clean100` and `train_clean360`, the first is read and a note names the others. Where files are named as
    those of the free spoken digit data set and there is no test split, that data set's own is taken.

    It reads data sets by itself, one sound after the other: lists of Python's numbers would fill the memory.

    Args:
        audio: Feature with samples, of a known rate.
        text: Feature with the transcript: a string, a class label, or a sequence of either.
        label: Feature with the label, likewise.
        sample_rate: Samples a second that all sounds are brought to, unless the options say it.
    """

    audio: str = "audio"
    text: str | None = None
    label: str | None = None
    sample_rate: int = 8000

    def __post_init__(self):
        if not (self.text or self.label):
            raise ValueError("a feature with the text or with the label is needed. Received: text=None, label=None")

    @property
    def usage(self) -> str:
        """What `--features` must name."""
        return ",".join(f"{role}=FEATURE" for role in self.roles())

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        roles = {"audio": self.audio, "text": self.text, "label": self.label}
        return {role: feature for role, feature in roles.items() if feature is not None}

    def read(self, name: str, options) -> Dataset:
        """Reads one split of each kind.

        Args:
            name: `NAME[/CONFIG][:VERSION]`.
            options: `seqtasks.data.sources.ReadOptions`; its `features` take precedence.

        Returns:
            Examples `{"audio": int16 [S], "text": str, "label": str}`, with what there is of text and label.

        Raises:
            UsageError: For an unknown builder or feature, or a feature of another kind.
            DataError: If the data set is not there and cannot be prepared.
        """
        import tensorflow_datasets as tfds

        from seqtasks.data.tfds_sounds import FILE, examples_of, to_rate

        builder = open_builder(name, options.data_dir)
        features, source = builder.info.features, f"tfds:{builder.info.full_name}"
        roles = self._resolve(features, options.features, source)
        wanted = [*roles.values(), *({FILE} & set(features))]
        decoding = tfds.decode.PartialDecoding(dict.fromkeys(wanted, True))
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        dataset, stems, unused = Dataset({}, source), {}, []
        for split in builder.info.splits:
            kind = split_named(split)
            if kind is None or kind in dataset.splits:
                unused.append(split)
                continue
            stored = builder.as_dataset(split=split, decoders=decoding, read_config=config)
            examples, stems[kind], dropped = examples_of(stored, roles, features)
            if dropped:
                dataset.notes.append(f"dropped {counted(dropped, f'empty or unlabelled {split} example')}")
            if examples:
                dataset.splits[kind] = examples
        if unused:
            dataset.notes.append(f"splits of {source} that are not used: {', '.join(unused)}")
        to_rate(dataset.splits, features[roles["audio"]].sample_rate, options.sample_rate or self.sample_rate)
        if list(dataset.splits) == [TRAIN] and FILE in features:
            _take_test(dataset, stems[TRAIN])
        return dataset

    def _resolve(self, features, asked, source: str) -> dict[str, str]:
        from seqtasks.data.tfds_sounds import is_named

        roles = asked_roles(self.roles(), self.roles(), asked)
        check_features(roles, features, source)
        for role, feature in roles.items():
            if role != "audio" and not is_named(features[feature]):
                raise UsageError(f"{source}: the {role} must be a text, a class label or a sequence of them: {feature}")
        if not getattr(features[roles["audio"]], "sample_rate", None):
            raise UsageError(
                f"{source} does not tell the sample rate of {roles['audio']}: name an Audio feature with one"
            )
        return roles


def _take_test(dataset: Dataset, stems: list[str]) -> None:
    train = dataset.splits[TRAIN]
    tested = held_for_testing(stems, [example.get("label") or example["text"] for example in train], dataset.notes)
    if tested:
        dataset.splits[TEST] = [train[i] for i in tested]
        dataset.splits[TRAIN] = [train[i] for i in sorted(set(range(len(train))) - set(tested))]
