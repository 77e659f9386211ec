"""The model card of an export, README.md in its folder: what the model is and how to call it."""

import json
import shlex

from seqtasks.data.sources import BUILTIN

CARD = "README.md"
DEFAULT_SIGNATURE = "serving_default"
_LABELS_SHOWN = 40
_FILES = {"wav_bytes": "sound.wav", "gif_bytes": "clip.gif"}


def described_signatures(signatures) -> dict:
    """Returns names, types and shapes of signatures' inputs and outputs, as `seqtasks.json` holds them.

    Args:
        signatures: `tf.function`s with an input signature, by signature name.

    Returns:
        By signature name `inputs`, in the order of the arguments, and `outputs`, sorted by name. Each is a list of
        `{"name": str, "dtype": str, "shape": [int or None]}`, None where an axis has any length.
    """
    described = {}
    for name, function in signatures.items():
        outputs = function.get_concrete_function().structured_outputs
        described[name] = {
            "inputs": [_described(spec.name, spec) for spec in function.input_signature],
            "outputs": [_described(output, outputs[output]) for output in sorted(outputs)],
        }
    return described


def model_card(description: dict) -> str:
    """Returns the Markdown of an export's model card.

    Args:
        description: What `seqtasks.json` holds; `signatures` as `described_signatures` gives them, and in `defaults`
            what a row gives for arguments that it does not care about, by name.
    """
    task = description["task"]
    return "\n".join(
        [
            f"# {task}",
            "",
            description["description"],
            "",
            *_facts(description),
            "",
            "## Scores",
            "",
            *_scores(description),
            "",
            "## Signatures",
            "",
            "B is the number of rows, `?` any length, the same for all rows of a request.",
            "",
            "| signature | in | out |",
            "|---|---|---|",
            *(_signature(name, entry) for name, entry in description["signatures"].items()),
            "",
            *_limits(description["config"]["inputs"]),
            "## Calling it",
            "",
            *_rest(description),
            *_python(description),
            *_without_python(description),
            "## Settings",
            "",
            *_settings(description["config"]),
            "",
            "## Versions",
            "",
            "| | version |",
            "|---|---|",
            *(f"| {name} | {version or 'unknown'} |" for name, version in description["versions"].items()),
            "",
            "It loads in this version of TensorFlow and later ones, in Python, in TensorFlow Serving and through the C",
            "API, on machines with and without a GPU. `seqtasks.json` holds all of this for programs.",
            "",
        ]
    )


def rest_body(description: dict, signature: str) -> str | None:
    """Returns the JSON of a request to TF Serving's REST interface, in row format, with the task's first example.

    Args:
        description: As `model_card`'s.
        signature: The signature's name.

    Returns:
        The JSON; None if an argument is an array or a file, for which there is no example in words.
    """
    row = _row(description, signature)
    if row is None:
        return None
    body = {} if signature == DEFAULT_SIGNATURE else {"signature_name": signature}
    # A single argument needs no name.
    body["instances"] = [row if len(row) > 1 else next(iter(row.values()))]
    return json.dumps(body, ensure_ascii=False)


def _described(name: str, spec) -> dict:
    return {"name": name, "dtype": spec.dtype.name, "shape": spec.shape.as_list()}


def _facts(description: dict) -> list[str]:
    model, labels = description["config"]["model"], description["labels"]
    ways = "bidirectional " if model.get("bidirectional") else ""
    shown = ", ".join(f"`{_cell(label)}`" for label in labels[:_LABELS_SHOWN])
    more = f" and {len(labels) - _LABELS_SHOWN} more" if len(labels) > _LABELS_SHOWN else ""
    network = f"{ways}{model.get('cell', '?')}, {model.get('layers', 1)} x {model.get('units', '?')} units"
    return [
        f"- Family: {description['family'].replace('_', '-')}",
        f"- Network: {network}",
        f"- Data: `{description['data']}`{_caution(description)}",
        *([f"- Labels: {shown}{more}"] if labels else []),
        f"- Run: `{description['run']}`, exported {description['created']}",
    ]


def _caution(description: dict) -> str:
    if description["data"] != BUILTIN:
        return ""
    return ", examples that a program generated. **Not for real use**: it shows that everything works, no more."


def _scores(description: dict) -> list[str]:
    from seqtasks.training.results import score_table

    splits = description["scores"]
    # What was evaluated by another version may have been judged by other metrics.
    shared = set.intersection(*map(set, splits.values())) if splits else set()
    if not shared:
        return ["It was not evaluated."]
    scores = {split: {name: values[name] for name in values if name in shared} for split, values in splits.items()}
    lines = score_table(scores, markdown=True)
    if description["data"] == BUILTIN:
        return [*lines, "", "Measured on generated examples too, so they say nothing about real data."]
    return [*lines, "", "Measured on the splits of the data named above; other data may differ."]


def _signature(name: str, entry: dict) -> str:
    sides = ("; ".join(map(_tensor, entry[side])) for side in ("inputs", "outputs"))
    return f"| `{name}` | {' | '.join(sides)} |"


def _limits(inputs: dict) -> list[str]:
    if "most_rows" not in inputs:
        return []
    lines = [f"A request may have {inputs['most_rows']:,} rows."]
    if "longest_text" in inputs:
        longest, places = (f"{inputs[name]:,}" for name in ("longest_text", "largest_batch"))
        lines += [
            f"A text may have {longest} symbols where it is not cut to `max_length`, and rows times the longest text",
            f"may be {places}: send long texts in parts, and apart from short ones.",
        ]
    if "most_seconds" in inputs:
        seconds = f"{inputs['most_seconds']:,}"
        lines += [f"Rows times the longest sound may be {seconds} seconds: send long sounds apart from short ones."]
    return [*lines, "What is more is refused with INVALID_ARGUMENT (REST: 400).", ""]


def _tensor(tensor: dict) -> str:
    axes = ["B", *("?" if size is None else str(size) for size in tensor["shape"][1:])]
    return f"`{tensor['name']}` {tensor['dtype']}[{', '.join(axes)}]"


def _row(description: dict, signature: str) -> dict | None:
    """Returns the arguments of one row, or None if one of them has no example in words."""
    row, examples = {}, description["serving_examples"]
    defaults = description.get("defaults", {})
    for position, tensor in enumerate(description["signatures"][signature]["inputs"]):
        name, rank = tensor["name"], len(tensor["shape"])
        if name in defaults:
            row[name] = defaults[name]
        elif tensor["dtype"] == "string" and not position and examples and name not in _FILES:
            row[name] = examples[0] if rank == 1 else examples[0].split()
        else:
            return None
    return row


def _rest(description: dict) -> list[str]:
    url, commands = f"http://localhost:8501/v1/models/{description['task']}:predict", []
    for name, entry in description["signatures"].items():
        inputs = [tensor["name"] for tensor in entry["inputs"]]
        if body := rest_body(description, name):
            commands.append(f"curl -d {shlex.quote(body)} {url}")
        elif len(inputs) == 1 and inputs[0] in _FILES:
            form = f'{{"signature_name": "{name}", "instances": [{{"b64": "%s"}}]}}'
            content = f"\"$(base64 < {_FILES[inputs[0]]} | tr -d '\\n')\""
            commands.append(f"printf '{form}' {content} | curl -d @- {url}")
    return [
        f"`seqtasks serve {description['task']}` serves it, and prints the command for TensorFlow Serving. Then,",
        "for one row or many:",
        "",
        *_block("sh", commands),
    ]


def _python(description: dict) -> list[str]:
    folder = f"saved_models/{description['task']}/VERSION"
    lines = ["import tensorflow as tf", "", f"model = tf.saved_model.load({folder!r})"]
    for name, entry in description["signatures"].items():
        row, inputs = _row(description, name), entry["inputs"]
        if row is not None:
            arguments = ", ".join(f"{key}=tf.constant({[value]!r})" for key, value in row.items())
        elif len(inputs) == 1 and inputs[0]["name"] in _FILES:
            key = inputs[0]["name"]
            arguments = f"{key}=tf.constant([open({_FILES[key]!r}, 'rb').read()])"
        else:
            continue
        lines.append(f"model.signatures[{name!r}]({arguments})")
    return ["In Python, with TensorFlow alone:", "", *_block("python", lines)]


def _without_python(description: dict) -> list[str]:
    folder = f"saved_models/{description['task']}/VERSION"
    inputs = description["signatures"][DEFAULT_SIGNATURE]["inputs"]
    row = _row(description, DEFAULT_SIGNATURE)
    if row is None:
        return []
    command = f"python -m seqtasks.serving.c_api {folder} {DEFAULT_SIGNATURE}"
    if len(inputs) == 1:
        command = f"printf '%s\\n' {shlex.quote(description['serving_examples'][0])} | {command}"
    else:
        columns = json.dumps({name: [value] for name, value in row.items()}, ensure_ascii=False)
        command = f"echo {shlex.quote(columns)} | {command} --json"
    return ["Through TensorFlow's C API, as a C, Go or Rust program would:", "", *_block("sh", [command])]


def _settings(config: dict) -> list[str]:
    rows = [
        f"| `{section}.{key}` | `{_cell(json.dumps(value, ensure_ascii=False))}` |"
        for section, values in config.items()
        for key, value in values.items()
    ]
    return ["| setting | value |", "|---|---|", *rows]


def _cell(text) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _block(language: str, lines: list[str]) -> list[str]:
    return [f"```{language}", *lines, "```", ""]
