"""`seqtasks export`: a run becomes a SavedModel in TF Serving's layout."""

import json
import platform
import time
from importlib import metadata
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.serving.versions import write_version

DESCRIPTION = "seqtasks.json"


def export(
    run,
    *,
    export_dir="saved_models",
    output_dir="runs",
    version: int | None = None,
    force: bool = False,
    verify: bool = True,
) -> Path:
    """Writes a run's model to `<export_dir>/<task>/<version>/`.

    The SavedModel takes raw inputs and gives decoded strings, see `seqtasks.serving.signatures`.
    It appears under its version only when it is whole and its answers have been compared.

    Args:
        run: A run's folder, or a task's name for its latest run.
        export_dir: Where exports are kept.
        output_dir: Where runs are kept.
        version: The version's number; by default the next free one.
        force: Replace the version if it exists.
        verify: Compare the answers of the export, loaded in a process of its own, with the model's.

    Returns:
        The version's folder.

    Raises:
        UsageError: If there is no such run, or the version exists.
        SeqtasksError: If writing or verifying fails; nothing is left behind then.
    """
    from seqtasks.serving.loading import load_run
    from seqtasks.training.run_folder import is_export, resolve

    folder = resolve(run, output_dir)
    if is_export(folder):
        raise UsageError(f"{folder} is an export already. Give the folder of a run, or a task's name.")
    loaded = load_run(folder)
    return write_version(
        Path(export_dir) / loaded.task.name,
        lambda temporary: save(loaded, temporary, verified=verify),
        version=version,
        force=force,
    )


def save(loaded, folder, verified: bool = True) -> None:
    """Writes a loaded run's SavedModel and its description into a folder.

    Args:
        loaded: A `LoadedRun`.
        folder: An empty folder.
        verified: Whether to check the result.
    """
    import tensorflow as tf

    from seqtasks.serving.batching_parameters import MODEL_BATCHING, model_batching
    from seqtasks.serving.model_card import CARD, model_card
    from seqtasks.serving.portable import check_portable
    from seqtasks.serving.raw_inputs import raw_inputs
    from seqtasks.serving.signatures import build_module
    from seqtasks.serving.verification import arguments_of, trials, verify
    from seqtasks.serving.warmup import write_warmup

    folder, task, raw = Path(folder), loaded.task, raw_inputs(loaded.config)
    examples = [raw.load(given) for given in task.serving_inputs()]
    module = build_module(task.name, task.family, loaded.config, loaded.pipeline, loaded.model)
    # Nobody trains an export, and without gradients it is smaller.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    # Concrete, or saving would trace them all once more.
    signatures = {name: function.get_concrete_function() for name, function in module.signatures.items()}
    tf.saved_model.save(module, str(folder), signatures=signatures, options=options)
    description = _describe(loaded, module, [raw.show(example) for example in examples])
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / CARD).write_text(model_card(description), encoding="utf-8")
    if batching := model_batching(description["signatures"]):
        (folder / MODEL_BATCHING).write_text(batching, encoding="utf-8")
    warmup = [*([example] for example in examples), examples]
    requests = [(name, arguments_of(module, name, raw, batch)) for name in module.signatures for batch in warmup]
    write_warmup(folder, task.name, requests, module.signatures)
    check_portable(folder)
    if verified:
        verify(folder, trials(module, raw, examples), module.signatures)


def _describe(loaded, module, examples: list[str]) -> dict:
    from seqtasks.serving.model_card import described_signatures

    task = loaded.task
    return {
        "task": task.name,
        "family": task.family,
        "description": task.description,
        "data": loaded.data,
        "run": loaded.folder.resolve().name,
        "labels": list(loaded.pipeline.labels),
        "scores": _scores(loaded.folder),
        "serving_examples": examples,
        "signatures": described_signatures(module.signatures),
        "defaults": module.defaults,
        "config": loaded.config.to_dict(),
        "versions": {
            "python": platform.python_version(),
            **{package: _version(package) for package in ("seqtasks", "tensorflow", "keras")},
        },
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return None


def _scores(folder: Path) -> dict:
    """Returns the run's scores by split, as far as it was evaluated."""
    scores = {}
    for file in sorted((folder / "evaluation").glob("*.json")):
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(values, dict):
            scores[file.stem] = values
    return scores
