"""Options that several verbs share."""

import functools
import os
from collections.abc import Callable
from pathlib import Path

import click

from seqtasks.errors import UsageError


def check_new(path, force: bool) -> None:
    """Refuses, before anything is computed, a file that cannot be written or that nobody asked to replace.

    Args:
        path: The file; folders above it may be missing.
        force: Whether it may be replaced.

    Raises:
        UsageError: If it exists, or is a folder, or cannot be made.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file to write")
    if path.exists() and not force:
        raise UsageError(f"{path} exists. Replace it with --force")
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise UsageError(f"{path}: {folder} is no folder that can be written to")


def message_options(command: Callable) -> Callable:
    """Adds `--verbose` and `--debug`, of which the verb hears nothing."""

    @click.option("--verbose", is_flag=True, help="Show TensorFlow's own messages.")
    @click.option("--debug", is_flag=True, help="Show a failure's traceback.")
    @click.pass_context
    @functools.wraps(command)
    def wrapper(ctx, *args, verbose, debug, **kwargs):
        ctx.ensure_object(dict)
        ctx.obj.update(debug=debug, verbose=verbose)
        return command(*args, **kwargs)

    return wrapper


def common_options(command: Callable) -> Callable:
    """Adds `--code`, `--verbose` and `--debug`; the verb receives `code` only."""

    @click.option(
        "--code",
        "code",
        multiple=True,
        metavar="FILE",
        help="Import a Python file that registers tasks. Can be repeated.",
    )
    @message_options
    @functools.wraps(command)
    def wrapper(*args, code, **kwargs):
        from seqtasks import registry

        for file in code:
            registry.load_code(file)
        return command(*args, code=code, **kwargs)

    return wrapper


def data_options(command: Callable) -> Callable:
    """Adds the options that say where examples come from."""
    for option in reversed(
        [
            click.option(
                "--data",
                metavar="SOURCE",
                help="builtin, tfds:NAME[/CONFIG], or a path. [default: builtin, or the run's]",
            ),
            click.option(
                "--data-dir",
                envvar="TFDS_DATA_DIR",
                metavar="FOLDER",
                help="Where TensorFlow Datasets keeps its data. [env: TFDS_DATA_DIR]",
            ),
            click.option(
                "--features",
                metavar="NAME=COLUMN,...",
                help="Which features or columns of the source to read, as text=description,label=label.",
            ),
            click.option(
                "--skip-bad-rows",
                is_flag=True,
                help="Leave out and count rows that cannot be read, or whose label training never shows.",
            ),
        ]
    ):
        command = option(command)
    return command


def config_options(command: Callable) -> Callable:
    """Adds the options that change a task's configuration."""
    for option in reversed(
        [
            click.option(
                "-s",
                "--set",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                help="Change a configuration field, as units=50; `seqtasks inspect TASK` shows them. Can be repeated.",
            ),
            click.option(
                "--config",
                "config_file",
                metavar="FILE",
                help="A .json or .toml file of configuration fields; a run's config.json is one.",
            ),
            click.option("--seed", type=int, help="Seed of weights, dropout, and the order of examples."),
        ]
    ):
        command = option(command)
    return command


def output_dir_option(command: Callable) -> Callable:
    """Adds `--output-dir`."""
    return click.option(
        "--output-dir", default="runs", show_default=True, metavar="FOLDER", help="Where runs are kept."
    )(command)
