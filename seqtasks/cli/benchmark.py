"""`seqtasks benchmark`."""

import logging
import os
from pathlib import Path

import click

from seqtasks.benchmarks.cases import LAYERS, MODES, SHAPES
from seqtasks.benchmarks.workers import PEERS
from seqtasks.cli.inputs import read_inputs
from seqtasks.cli.options import message_options, output_dir_option
from seqtasks.errors import UsageError, did_you_mean

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


class _ExportByDefault(click.Group):
    """A group that takes a first word which is none of its commands for an export's name."""

    def resolve_command(self, ctx, args: list[str]):
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["export", *args]
        return super().resolve_command(ctx, args)


@click.group("benchmark", cls=_ExportByDefault, subcommand_metavar="EXPORT|COMMAND [OPTIONS] ...")
def benchmark_command() -> None:
    """Measure the speed of an export, or of the layers, side by side with other libraries'.

    EXPORT alone means `export EXPORT`.
    """


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
    _quieten()
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


@benchmark_command.command("export")
@click.argument("export", metavar="EXPORT")
@click.option(
    "--export-dir", default="saved_models", show_default=True, metavar="FOLDER", help="Where exports are kept."
)
@click.option("--signature", default="serving_default", show_default=True, help="What to call.")
@click.option(
    "--batch",
    "batches",
    multiple=True,
    type=click.IntRange(1),
    default=[1, 8, 32, 128],
    show_default=True,
    help="Rows of a call. Can be repeated.",
)
@_several("length", ["short", "medium", "long"], ["short", "medium", "long"], "Of inputs: 12, 40 or 160 words.")
@click.option("-f", "--file", metavar="FILE", help="Texts to ask with, one a line. [default: the task's examples]")
@click.option("--twin/--no-twin", default=True, show_default=True, help="Compare with keras.layers.")
@click.option("--session", is_flag=True, help="Also run it in a session, as TF Serving does.")
@click.option("--server", is_flag=True, help="Also ask it through the embedded server.")
@click.option(
    "--clients", type=click.IntRange(1), default=4, show_default=True, help="How many ask the server at the same time."
)
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True, help="Turns of every contender.")
@click.option("--seconds", type=click.FloatRange(0), default=0.2, show_default=True, help="Length of a turn.")
@_THREADS
@_DEVICE
@_FOLDER
@output_dir_option
@message_options
def export_command(
    export,
    export_dir,
    signature,
    batches,
    lengths,
    file,
    twin,
    session,
    server,
    clients,
    rounds,
    seconds,
    threads,
    device,
    output,
    output_dir,
) -> None:
    """Time an export, beside the same model made of keras.layers.

    EXPORT is a version's folder, the folder above it, or a task's name: its latest version in FOLDER. The twin has the
    weights of the run that the export was made of; both take the same texts, and are held to the same probabilities
    before any is timed. Text classifiers and taggers have one, other exports are timed alone.
    """
    folder = _find_export(export, export_dir)
    texts = list(read_inputs((), (file,))) if file else None
    _quieten()
    from seqtasks.benchmarks import export_report, exports, report, tensorflow_variants

    if not click.get_current_context().obj["verbose"]:
        logging.getLogger("absl").setLevel(logging.ERROR)  # after the import, which sets it
    tensorflow_variants.start(threads, device)
    results = exports.measure(
        folder,
        output_dir=output_dir,
        signature=signature,
        batches=batches,
        lengths=lengths,
        texts=texts,
        twin=twin,
        session=session,
        clients=clients if server else 0,
        pace=exports.Pace(rounds, seconds, lambda line: click.echo(line, err=True)),
    )
    click.echo(export_report.write({**results, "machine": report.machine(threads, device)}, output))


def _find_export(export: str, export_dir: str) -> Path:
    """Returns the folder of the version that is meant.

    Raises:
        UsageError: There is none.
    """
    from seqtasks import registry
    from seqtasks.serving.versions import versions
    from seqtasks.training.run_folder import is_export

    for folder in (Path(export), Path(export_dir) / export):
        if is_export(folder):
            return folder
        whole = [number for number in versions(folder) if is_export(folder / str(number))]
        if whole:
            return folder / str(whole[-1])
    if Path(export).exists():
        raise UsageError(f"{export} is not an export: neither it nor a numbered folder in it has a saved_model.pb")
    if export in registry.names():
        raise UsageError(
            f"task {export!r} has no export in {export_dir}/ yet. Write one with: seqtasks export {export}"
        )
    known = [*benchmark_command.commands, *registry.names()]
    raise UsageError(f"{export!r} is no export, no task and no command of benchmark." + did_you_mean(export, known))


def _quieten() -> None:
    """Hides TensorFlow's messages.

    Not by `start_tensorflow`, which finds the devices: after that the threads cannot be set.
    """
    if not click.get_current_context().obj["verbose"]:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
