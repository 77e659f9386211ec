"""`seqtasks export`."""

import click

from seqtasks.cli.options import common_options, output_dir_option


@click.command("export")
@click.argument("run")
@click.option(
    "--export-dir", default="saved_models", show_default=True, metavar="FOLDER", help="Where exports are kept."
)
@click.option("--version", type=click.IntRange(min=1), help="The version's number. [default: the next free one]")
@click.option("--force", is_flag=True, help="Let --version replace a version.")
@output_dir_option
@common_options
def export_command(run, export_dir, version, force, output_dir, code):
    """Write RUN, a run's folder or a task's name for its latest run, as a SavedModel.

    It takes raw strings and gives decoded ones, in TF Serving's layout: FOLDER/TASK/VERSION.
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.run_folder import resolve

    run = resolve(run, output_dir)
    click.echo("Exporting and checking the export in a process of its own ...", err=True)
    start_tensorflow()
    from seqtasks.serving.export import export

    click.echo(export(run, export_dir=export_dir, output_dir=output_dir, version=version, force=force))
