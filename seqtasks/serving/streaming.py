"""`seqtasks.stream`: what is in a clip, frame by frame as it comes in."""

from collections.abc import Sequence

import numpy as np

from seqtasks.errors import DataError, UsageError


class ClipStream:
    """Reads a clip frame by frame.

    A model that was trained on so many frames of each clip is at its best after as many, taken as far apart in time as
    theirs.

    Args:
        classifier: A `seqtasks.architectures.streaming.StreamingClassifier`.
        classes: The labels, in the order of their ids.
        inputs: The configuration's section of inputs.
    """

    def __init__(self, classifier, classes: Sequence[str], inputs):
        import tensorflow as tf

        self.classes = list(classes)
        self._inputs, self._classifier = inputs, classifier
        self._step = tf.function(classifier.step, autograph=False)
        self.reset()

    def reset(self) -> None:
        """Forgets all frames: the next one begins another clip."""
        self.frames, self._state = 0, self._classifier.first_state(1)

    def step(self, frame: np.ndarray) -> dict:
        """Reads one frame.

        Args:
            frame: uint8 `[H, W, 3]` or `[H, W, 1]`, of any height and width; it is resized as `predict` does it.

        Returns:
            `label`, `score` and `probabilities`, as `seqtasks.predict` gives them, by the frames so far; and `frames`,
            how many those are.

        Raises:
            UsageError: For anything but a frame.
        """
        from seqtasks.data.video import fit_clip

        try:
            fitted = fit_clip(np.asarray(frame)[None], 1, self._inputs.frame_size, self._inputs.channels)
        except (ValueError, DataError):
            kind = f"{frame.dtype} {list(frame.shape)}" if isinstance(frame, np.ndarray) else repr(frame)
            raise UsageError(f"expected a frame, uint8 [H, W, 1 or 3]. Received: {kind}") from None
        probabilities, self._state = self._step(fitted, self._state)
        self.frames += 1
        row = probabilities.numpy()[0]
        return {
            "label": self.classes[int(row.argmax())],
            "score": float(row.max()),
            "probabilities": dict(zip(self.classes, row.tolist(), strict=True)),
            "frames": self.frames,
        }


def stream(run, *, output_dir="runs") -> ClipStream:
    """Loads a run that classifies clips, to read them frame by frame.

    Args:
        run: A run's folder, or a task's name for its latest run.
        output_dir: Where runs are kept.

    Returns:
        A `ClipStream`: `step(frame)` reads a frame and says what is in the clip so far, `reset()` begins another clip.

    Raises:
        UsageError: If there is no such run, or it reads no clips, or only whole ones.
    """
    from seqtasks.architectures.streaming import StreamingClassifier
    from seqtasks.sections import Clip
    from seqtasks.serving.loading import load_run
    from seqtasks.training.run_folder import is_export, resolve

    folder = resolve(run, output_dir)
    if is_export(folder):
        raise UsageError(f"{folder} is an export, which takes whole clips: name the run that it came from")
    loaded = load_run(folder)
    if not isinstance(loaded.config.inputs, Clip):
        raise UsageError(f"{folder} is a run of task {loaded.task.name}: only clips are read frame by frame")
    return ClipStream(StreamingClassifier(loaded.model), loaded.pipeline.classes, loaded.config.inputs)
