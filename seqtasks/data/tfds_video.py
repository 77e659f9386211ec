"""Reads clips of video stored in data sets of TensorFlow Datasets."""

from dataclasses import dataclass

from seqtasks.data.dataset import TRAIN, Dataset, counted
from seqtasks.data.text_files import SPLIT_WORDS
from seqtasks.data.tfds import asked_roles, check_features, open_builder
from seqtasks.data.video_formats import check_size
from seqtasks.errors import DataError, UsageError
from seqtasks.task import Example


@dataclass(frozen=True)
class TfdsVideo:
    """Clips with one label each, by default those of `ucf101`.

    It reads data sets by itself, one clip after the other: only the frames that are taken are decoded,
    and made small at once. They are sampled and resized as `seqtasks.data.video.read_clip` does it, from
    what TFDS has stored: its `ucf101` keeps every frame as 256x256.

    The builders do not tell which clips are cut from one video. The splits of `ucf101` keep those on one
    side; what is held out of train for validation does not, and a note says so. `moving_mnist` has no
    labels, and nothing but a test split: there is nothing in it to classify.

    Args:
        video: Feature with a sequence of images.
        label: Feature with a class label, an integer or a string.
        frames: How many frames of a clip are taken, unless the options say so.
        frame_size: Height and width of the frames, likewise.
        channels: 3 for colours or 1 for grey, likewise.
    """

    video: str = "video"
    label: str = "label"
    frames: int = 16
    frame_size: int = 64
    channels: int = 3

    usage = "video=FEATURE,label=FEATURE"
    needs = "the video must be a sequence of images and the label a single value"

    def roles(self) -> dict[str, str]:
        """Returns the feature of each role."""
        return {"video": self.video, "label": self.label}

    def read(self, name: str, options) -> Dataset:
        """Reads every split of a builder that has labels.

        Args:
            name: `NAME[/CONFIG][:VERSION]`.
            options: `seqtasks.data.sources.ReadOptions`; its `features` take precedence.

        Raises:
            UsageError: For an unknown builder or feature.
            DataError: If the data set is not there and cannot be prepared, or a clip cannot be decoded.
        """
        import tensorflow_datasets as tfds

        builder = open_builder(name, options.data_dir)
        source = f"tfds:{builder.info.full_name}"
        roles = self._resolve(builder.info.features, options.features, source)
        naming = _naming(builder.info.features[roles["label"]])
        decoding = tfds.decode.PartialDecoding(
            dict.fromkeys(roles.values(), True), decoders={roles["video"]: tfds.decode.SkipDecoding()}
        )
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        splits, notes = {}, []
        for split in builder.info.splits:
            role = SPLIT_WORDS.get(split)
            if role is None or role in splits:
                notes.append(f"split {split} of {source} is not used")
                continue
            stored = builder.as_dataset(split=split, decoders=decoding, read_config=config)
            examples, dropped = self._examples(stored, roles, naming, options, f"{source} {split}")
            if dropped:
                notes.append(f"dropped {counted(dropped, f'empty or unlabelled {split} example')}")
            if examples:
                splits[role] = examples
        if TRAIN in splits and len(splits) < 3:
            notes.append(
                f"{source} does not tell which clips are cut from one video: where a split is missing, such clips may "
                "lie on both sides"
            )
        return Dataset(splits, source, notes)

    def _resolve(self, features, asked, source: str) -> dict[str, str]:
        import tensorflow_datasets as tfds

        roles = asked_roles(self.roles(), self.roles(), asked)
        check_features(roles, features, source)
        video, label = features[roles["video"]], features[roles["label"]]
        images = isinstance(video, tfds.features.Sequence) and isinstance(video.feature, tfds.features.Image)
        if not images or label.shape != ():
            raise UsageError(f"{source}: {self.needs}. Received: {roles}")
        return roles

    def _examples(self, stored, roles: dict[str, str], naming, options, where: str) -> tuple[list[Example], int]:
        """Returns the examples of a split, and how many were left out."""
        import tensorflow as tf

        take = self._take(options)
        # Two clips at a time: encoded, a long one takes tens of megabytes.
        clips = stored.map(lambda values: (take(values[roles["video"]]), values[roles["label"]]), num_parallel_calls=2)
        examples, dropped = [], 0
        try:
            for frames, label in clips.prefetch(2).as_numpy_iterator():
                label = naming(label)
                dropped += label is None or not len(frames)
                if label is not None and len(frames):
                    examples.append({"frames": frames, "label": label})
        except tf.errors.InvalidArgumentError as error:
            reason = str(error.message).splitlines()[0]
            raise DataError(f"{where}, example {len(examples) + dropped + 1}: cannot be decoded: {reason}") from error
        return examples, dropped

    def _take(self, options):
        """Returns the function from a clip's encoded images to its frames, none if it is empty."""
        import tensorflow as tf

        frames, channels = options.frames or self.frames, options.channels or self.channels
        height, width = check_size(frames, options.frame_size or self.frame_size, channels)

        def decode(image):
            pixels = tf.io.decode_image(image, channels=3, expand_animations=False)
            pixels = tf.image.resize(pixels, (height, width), antialias=True)
            pixels = tf.image.rgb_to_grayscale(pixels) if channels == 1 else pixels
            return tf.cast(tf.round(pixels), tf.uint8)

        def take(images):
            count = tf.shape(images)[0]
            taken = (2 * tf.range(tf.minimum(count, 1) * frames) + 1) * count // (2 * frames)
            signature = tf.TensorSpec([height, width, channels], tf.uint8)
            return tf.map_fn(decode, tf.gather(images, taken), fn_output_signature=signature)

        return take


def _naming(feature):
    """Returns the function from a stored label to its name, or to None where there is no label."""
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.ClassLabel):
        return lambda label: feature.names[label] if label >= 0 else None
    if feature.tf_dtype.name == "string":
        return lambda label: label.decode("utf-8", "replace") or None
    return lambda label: str(int(label))
