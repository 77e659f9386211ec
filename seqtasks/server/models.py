"""Which versions of which models are served: loaded as folders appear, unloaded once nothing uses them."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import UsageError
from seqtasks.server.memory import give_back_memory
from seqtasks.server.status import ServingError, as_serving_error, invalid
from seqtasks.server.version_folders import fingerprint, version_folders

if TYPE_CHECKING:
    from seqtasks.server.servable import Servable

START, LOADING, AVAILABLE, UNLOADING, END = "START", "LOADING", "AVAILABLE", "UNLOADING", "END"
_ENDED_KEPT = 16  # versions of a model that are listed after their end
_LOOKS_BEFORE_GONE = 2  # a version that is replaced is gone for an instant

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelSpec:
    """A model to serve.

    Args:
        name: Its name in requests.
        base_path: The folder of its numbered versions.
        versions: `"latest"`, `"all"`, or the numbers of the versions to serve.
        latest: With `"latest"`: how many of the newest versions.
        labels: Version numbers by label.

    Raises:
        UsageError: If a value makes no sense.
    """

    name: str
    base_path: Path
    versions: str | tuple[int, ...] = "latest"
    latest: int = 1
    labels: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        if not self.name or set(self.name) & set("/:"):
            raise UsageError(f"a model's name is not empty and has no '/' or ':' in it. Received: {self.name!r}")
        if isinstance(self.versions, str) and self.versions not in ("latest", "all"):
            raise UsageError(f"versions of a model are 'latest', 'all' or numbers. Received: {self.versions!r}")
        if self.latest < 1:
            raise UsageError(f"the number of latest versions is 1 or more. Received: {self.latest}")

    def wanted(self, found: Iterable[int]) -> set[int]:
        """Returns which of the versions that there are should be served."""
        if self.versions == "all":
            return set(found)
        if self.versions == "latest":
            return set(sorted(found)[-self.latest :])
        return set(found) & set(self.versions)


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version.

    Args:
        version: Its number.
        state: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
        error_code: `"OK"`, or the code of what went wrong.
        error_message: Empty, or what went wrong.
    """

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""


class _Version:
    """A version on its way from `START` to `END`."""

    def __init__(self, version: int, path: Path):
        self.version, self.path = version, path
        self.state, self.error = START, None
        self.servable: Servable | None = None
        self.users = 0
        self.looks_missing = 0
        self.fingerprint = fingerprint(path)

    @property
    def status(self) -> VersionStatus:
        if self.error is None:
            return VersionStatus(self.version, self.state)
        return VersionStatus(self.version, self.state, self.error.code, self.error.message)


class ModelManager:
    """Loads and unloads versions as their folders come and go.

    A new version is loaded before the one that it replaces is taken away, and a version is unloaded when the last
    request that uses it has ended. A version that does not load is left alone until its folder changes, and the old one
    goes on serving.

    Args:
        specs: The models.
        poll_seconds: How often the folders are looked at.
        timeout_seconds: How long a model may run for one request; `None` for any time.

    Raises:
        UsageError: If two models have one name.
    """

    def __init__(self, specs: Iterable[ModelSpec], poll_seconds: float = 1.0, timeout_seconds: float | None = None):
        specs = list(specs)
        self.specs = {spec.name: spec for spec in specs}
        if len(self.specs) < len(specs):
            names = sorted(spec.name for spec in specs)
            raise UsageError(f"each model needs a name of its own. Received: {', '.join(names)}")
        self._versions: dict[str, dict[int, _Version]] = {name: {} for name in self.specs}
        self._poll_seconds, self._timeout_seconds = poll_seconds, timeout_seconds
        self._changed = threading.Condition()
        self._closed, self._thread = False, None

    def start(self) -> None:
        """Loads what is there, then watches the folders until `close`."""
        self.refresh()
        self._thread = threading.Thread(target=self._watch, name="model-manager", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops watching, and unloads everything that no request uses."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        for versions in self._versions.values():
            for version in versions.values():
                self._retire(version)
        self._unload_unused()

    def refresh(self) -> None:
        """Looks at the folders once, and loads and unloads accordingly."""
        for name, spec in self.specs.items():
            try:
                found = version_folders(spec.base_path)
            except FileNotFoundError:
                found = {}
            except OSError as error:  # what is loaded goes on serving
                _logger.error("%s: %s cannot be read: %s", name, spec.base_path, error.strerror)
                continue
            self._refresh_model(name, found, spec.wanted(found))
        self._unload_unused()

    @contextlib.contextmanager
    def use(self, name: str, version: int | None = None, label: str | None = None) -> Iterator["Servable"]:
        """Gives the version to run, which stays loaded until the block ends.

        Args:
            name: The model.
            version: Its version; the newest that is available by default.
            label: A label of a version, in place of `version`.

        Raises:
            ServingError: NOT_FOUND if no such version is available, INVALID_ARGUMENT for an unknown label.
        """
        with self._changed:
            used = self._find(name, version, label)
            used.users += 1
        try:
            yield used.servable
        finally:
            with self._changed:
                used.users -= 1
                if used.state == UNLOADING and not used.users:
                    self._changed.notify_all()

    def statuses(self, name: str, version: int | None = None, label: str | None = None) -> list[VersionStatus]:
        """Returns the states of a model's versions, newest first, with those that ended lately.

        Args:
            name: The model.
            version: Its version; all of them by default.
            label: A label of a version, in place of `version`.

        Raises:
            ServingError: NOT_FOUND if there is none, INVALID_ARGUMENT for an unknown label.
        """
        with self._changed:
            version = self._numbered(name, version, label)
            versions = self._versions.get(name, {})
            if version is None:
                if not versions:
                    raise ServingError("NOT_FOUND", f"Could not find any versions of model {name}")
                return [versions[number].status for number in sorted(versions, reverse=True)]
            if version not in versions:
                raise ServingError("NOT_FOUND", f"Could not find version {version} of model {name}")
            return [versions[version].status]

    def available(self) -> dict[str, list[int]]:
        """Returns the versions of each model that answer requests, newest first."""
        with self._changed:
            return {name: _available(versions) for name, versions in self._versions.items()}

    def _watch(self) -> None:
        due = time.monotonic() + self._poll_seconds
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._unused(), timeout=max(due - time.monotonic(), 0))
                if self._closed:
                    return
            try:
                if time.monotonic() >= due:
                    self.refresh()
                    due = time.monotonic() + self._poll_seconds
                else:
                    self._unload_unused()
            except Exception:  # the next look may go better; without this thread nothing would change any more
                _logger.exception("the models' folders could not be looked at")
                due = time.monotonic() + self._poll_seconds

    def _find(self, name: str, version: int | None, label: str | None) -> _Version:
        if not name:
            raise invalid("ModelSpec has no name specified.")
        version = self._numbered(name, version, label)
        versions = self._versions.get(name, {})
        if version is None:
            available = _available(versions)
            if not available:
                raise ServingError("NOT_FOUND", f"Servable not found for request: Latest({name})")
            return versions[available[0]]
        if version not in versions or versions[version].state != AVAILABLE:
            raise ServingError("NOT_FOUND", f"Servable not found for request: Specific({name}, {version})")
        return versions[version]

    def _numbered(self, name: str, version: int | None, label: str | None) -> int | None:
        if label is None:
            return version
        spec = self.specs.get(name)
        if spec is None or label not in spec.labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return spec.labels[label]

    def _refresh_model(self, name: str, found: dict[int, Path], wanted: set[int]) -> None:
        versions = self._versions[name]
        for number in sorted(wanted, reverse=True):
            known = versions.get(number)
            if known is None or (known.state == END and _worth_loading(known, found[number])):
                self._load(name, number, found[number])
        with self._changed:
            available = _available(versions)
            for number in available:
                versions[number].looks_missing = 0 if number in found else versions[number].looks_missing + 1
        if not wanted or wanted.intersection(available):  # something must answer
            for number in set(available) - wanted:
                if number in found or versions[number].looks_missing >= _LOOKS_BEFORE_GONE:
                    self._retire(versions[number])
        self._forget_ended(versions, wanted)

    def _load(self, name: str, number: int, path: Path) -> None:
        from seqtasks.server.servable import DEFAULT_SIGNATURE, Servable

        version = _Version(number, path)
        with self._changed:
            version.state = LOADING
            replaces = bool(_available(self._versions[name]))
            self._versions[name][number] = version
        start = time.monotonic()
        try:
            servable = Servable(name, number, path, self._timeout_seconds)
            # A version that takes over must not keep requests waiting; a server that starts should answer soon.
            servable.warm_up(None if replaces else {DEFAULT_SIGNATURE} & servable.signatures.keys())
        except Exception as error:
            with self._changed:
                version.state, version.error = END, as_serving_error(error)
            _logger.error("%s: version %d does not load: %s", name, number, version.error.message)
            return
        with self._changed:
            version.servable, version.state = servable, AVAILABLE
        _logger.info("%s: version %d is available, loaded in %.1f s", name, number, time.monotonic() - start)

    def _retire(self, version: _Version) -> None:
        """Gives a version to no further request."""
        with self._changed:
            if version.state == AVAILABLE:
                version.state = UNLOADING

    def _unused(self) -> list[_Version]:
        versions = [version for versions in self._versions.values() for version in versions.values()]
        return [version for version in versions if version.state == UNLOADING and not version.users]

    def _unload_unused(self) -> None:
        with self._changed:
            unused = self._unused()
        for version in unused:
            name = version.servable.name
            version.servable.close()
            with self._changed:
                version.servable, version.state = None, END
            _logger.info("%s: version %d is unloaded", name, version.version)
        if unused:
            give_back_memory()

    def _forget_ended(self, versions: dict[int, _Version], wanted: set[int]) -> None:
        with self._changed:
            ended = [number for number, version in versions.items() if version.state == END and number not in wanted]
            for number in sorted(ended, reverse=True)[_ENDED_KEPT:]:
                del versions[number]


def _available(versions: dict[int, _Version]) -> list[int]:
    return sorted((number for number, version in versions.items() if version.state == AVAILABLE), reverse=True)


def _worth_loading(ended: _Version, path: Path) -> bool:
    """Returns whether a version that ended may do better now: it was unloaded, or its folder is another."""
    return ended.error is None or ended.fingerprint != fingerprint(path)
