"""`seqtasks inspect`: what a task or run is made of."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqtasks import registry
from seqtasks.config import Config
from seqtasks.errors import UsageError

PERCENTILES = (50, 90, 99, 100)
MOST_LABELS = 20


def inspect(
    run,
    data: str | None = None,
    *,
    data_dir=None,
    features: Mapping[str, str] | None = None,
    output_dir="runs",
    settings: Mapping[str, Any] | None = None,
    config_file=None,
    seed: int | None = None,
    code=(),
    skip_bad_rows: bool = False,
) -> str:
    """Describes a task, or a run, before or after training.

    Args:
        run: A task's name, or a run's folder.
        data: The source; that of the run, or the built-in one, when None.
        data_dir: Where TFDS keeps its data.
        features: Names of the source's features or columns by the task's names for them.
        output_dir: Where runs are kept.
        settings: Configuration values by key, for a task.
        config_file: A JSON or TOML file with such values, for a task.
        seed: The seed, for a task.
        code: Python files that register tasks.
        skip_bad_rows: Leave out and count rows that cannot be read, instead of failing.

    Returns:
        Text: the resolved configuration, the examples' counts, lengths and labels, the network's
        layers and parameters; for a run its scores, too.
    """
    from seqtasks.training.preparation import BUILTIN, read_data, resolve_config
    from seqtasks.training.run_folder import RunFolder, is_export, resolve

    for file in [code] if isinstance(code, str | Path) else code:
        registry.load_code(file)
    options = {"data_dir": data_dir and str(data_dir), "features": features, "skip_bad_rows": skip_bad_rows}
    options = {name: value for name, value in options.items() if value}
    lines = []
    if str(run) in registry.names() or str(run) in (broken.name for broken in registry.broken()):
        task, data = registry.get(str(run)), data or BUILTIN
        config = resolve_config(task, data, settings, config_file, seed)
        lines += [f"task {task.name}: {task.description}", f"file {task.origin}"]
    else:
        folder = RunFolder(resolve(run, output_dir))
        if is_export(folder.path):
            raise UsageError(f"{folder.path} is an export: inspect the run that it came from")
        if settings or config_file or seed is not None:
            raise UsageError("a run's configuration is settled: settings go with a task's name")
        values = folder.read_config()
        for file in values["code"]:
            registry.load_code(file)
        task, config = registry.get(values["task"]), Config.from_dict(values["config"])
        if data is None:
            data, options = values["data"], {**values["source_options"], **options}
        lines += [f"run {folder.path} of task {task.name}", *_run_scores(folder)]
    dataset = read_data(task, data, options, config)
    lines += ["", "configuration", *_config_lines(config), "", f"data {dataset.source}", *_data_lines(dataset)]
    return "\n".join([*lines, "", "network", *_model_lines(task, config, dataset)])


def _config_lines(config: Config) -> list[str]:
    return [
        f"  {section}.{field} = {', '.join(map(str, value)) if isinstance(value, tuple | list) else value}"
        for section, values in config.to_dict().items()
        for field, value in values.items()
        if field != "type"
    ]


def _data_lines(dataset) -> list[str]:
    import numpy as np

    lines = [f"  note: {note}" for note in dataset.notes]
    for split, examples in dataset.splits.items():
        for title, part in _parts(examples[0]).items():
            sizes = [_size(example, part) for example in examples]
            lengths = zip(PERCENTILES, np.percentile(sizes, PERCENTILES, method="higher"), strict=True)
            words = ", ".join(f"{percent}%: {int(length)}" for percent, length in lengths)
            title = title.format(split=split, examples=f"{len(examples):,} examples")
            unit = {"audio": "samples", "frames": "frames"}.get(part, "words")
            lines.append(f"  {title} {sum(sizes):,} {unit}; {unit} an example by percentile {words}")
        if not {"tags", "label"} & set(examples[0]):
            continue
        labels = Counter(label for e in examples for label in (e["tags"] if "tags" in e else [e["label"]]))
        shown = ", ".join(f"{label} {count:,}" for label, count in labels.most_common(MOST_LABELS))
        lines.append(f"    labels: {shown}{', ...' if len(labels) > MOST_LABELS else ''}")
    return lines


def _parts(example: dict) -> dict[str, str]:
    """Returns what of an example to count, by the words that say so; of a piece of music or a clip it is the frames."""
    if "target" in example:
        return {"{split}: {examples}, source:": "source", "  target:": "target"}
    if "tags" in example and "text" in example:
        return {"{split}: {examples}, a word a base:": "tags"}
    if "audio" in example:
        return {"{split}: {examples},": "audio"} | ({"  transcripts:": "text"} if "text" in example else {})
    (part,) = {"text", "tokens", "frames"} & set(example)
    return {"{split}: {examples},": part}


def _size(example: dict, part: str) -> int:
    value = example[part]
    return len(value.split() if isinstance(value, str) and part != "tags" else value)


def _model_lines(task, config: Config, dataset) -> list[str]:
    from seqtasks.architectures import build_model
    from seqtasks.serving.loading import pipeline_class

    model = build_model(config, pipeline_class(task.family, config.targets).fit(config, dataset.splits["train"]))
    rows = [(layer.name, type(layer).__name__, layer.count_params()) for layer in model.layers]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {count:>12,}" for name, kind, count in rows]
    return [*lines, f"  {'parameters':<{sum(widths) + 2}}  {model.count_params():>12,}"]


def _run_scores(folder) -> list[str]:
    import json

    from seqtasks.training.results import score_table

    files = {split: folder.evaluation / f"{split}.json" for split in ("validation", "test")}
    scores = {split: json.loads(file.read_text("utf-8")) for split, file in files.items() if file.is_file()}
    return ["", "scores", *(f"  {line}" for line in score_table(scores))] if scores else ["not evaluated yet"]
