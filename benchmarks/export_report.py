"""What was measured of an export, as a table and JSON."""

from pathlib import Path

from seqtasks.benchmarks.contenders import KERAS, OURS, best

from seqtasks.files import write_json, write_text

PARTS = {"whole": "raw inputs to decisions", "core": "ids to scores"}


def markdown(results: dict) -> str:
    """Returns the results as Markdown, a table for each part and each way to call it."""
    info = results["machine"]
    lines = [
        f"{results['task']} ({results['family']}), {results['export']}, signature {results['signature']}; "
        f"{info['processor']}, {info['threads']} threads of {info['cores']} cores, {info['device']}.",
        f"Twin of keras.layers: {results['twin']}.",
    ]
    for (part, through), rows in groups(results).items():
        names = list(rows[0]["variants"])
        ratios = ["p50, keras / ours", "rows/s, ours / keras"] if len(names) > 1 else []
        header = ["batch", "length", *(column for name in names for column in (f"{name} ms", "rows/s")), *ratios]
        lines += ["", f"### {PARTS[part]}, {through}", "", _cells(header), _cells(["---"] * len(header))]
        for row in rows:
            cells = [cell for values in row["variants"].values() for cell in _figures(values)]
            cells += [f"**{ratio:.2f}**" for ratio in advantages(row["variants"])] if ratios else []
            lines.append(_cells([str(row["batch"]), row["length"], *cells]))
    lines += ["", "Milliseconds of a call: median (95th, 99th percentile).", ""]
    return "\n".join(lines)


def groups(results: dict) -> dict:
    """Returns the rows of each table."""
    found = {}
    for row in results["rows"]:
        found.setdefault((row["part"], row["through"]), []).append(row)
    return found


def advantages(variants: dict) -> tuple[float, float]:
    """Returns how many times the best of Keras's takes as long as ours, and how many times its rows a second we do."""
    rate = "rows_per_second"
    return best(variants, KERAS) / best(variants, OURS), best(variants, OURS, rate) / best(variants, KERAS, rate)


def write(results: dict, folder) -> str:
    """Writes `export-TASK.json` and `export-TASK.md`; returns the Markdown."""
    folder, text = Path(folder), markdown(results)
    write_json(folder / f"export-{results['task']}.json", results)
    write_text(folder / f"export-{results['task']}.md", text)
    return text


def _cells(values):
    return "| " + " | ".join(values) + " |"


def _figures(values):
    return f"{values['p50']:.3g} ({values['p95']:.3g}, {values['p99']:.3g})", f"{values['rows_per_second']:,.0f}"
