"""`seqtasks list`."""

import click

from seqtasks.cli.options import common_options


@click.command("list")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines to read, or one JSON array.",
)
@common_options
def list_command(style, code):
    """List the tasks, their families and where their examples come from."""
    from seqtasks.training.listing import list_tasks

    tasks = list_tasks()
    if style == "json":
        import dataclasses
        import json

        click.echo(json.dumps([dataclasses.asdict(task) for task in tasks], ensure_ascii=False))
        return
    names = max((len(task.name) for task in tasks), default=0)
    families = max((len(task.family) for task in tasks), default=0)
    for task in tasks:
        click.echo(f"{task.name:<{names}}  {task.family:<{families}}  {task.description}")
        if task.sources:
            click.echo(f"{'':<{names}}  {'':<{families}}  --data {' | '.join(task.sources)}")
