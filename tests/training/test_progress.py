import io

from seqtasks.training import progress as progress_module
from seqtasks.training.progress import BarProgress, LineProgress, SilentProgress, choose_progress, epoch_line

RECORD = {
    "epoch": 2,
    "loss": 0.125,
    "val_span_f1": 0.5,
    "gradient_norm_mean": 1.25,
    "gradient_norm_max": 9.04,
    "clipped_share": 0.25,
    "seconds": 3.21,
}


def tell(progress):
    progress.note("[Ada](PER)")
    progress.epoch_begin(2, 10, 100)
    progress.step(50, 0.5)
    progress.evaluating()
    progress.epoch_end(RECORD, "val_span_f1", best=True)
    progress.close()


def test_an_epochs_line_has_loss_score_norm_and_share_of_clipped_steps():
    line = epoch_line(RECORD, 10, "val_span_f1", best=True)
    assert line == "epoch  2/10  loss 0.1250  val_span_f1 0.5000 *  gradient norm 1.25 (max 9.0, 25% clipped)  3.2 s"
    assert "*" not in epoch_line(RECORD, 10, "val_span_f1", best=False)


def test_lines_within_an_epoch_come_only_now_and_then():
    often, seldom = io.StringIO(), io.StringIO()
    tell(LineProgress(often, every=0))
    tell(LineProgress(seldom, every=1000))
    assert "epoch 2/10  step 50/100  loss 0.5000" in often.getvalue()
    assert seldom.getvalue().splitlines() == ["[Ada](PER)", epoch_line(RECORD, 10, "val_span_f1", True)]


def test_the_bar_leaves_the_same_lines(capsys):
    tell(BarProgress())
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "[Ada](PER)" in captured.err
    assert epoch_line(RECORD, 10, "val_span_f1", True) in captured.err


def test_the_kind_suits_standard_error(monkeypatch):
    assert type(choose_progress(quiet=True)) is SilentProgress
    for terminal, kind in ((True, BarProgress), (False, LineProgress)):
        stream = io.StringIO()
        stream.isatty = lambda terminal=terminal: terminal
        monkeypatch.setattr(progress_module.sys, "stderr", stream)
        assert type(choose_progress()) is kind
