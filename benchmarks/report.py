"""What was measured, as a table, a picture and JSON."""

import os
import platform
import time
from pathlib import Path

import numpy as np
from seqtasks.benchmarks.layers import OURS, best

from seqtasks.files import replacing, write_json, write_text

PEERS = ("keras", "torch", "flax")


def machine(threads: int, device: str) -> dict:
    """Returns what the measurement ran on."""
    model = platform.processor()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": threads,
        "device": device,
        "python": platform.python_version(),
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def ratios(row: dict) -> dict:
    """Returns, for each peer that took part, its best time over our best."""
    ours = best(row["variants"], OURS)
    found = {peer: best(row["variants"], peer) for peer in PEERS}
    return {peer: time / ours for peer, time in found.items() if time is not None and ours is not None}


def geometric_mean(values) -> float:
    """Returns the geometric mean."""
    return float(np.exp(np.mean(np.log(list(values)))))


def groups(results: dict) -> dict:
    """Returns the rows that differ in their shape alone, by their title."""
    found = {}
    for row in results["rows"]:
        found.setdefault(title(row["case"]), []).append(row)
    return found


def title(case: dict) -> str:
    """Returns what a case is, but for its shape."""
    parts = [case["layer"], case["mode"]]
    if case["bidirectional"]:
        parts.append("bidirectional")
    if case["layers"] > 1:
        parts.append(f"{case['layers']} layers")
    if case["mask"]:
        parts.append("masked")
    if case["precision"] != "float32":
        parts.append(case["precision"])
    return ", ".join(parts)


def markdown(results: dict) -> str:
    """Returns the results as Markdown: a table for each layer and mode, times, ratios, share of the peak."""
    info, versions = results["machine"], results["versions"]
    lines = [
        f"{info['processor']}, {info['threads']} threads of {info['cores']} cores, {info['device']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"Matrix product at its best: {results['peak'] / 1e9:.0f} GF/s in float32.",
    ]
    for name, rows in groups(results).items():
        peers = [peer for peer in PEERS if any(peer in ratios(row) for row in rows)]
        variants = list(dict.fromkeys(variant for row in rows for variant in row["variants"]))
        header = ["shape", *(f"{variant} ms" for variant in variants), *(f"{p} / ours" for p in peers), "of the peak"]
        lines += ["", f"### {name}", "", _cells(header), _cells(["---"] * len(header))]
        for row in rows:
            found, ours = ratios(row), best(row["variants"], OURS)
            share = row["operations"] / (ours * 1e-3) / results["peak"] if ours else float("nan")
            cells = [_time(row["variants"].get(variant)) for variant in variants]
            cells += [f"{found[peer]:.2f}" if peer in found else "" for peer in peers]
            lines.append(_cells([row["case"]["shape"], *cells, f"{share:.0%}"]))
        means = [geometric_mean(ratios(row)[peer] for row in rows if peer in ratios(row)) for peer in peers]
        lines.append(_cells(["geometric mean", *[""] * len(variants), *(f"**{mean:.2f}**" for mean in means), ""]))
    lines += ["", "Median (20th to 80th percentile), then the MiB that one call needs.", ""]
    return "\n".join(lines)


def _cells(values):
    return "| " + " | ".join(values) + " |"


def _time(values):
    if values is None:
        return ""
    memory = "" if values["memory_mib"] is None else f", {values['memory_mib']:.0f}"
    return f"{values['median']:.3g} ({values['p20']:.3g} to {values['p80']:.3g}){memory}"


def plot(results: dict, path) -> None:
    """Draws the ratios, one panel for each layer and mode."""
    from matplotlib.figure import Figure

    found = groups(results)
    figure = Figure(figsize=(8, 2.6 * len(found)), layout="constrained")
    for panel, (name, rows) in zip(figure.subplots(len(found), squeeze=False)[:, 0], found.items(), strict=True):
        shapes, width = np.arange(len(rows)), 0.8 / len(PEERS)
        for i, peer in enumerate(PEERS):
            heights = [ratios(row).get(peer, np.nan) for row in rows]
            if not np.isnan(heights).all():
                panel.bar(shapes + (i - 1) * width, heights, width, label=peer)
        panel.axhline(1, color="black", linewidth=0.8)
        panel.set_xticks(shapes, [row["case"]["shape"] for row in rows])
        panel.set_ylabel("times ours")
        panel.set_title(name)
        if panel.get_legend_handles_labels()[0]:
            panel.legend(fontsize="small")
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def write(results: dict, folder) -> str:
    """Writes `results.json`, `results.md` and `results.png`; returns the Markdown."""
    folder, text = Path(folder), markdown(results)
    write_json(folder / "results.json", results)
    write_text(folder / "results.md", text)
    plot(results, folder / "results.png")
    return text
