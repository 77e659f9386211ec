import dataclasses
import pkgutil
import subprocess
import sys
from importlib import metadata

import pytest
import seqtasks.tasks

from seqtasks import registry
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.task import Task


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Lets a test register what it likes."""
    registry.names()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(registry, "_broken", dict(registry._broken))
    monkeypatch.setattr(registry, "_discovered", True)


@pytest.fixture
def task():
    return registry.get("ner")


TASK_FILE = '''"""{description}

More words.
"""
import dataclasses
from seqtasks import registry


@registry.register("{name}")
def {name}():
    return dataclasses.replace(registry.get("ner"), monitor="val_span_recall")
'''


def test_the_packages_own_tasks_are_there_with_name_description_and_origin():
    own = {module.name for module in pkgutil.iter_modules(seqtasks.tasks.__path__)}
    assert {"ner", "sentiment"} <= own <= set(registry.names())
    assert registry.broken() == []
    for name in own:
        task = registry.get(name)
        assert isinstance(task, Task)
        assert task.name == name
        assert task.description
        assert f"{name}.py:" in task.origin


def test_an_unknown_name_says_the_nearest_and_all():
    with pytest.raises(
        UsageError, match=r"unknown task 'sentimnet'\. Did you mean 'sentiment'\? Known: .*ner.*sentiment"
    ):
        registry.get("sentimnet")


def test_a_duplicate_names_both_places(tmp_path):
    files = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "twice.py"
        file.write_text(TASK_FILE.format(name="twice", description="A task."))
        files.append(file)
    registry.load_code(files[0])
    with pytest.raises(SeqtasksError) as caught:
        registry.load_code(files[1])
    assert all(str(file) in str(caught.value) for file in files)


def test_code_file_registers_and_may_be_loaded_twice(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(TASK_FILE.format(name="mine", description="What mine does."))
    registry.load_code(file)
    registry.load_code(str(file))
    task = registry.get("mine")
    assert task.description == "What mine does."
    assert task.origin.startswith(str(file))
    assert task.monitor == "val_span_recall"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("x = 1\ndef f(:\n", r"SyntaxError: .*\(line 2\)"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_code_file_is_told_in_one_line(tmp_path, text, message):
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(SeqtasksError, match=message) as caught:
        registry.load_code(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any("broken_" in name for name in sys.modules if name.startswith("_seqtasks_code"))


def test_a_missing_code_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        registry.load_code(tmp_path / "none.py")


class FakePoint:
    def __init__(self, name, module):
        self.name, self.module, self.value = name, module, f"{module}:task"


def test_entry_points_are_found_and_broken_ones_are_kept_with_their_reason(monkeypatch, tmp_path):
    (tmp_path / "plugin_of_a_test.py").write_text(TASK_FILE.format(name="plugged", description="Plugged in."))
    monkeypatch.syspath_prepend(tmp_path)
    points = [FakePoint("plugged", "plugin_of_a_test"), FakePoint("absent", "no_such_plugin_module")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points if group == "seqtasks.tasks" else [])
    monkeypatch.setattr(registry, "_discovered", False)
    assert "plugged" in registry.names()
    assert [broken.name for broken in registry.broken()] == ["absent"]
    with pytest.raises(SeqtasksError, match=r"task 'absent' .* cannot be imported: ModuleNotFoundError"):
        registry.get("absent")


def test_a_factory_must_return_a_task():
    @registry.register("odd")
    def odd():
        return "no task"

    with pytest.raises(SeqtasksError, match=r"must return a Task\. Received: 'no task'"):
        registry.get("odd")


def test_looking_tasks_up_imports_no_tensorflow():
    code = (
        "import sys; from seqtasks import registry; [registry.get(name) for name in registry.names()]; "
        "print(sorted({'tensorflow', 'keras', 'numpy', 'sklearn', 'seqeval'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_tasks_cannot_be_changed_in_place(task):
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.monitor = "val_loss"
