"""`seqtasks inspect`."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path

import click

from seqtasks.cli.options import check_new, common_options, config_options, data_options, output_dir_option

# One line each, so that --help need not import them.
DIAGNOSTICS = {
    "gradients": "Measure how far back a loss's gradient reaches, by recurrent cell.",
    "agreement": "Test whether trained models make verbs agree with their subjects.",
}


class InspectCommand(click.Command):
    """A command that hands over to another where its first argument names one: no task is called so."""

    def make_context(self, info_name, args, parent=None, **extra):
        if args and args[0] in DIAGNOSTICS:
            name, *args = args
            command = getattr(importlib.import_module(f"seqtasks.cli.inspect_{name}"), f"{name}_command")
            return command.make_context(f"{info_name} {name}", args, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def format_options(self, ctx, formatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section(f"Diagnostics of language models ({ctx.command_path} NAME --help)"):
            formatter.write_dl(list(DIAGNOSTICS.items()))


def picture_options(name: str) -> Callable:
    """Adds `--output` and `--force` to a diagnostic, which receives `picture`, the PNG file to write.

    Args:
        name: The file's name.
    """

    def decorate(command: Callable) -> Callable:
        @click.option("--output", default="inspection", show_default=True, metavar="FOLDER", help=f"Where {name} goes.")
        @click.option("--force", is_flag=True, help=f"Replace {name}.")
        @functools.wraps(command)
        def wrapper(*args, output, force, **kwargs):
            picture = Path(output) / name
            check_new(picture, force)
            return command(*args, picture=picture, **kwargs)

        return wrapper

    return decorate


@click.command("inspect", cls=InspectCommand)
@click.argument("run", metavar="TASK|RUN")
@data_options
@config_options
@output_dir_option
@common_options
def inspect_command(run, data, data_dir, features, skip_bad_rows, settings, config_file, seed, output_dir, code):
    """Show the resolved configuration, the data and the network of a task or a run's folder."""
    from seqtasks import registry
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.config import parse_overrides
    from seqtasks.training.inspection import inspect
    from seqtasks.training.preparation import parse_features
    from seqtasks.training.run_folder import resolve

    columns, changes = parse_features(features), parse_overrides(settings)
    if run not in registry.names():
        run = resolve(run, output_dir)
    start_tensorflow()
    text = inspect(
        run,
        data,
        data_dir=data_dir,
        features=columns,
        skip_bad_rows=skip_bad_rows,
        settings=changes,
        config_file=config_file,
        seed=seed,
        output_dir=output_dir,
    )
    click.echo(text)
