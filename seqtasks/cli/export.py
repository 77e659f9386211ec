"""`seqtasks export`."""

from pathlib import Path

import click

from seqtasks.cli.options import common_options, output_dir_option
from seqtasks.errors import SeqtasksError, UsageError

SAVED_MODEL = "savedmodel"


@click.command("export")
@click.argument("run", required=False)
@click.option("--all", "everything", is_flag=True, help="Export the latest run of every task that has one.")
@click.option(
    "--export-dir", default="saved_models", show_default=True, metavar="FOLDER", help="Where exports are kept."
)
@click.option("--version", type=click.IntRange(min=1), help="The version's number. [default: the next free one]")
@click.option(
    "--format",
    "style",
    type=click.Choice([SAVED_MODEL, "litert", "onnx"]),
    default=SAVED_MODEL,
    show_default=True,
    help="litert, onnx: the network alone, which takes numbers, where the format can hold it.",
)
@click.option("--output", metavar="FOLDER", help="Where litert and onnx go. [default: networks/TASK-FORMAT]")
@click.option("--force", is_flag=True, help="Let --version replace a version, or --output a folder.")
@output_dir_option
@common_options
def export_command(run, everything, export_dir, version, style, output, force, output_dir, code):
    """Write RUN, a run's folder or a task's name for its latest run, as a SavedModel.

    It takes raw inputs and gives decoded answers, in TF Serving's layout: FOLDER/TASK/VERSION.

    \b
    seqtasks export ner
    seqtasks export --all
    seqtasks export sentiment --format litert
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.run_folder import resolve

    if everything == (run is not None):
        raise UsageError("name a run or a task, or give --all")
    if everything and (version or force or output or style != SAVED_MODEL):
        raise UsageError("--all writes the next free version of every task: it goes with --export-dir alone")
    if style == SAVED_MODEL and output:
        raise UsageError("--output is for --format litert and onnx: a SavedModel goes to --export-dir")
    if style != SAVED_MODEL and version:
        raise UsageError(f"--version is for SavedModels, not for --format {style}")
    if everything:
        _export_all(output_dir, export_dir)
        return
    run = resolve(run, output_dir)
    if style != SAVED_MODEL:
        _convert(run, style, output, output_dir, force)
        return
    click.echo("Exporting and checking the export in a process of its own ...", err=True)
    start_tensorflow()
    from seqtasks.serving.export import export

    click.echo(export(run, export_dir=export_dir, output_dir=output_dir, version=version, force=force))


def _export_all(output_dir, export_dir) -> None:
    from seqtasks.cli.start import start_tensorflow

    start_tensorflow()
    from seqtasks.serving.export_all import export_all

    outcomes = export_all(output_dir, export_dir, report=click.echo)
    if not any(outcome.folder or outcome.error for outcome in outcomes):
        raise UsageError(f"no task has a run in {output_dir}/ yet. Train one with: seqtasks run {outcomes[0].task}")
    failed = [outcome.task for outcome in outcomes if outcome.error]
    if failed:
        raise SeqtasksError(f"not exported: {', '.join(failed)}")


def _convert(run, style: str, output, output_dir, force: bool) -> None:
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.run_folder import task_of

    output = Path(output or Path("networks") / f"{task_of(run)}-{style}")
    click.echo("Converting the network and comparing its answers ...", err=True)
    start_tensorflow()
    from seqtasks.serving.formats import convert

    made = convert(run, style, output, output_dir=output_dir, force=force)
    apart = ", ".join(f"{name} by {value:.1g}" for name, value in made.difference.items())
    click.echo(f"Compared on {made.inputs} inputs; at most apart: {apart}", err=True)
    click.echo(made.file)
