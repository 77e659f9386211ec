"""Versions come and go while requests are answered."""

import shutil
import threading
import time

import numpy as np
import pytest

from seqtasks.errors import UsageError
from seqtasks.server.models import ModelManager, ModelSpec
from seqtasks.server.status import ServingError
from seqtasks.server.version_folders import version_folders


def until(condition, seconds=20.0):
    """Waits for a condition, and fails if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def managing(base, **spec):
    return ModelManager([ModelSpec("factor", base, **spec)])


def states(manager, **which):
    return [(status.version, status.state) for status in manager.statuses("factor", **which)]


def factor(manager, **which):
    with manager.use("factor", **which) as servable:
        return float(servable.run("", {"x": np.ones([1], np.float32)})["y"][0])


def refused(call, *arguments, **keywords) -> tuple[str, str]:
    with pytest.raises(ServingError) as raised, call(*arguments, **keywords):
        pass
    return raised.value.code, raised.value.message


def test_only_numbered_folders_with_a_model_are_versions(publish):
    publish("00012")
    publish("3")
    publish("v4")
    publish("12")
    publish("9" * 30)
    publish(".5")
    (publish.base / "7").mkdir()
    (publish.base / "8").write_text("no folder")
    assert version_folders(publish.base) == {3: publish.base / "3", 12: publish.base / "00012"}


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ({}, {7}),
        ({"latest": 2}, {3, 7}),
        ({"latest": 9}, {1, 3, 7}),
        ({"versions": "all"}, {1, 3, 7}),
        ({"versions": (1, 7, 9)}, {1, 7}),
    ],
)
def test_a_policy_says_which_versions_are_wanted(policy, wanted):
    assert ModelSpec("m", "models/m", **policy).wanted([7, 1, 3]) == wanted


@pytest.mark.parametrize("bad", [{"name": ""}, {"name": "a/b"}, {"name": "a:b"}, {"versions": "new"}, {"latest": 0}])
def test_a_spec_that_makes_no_sense_is_refused(bad):
    with pytest.raises(UsageError, match="Received"):
        ModelSpec(**{"name": "m", "base_path": "models/m", **bad})


def test_two_models_of_one_name_are_refused():
    with pytest.raises(UsageError, match="a name of its own"):
        ModelManager([ModelSpec("m", "a"), ModelSpec("m", "b")])


def test_the_newest_version_replaces_the_one_before(publish):
    publish(1, factor=1)
    manager = managing(publish.base)
    manager.refresh()
    assert states(manager) == [(1, "AVAILABLE")]
    assert factor(manager) == 1
    publish(2, factor=2)
    manager.refresh()
    assert states(manager) == [(2, "AVAILABLE"), (1, "END")]
    assert factor(manager) == 2
    assert refused(manager.use, "factor", version=1) == (
        "NOT_FOUND",
        "Servable not found for request: Specific(factor, 1)",
    )
    manager.close()
    assert states(manager) == [(2, "END"), (1, "END")]


def test_a_version_in_use_stays_until_its_request_ends(publish):
    publish(1)
    manager = managing(publish.base)
    manager.refresh()
    with manager.use("factor") as old:
        publish(2, factor=2)
        manager.refresh()
        assert states(manager) == [(2, "AVAILABLE"), (1, "UNLOADING")]
        assert factor(manager) == 2
        assert refused(manager.use, "factor", version=1)[0] == "NOT_FOUND"
        assert old.run("", {"x": np.ones([1], np.float32)})["y"] == [1]
    manager.refresh()
    assert states(manager) == [(2, "AVAILABLE"), (1, "END")]
    manager.close()


def test_a_version_that_does_not_load_leaves_the_old_one_serving(publish, monkeypatch):
    from seqtasks.server import servable

    publish(1)
    manager = managing(publish.base)
    manager.refresh()
    broken = publish(2, factor=2)
    shutil.rmtree(broken / "variables")
    manager.refresh()
    newest, old = manager.statuses("factor")
    assert (newest.version, newest.state) == (2, "END")
    assert newest.error_code != "OK"
    assert newest.error_message
    assert "\n" not in newest.error_message
    assert (old.version, old.state, old.error_code) == (1, "AVAILABLE", "OK")
    assert factor(manager) == 1

    tried = []
    load = servable.Servable
    monkeypatch.setattr(servable, "Servable", lambda *arguments: tried.append(arguments[1]) or load(*arguments))
    manager.refresh()
    assert tried == []
    shutil.copytree(publish.base / "1" / "variables", broken / "variables")
    manager.refresh()
    assert tried == [2]
    assert states(manager) == [(2, "AVAILABLE"), (1, "END")]
    manager.close()


@pytest.mark.parametrize("content", [b"", b"no protobuf", b"\x08\x01"])
def test_a_file_that_is_no_model_is_said_so(publish, content):
    broken = publish(1)
    (broken / "saved_model.pb").write_bytes(content)
    manager = managing(publish.base)
    manager.refresh()
    assert states(manager) == [(1, "END")]
    assert manager.statuses("factor")[0].error_message
    assert refused(manager.use, "factor")[1] == "Servable not found for request: Latest(factor)"
    manager.close()


def test_a_folder_that_goes_away_is_unloaded_at_the_second_look(publish):
    publish(1)
    folder = publish(2, factor=2)
    manager = managing(publish.base, versions="all")
    manager.refresh()
    shutil.rmtree(folder)
    manager.refresh()
    assert factor(manager, version=2) == 2
    manager.refresh()
    assert states(manager) == [(2, "END"), (1, "AVAILABLE")]
    publish(2, factor=3)
    manager.refresh()
    assert factor(manager) == 3
    manager.close()


def test_going_back_to_an_older_version(publish):
    publish(1)
    folder = publish(2, factor=2)
    manager = managing(publish.base)
    manager.refresh()
    shutil.rmtree(folder)
    manager.refresh()
    manager.refresh()
    assert states(manager) == [(2, "END"), (1, "AVAILABLE")]
    assert factor(manager) == 1
    manager.close()


def test_versions_by_number_and_by_label(publish):
    publish(1)
    publish(2, factor=2)
    publish(3, factor=3)
    manager = managing(publish.base, versions=(1, 3, 9), labels={"stable": 1, "canary": 3, "next": 9})
    manager.refresh()
    assert states(manager) == [(3, "AVAILABLE"), (1, "AVAILABLE")]
    assert states(manager, version=1) == [(1, "AVAILABLE")]
    assert states(manager, label="canary") == [(3, "AVAILABLE")]
    assert [factor(manager), factor(manager, version=1), factor(manager, label="stable")] == [3, 1, 1]
    assert manager.available() == {"factor": [3, 1]}
    with pytest.raises(ServingError, match="Could not find version 2 of model factor"):
        manager.statuses("factor", version=2)
    unknown = ("INVALID_ARGUMENT", "Unrecognized servable version label: old")
    assert refused(manager.use, "factor", label="old") == unknown
    assert refused(manager.use, "factor", label="next")[1] == "Servable not found for request: Specific(factor, 9)"
    with pytest.raises(ServingError, match=unknown[1]):
        manager.statuses("factor", label="old")
    manager.close()


def test_models_that_are_not_there(tmp_path):
    manager = ModelManager([ModelSpec("empty", tmp_path), ModelSpec("missing", tmp_path / "none")])
    manager.start()
    for name in ("empty", "missing", "unknown"):
        assert refused(manager.use, name) == ("NOT_FOUND", f"Servable not found for request: Latest({name})")
        with pytest.raises(ServingError, match=f"Could not find any versions of model {name}") as raised:
            manager.statuses(name)
        assert raised.value.code == "NOT_FOUND"
    assert refused(manager.use, "") == ("INVALID_ARGUMENT", "ModelSpec has no name specified.")
    manager.close()


def test_ended_versions_are_not_listed_for_ever(publish):
    from seqtasks.server import models

    manager = managing(publish.base)
    for number in range(1, models._ENDED_KEPT + 5):
        before = publish.base / str(number - 1)
        if before.exists():
            shutil.rmtree(before)
        folder = publish(number)
        (folder / "saved_model.pb").write_bytes(b"")
        manager.refresh()
    assert len(manager.statuses("factor")) == models._ENDED_KEPT + 1
    manager.close()


def test_a_watching_manager_needs_nobody(publish):
    manager = ModelManager([ModelSpec("factor", publish.base)], poll_seconds=0.02)
    manager.start()
    publish(1)
    until(lambda: manager.available()["factor"] == [1])
    with manager.use("factor"):
        publish(2, factor=2)
        until(lambda: manager.available()["factor"] == [2])
        assert states(manager) == [(2, "AVAILABLE"), (1, "UNLOADING")]
    until(lambda: states(manager) == [(2, "AVAILABLE"), (1, "END")])
    manager.close()


def test_no_request_is_lost_while_versions_are_replaced(publish):
    from seqtasks.server.batching import BatchingOptions
    from seqtasks.server.predictor import Predictor

    publish(1, factor=1)
    manager = ModelManager([ModelSpec("factor", publish.base)], poll_seconds=0.02)
    manager.start()
    predictor = Predictor(manager, BatchingOptions(), timeout=30.0)
    stop, failures, seen = threading.Event(), [], [[] for _ in range(4)]

    def client(versions):
        try:
            while not stop.is_set():
                answer = predictor.predict("factor", None, None, None, {"x": np.array([1, 2], np.float32)})
                assert answer.outputs["y"].tolist() == [answer.version, 2 * answer.version]
                versions.append(answer.version)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=client, args=(versions,)) for versions in seen]
    for thread in threads:
        thread.start()
    for version in (2, 3):
        until(lambda before=version - 1: all(before in versions for versions in seen) or failures)
        publish(version, factor=version)
        shutil.rmtree(publish.base / str(version - 1))
        until(lambda now=version: manager.available()["factor"] == [now])
    until(lambda: all(3 in versions for versions in seen) or failures)
    stop.set()
    for thread in threads:
        thread.join()
    predictor.close()
    manager.close()
    assert not failures
    for versions in seen:
        assert versions == sorted(versions)
        assert set(versions) == {1, 2, 3}
