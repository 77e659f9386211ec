"""`seqtasks benchmark`."""

import click

from seqtasks.benchmarks.cases import LAYERS, MODES, SHAPES
from seqtasks.benchmarks.workers import PEERS
from seqtasks.cli.options import message_options

_FOLDER = click.option(
    "--output", default="benchmark-results", metavar="FOLDER", show_default=True, help="Where the results go."
)
_THREADS = click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Of every library.")
_DEVICE = click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True)


def _several(name, choices, default, what):
    text = f"{what} Can be repeated. [default: {', '.join(default)}]"
    return click.option(
        f"--{name}", f"{name}s", multiple=True, default=default, type=click.Choice(list(choices)), help=text
    )


@click.group("benchmark")
def benchmark_command() -> None:
    """Measure the layers' speed side by side with other libraries'."""


@benchmark_command.command("layers")
@_several("layer", LAYERS, ["LSTM", "GRU"], "What to measure.")
@_several("shape", SHAPES, list(SHAPES), "Of which size.")
@_several("mode", MODES, ["training", "inference"], "Doing what.")
@_several("peer", PEERS, list(PEERS), "With whom; who is not installed is left out.")
@click.option("--direction", type=click.Choice(["uni", "bi"]), default="uni", show_default=True)
@click.option("--layers", "depth", type=click.IntRange(1), default=1, show_default=True, help="How many layers.")
@click.option("--mask", is_flag=True, help="Pad the rows at the right, to lengths from half to all steps.")
@click.option(
    "--precision", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True
)
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True, help="Turns of every variant.")
@click.option("--seconds", type=click.FloatRange(0), default=0.2, show_default=True, help="Length of a turn.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True, help="How often to begin anew.")
@_THREADS
@_DEVICE
@_FOLDER
@message_options
def layers_command(
    layers, shapes, modes, peers, direction, depth, mask, precision, rounds, seconds, processes, threads, device, output
) -> None:
    """Time training steps and inference of layers.

    Shapes, [batch, time, features, units]: S0 (1,100,64,128), S1 (32,50,64,64), S2 (32,100,128,128),
    S3 (64,200,128,256), S4 (32,35,200,200), S5 (128,30,256,512). Every library runs in a process of its own, all in
    turns; the figures are medians. Ours and Keras's are first held to the same outputs and gradients.
    """
    from seqtasks.benchmarks import report
    from seqtasks.benchmarks.cases import Case
    from seqtasks.benchmarks.layers import measure

    cases = [
        Case(layer, shape, mode, direction == "bi", depth, mask, precision)
        for layer in layers
        for mode in modes
        for shape in shapes
    ]
    verbose = click.get_current_context().obj["verbose"]
    results = measure(
        cases, peers, threads, rounds, seconds, processes, device, lambda line: click.echo(line, err=True), verbose
    )
    click.echo(report.write({**results, "machine": report.machine(threads, device)}, output))


@benchmark_command.command("fit")
@click.option("--rounds", type=click.IntRange(1), default=8, show_default=True, help="Epochs of every model.")
@_THREADS
@_DEVICE
@_FOLDER
@message_options
def fit_command(rounds, threads, device, output) -> None:
    """Time `model.fit` of a bidirectional LSTM tagger, against the same model of keras.layers."""
    import os
    from pathlib import Path

    # Not `start_tensorflow`, which finds the devices: after that the threads cannot be set.
    if not click.get_current_context().obj["verbose"]:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    from seqtasks.benchmarks import fit, report
    from seqtasks.benchmarks.layers import best
    from seqtasks.files import write_json

    fit.start(threads, device)
    variants = fit.measure(rounds=rounds)
    results = {"machine": report.machine(threads, device), "fit": variants}
    write_json(Path(output) / "fit.json", results)
    for name, values in variants.items():
        click.echo(f"{name:28}{values['median']:8.2f} ms a step ({values['p20']:.2f} to {values['p80']:.2f})")
    click.echo(f"best of keras / best of seqtasks: {best(variants, 'keras') / best(variants, 'seqtasks'):.2f}")
