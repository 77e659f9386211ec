"""What a run tells while it works, on standard error: a live bar on a terminal, lines elsewhere."""

import sys
import time


class SilentProgress:
    """Tells nothing. The other kinds tell at the same moments."""

    def note(self, text: str) -> None:
        """Something worth knowing, once."""

    def epoch_begin(self, epoch: int, epochs: int, steps: int) -> None:
        """An epoch starts; `steps` is how many steps it will take, or about so."""

    def step(self, step: int, loss: float) -> None:
        """Steps have been taken; `loss` is their mean loss in this epoch so far."""

    def evaluating(self) -> None:
        """The epoch's steps are done and evaluation starts."""

    def epoch_end(self, record: dict, monitor: str, best: bool) -> None:
        """An epoch is over."""

    def close(self) -> None:
        """Nothing more will be told, or not for a while."""


class LineProgress(SilentProgress):
    """Tells in plain lines.

    Args:
        file: Where to write; standard error when None.
        every: Seconds between lines within an epoch.
    """

    def __init__(self, file=None, every: float = 30.0):
        self.file = file or sys.stderr
        self.every = every
        self._epoch = self._epochs = self._steps = 0
        self._last = 0.0

    def note(self, text: str) -> None:
        print(text, file=self.file, flush=True)

    def epoch_begin(self, epoch: int, epochs: int, steps: int) -> None:
        self._epoch, self._epochs, self._steps = epoch, epochs, steps
        self._last = time.monotonic()

    def step(self, step: int, loss: float) -> None:
        if time.monotonic() - self._last >= self.every:
            self._last = time.monotonic()
            self.note(f"epoch {self._epoch}/{self._epochs}  step {step}/{self._steps}  loss {loss:.4f}")

    def epoch_end(self, record: dict, monitor: str, best: bool) -> None:
        self.note(epoch_line(record, self._epochs, monitor, best))


class BarProgress(LineProgress):
    """Tells by a live bar, and a line an epoch above it."""

    def __init__(self):
        super().__init__()
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False)
        self._bar = self._task = None

    def note(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def epoch_begin(self, epoch: int, epochs: int, steps: int) -> None:
        super().epoch_begin(epoch, epochs, steps)
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if self._bar is None:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
            loss = TextColumn("loss {task.fields[loss]}")
            self._bar = Progress(*columns, TimeRemainingColumn(), loss, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", loss="-")
        self._bar.reset(self._task, total=steps, description=f"epoch {epoch}/{epochs}", loss="-")

    def step(self, step: int, loss: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=step, loss=f"{loss:.4f}")

    def evaluating(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=f"epoch {self._epoch}/{self._epochs} evaluating")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def choose_progress(quiet: bool = False) -> SilentProgress:
    """Returns the kind that suits standard error."""
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


def epoch_line(record: dict, epochs: int, monitor: str, best: bool) -> str:
    """Returns an epoch's numbers as one line.

    Args:
        record: The epoch's line of metrics.jsonl.
        epochs: The number of epochs at most.
        monitor: The validation score to show.
        best: Whether it is the best so far.
    """
    loss = format(record["loss"], ".4f" if record["loss"] < 1e6 else ".3g")
    return (
        f"epoch {record['epoch']:>{len(str(epochs))}}/{epochs}  loss {loss}  "
        f"{monitor} {record[monitor]:.4f}{' *' if best else '  '}  "
        f"gradient norm {record['gradient_norm_mean']:.2f} (max {record['gradient_norm_max']:.1f}, "
        f"{record['clipped_share']:.0%} clipped)  {record['seconds']:.1f} s"
    )
