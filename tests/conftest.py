"""What all tests share: TensorFlow quiet, on the CPU, and nothing kept in the home folder."""

import os
import signal

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("SEQTASKS_COMPILATION_CACHE", "off")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_interrupts():
    """Started in the background by a shell, a process ignores Ctrl-C; the tests press it themselves."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def translation_run(tmp_path_factory):
    """The folder of a run of the task that `seqtasks new --family encoder_decoder` writes, trained for two epochs."""
    import seqtasks

    folder = tmp_path_factory.mktemp("translation")
    code = seqtasks.new_task("numbers", folder, family="encoder_decoder")
    settings = {"epochs": 2, "jit_compile": False, "dropout": 0.0, "targets.beam": 3}
    return seqtasks.run("numbers", code=code, output_dir=folder / "runs", settings=settings, quiet=True).folder
