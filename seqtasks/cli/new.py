"""`seqtasks new`."""

import click

from seqtasks.cli.options import common_options


@click.command("new")
@click.argument("name")
@click.option(
    "--family",
    type=click.Choice(["many_to_many", "many_to_one", "one_to_many", "encoder_decoder"]),
    default="many_to_one",
    show_default=True,
    help="One tag a word, one label a text, texts that go on, or a text that becomes another one.",
)
@click.option("--path", metavar="FILE", help="Where to write it. [default: NAME.py]")
@click.option("--force", is_flag=True, help="Replace a file.")
@common_options
def new_command(name, family, path, force, code):
    """Write a task file that works as it is, to change into the task NAME."""
    from seqtasks.training.new_task import new_task

    written = new_task(name, path, family=family, force=force)
    click.echo(written)
    click.echo(f"Try it: seqtasks run {name} --code {written}", err=True)
