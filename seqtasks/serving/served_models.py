"""Which exports are served: from names and folders to models, versions and labels."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.server.models import ModelSpec
from seqtasks.server.version_folders import version_folders
from seqtasks.training.run_folder import is_export

STABLE, CANARY = "stable", "canary"


def served_models(
    models: Iterable = (), export_dir="saved_models", labels: Mapping[str, Mapping[str, int]] | None = None
) -> list[ModelSpec]:
    """Finds the exports to serve.

    Of a task the newest version is served, and a newer one as soon as it is there; where a version's own folder is
    given, or versions have labels, those versions and no others.

    Args:
        models: Tasks' names; folders of exports, `saved_models/<task>/<version>`; or folders above those. By default
            all tasks that have a version in `export_dir`.
        export_dir: Where exports are kept.
        labels: Version numbers by task, by label.

    Returns:
        The models, sorted by name, their folders absolute.

    Raises:
        UsageError: If there is no such export or version, or two are called the same.
    """
    export_dir, specs = Path(export_dir), {}
    for model in models or _all_tasks(export_dir):
        spec = _find(model, export_dir)
        known = specs.setdefault(spec.name, spec)
        if known.base_path != spec.base_path:
            raise UsageError(f"two models are called {spec.name!r}: {known.base_path} and {spec.base_path}")
        numbered = [set(one.versions) for one in (known, spec) if one.versions != "latest"]
        if numbered:
            specs[spec.name] = dataclasses.replace(spec, versions=tuple(sorted(set.union(*numbered))))
    for label, versions in (labels or {}).items():
        for name, version in versions.items():
            specs[name] = _labelled(specs, name, version, label)
    return [specs[name] for name in sorted(specs)]


def _all_tasks(export_dir: Path) -> list[Path]:
    if not export_dir.is_dir():
        raise UsageError(f"{export_dir}: no such folder. Write an export with: seqtasks export TASK")
    found = [folder for folder in sorted(export_dir.iterdir()) if not folder.name.startswith(".") and _versions(folder)]
    if not found:
        raise UsageError(f"{export_dir} holds no export. Write one with: seqtasks export TASK")
    return found


def _versions(folder: Path) -> list[int]:
    return sorted(version_folders(folder)) if folder.is_dir() else []


def _find(model, export_dir: Path) -> ModelSpec:
    path = Path(model)
    for folder in (export_dir / path, path):
        if _versions(folder):
            return ModelSpec(folder.resolve().name, folder.resolve())
    if not is_export(path):
        raise _unknown(str(model), export_dir)
    path = path.resolve()
    if not (path.name.isascii() and path.name.isdigit()):
        raise UsageError(f"{path} is an export, but its folder's name is not a version's number, as 1")
    return ModelSpec(path.parent.name, path.parent, (int(path.name),))


def _unknown(model: str, export_dir: Path) -> UsageError:
    from seqtasks import registry

    if not export_dir.is_dir():
        return UsageError(f"{export_dir}: no such folder. Write an export with: seqtasks export {model}")
    if model in registry.names():
        return UsageError(f"task {model!r} has no export in {export_dir} yet. Write one with: seqtasks export {model}")
    if Path(model).exists():
        return UsageError(f"{model} holds no export: no saved_model.pb, and no numbered folder that has one")
    exported = [folder.name for folder in export_dir.iterdir() if _versions(folder)]
    return UsageError(f"{export_dir} holds no export of {model!r}." + did_you_mean(model, exported))


def _labelled(specs: dict[str, ModelSpec], name: str, version: int, label: str) -> ModelSpec:
    if name not in specs:
        raise UsageError(
            f"--{label} {name}={version}: {name!r} is not among what is served." + did_you_mean(name, specs)
        )
    spec = specs[name]
    there = _versions(spec.base_path)
    if version not in there:
        raise UsageError(
            f"--{label} {name}={version}: {spec.base_path} has no such version. There: {', '.join(map(str, there))}."
        )
    numbered = set() if spec.versions == "latest" else set(spec.versions)
    return dataclasses.replace(
        spec, versions=tuple(sorted({*numbered, version})), labels={**spec.labels, label: version}
    )
