"""`seqtasks inspect gradients`."""

import click

from seqtasks.cli.inspect import picture_options
from seqtasks.cli.options import common_options, config_options, data_options


@click.command("gradients")
@click.argument("task")
@click.option(
    "--cell",
    "cells",
    default="rnn,gru,lstm",
    show_default=True,
    metavar="CELL,...",
    help="The recurrent cells to compare.",
)
@data_options
@config_options
@click.option(
    "--length", type=click.IntRange(min=1), default=60, show_default=True, help="The largest distance, in steps."
)
@click.option(
    "--trained",
    type=click.IntRange(min=0),
    default=0,
    metavar="EPOCHS",
    show_default=True,
    help="Train each cell so long first; 0: measure at initialization.",
)
@picture_options("gradients.png")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@common_options
def gradients_command(
    task, cells, data, data_dir, features, skip_bad_rows, settings, config_file, seed, picture, code, **others
):
    """Measure how far back the gradient of a loss reaches in TASK's network, by recurrent cell.

    Of windows of the data's text: the norm of dLoss<T>/da<t>, Loss<T> being the cross entropy of the symbol after the
    last step T, and a<t> the recurrent layer's output at a step t before it. A table, and gradients.png.

    Recurrent kernels start orthogonal, which favours an RNN; --trained shows what gates learn to hold.

    \b
    seqtasks inspect gradients word_lm
    seqtasks inspect gradients word_lm --trained 6 --length 20
    seqtasks inspect gradients char_lm --cell rnn,lstm --length 100
    """
    from seqtasks import registry
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.config import parse_overrides
    from seqtasks.data.sources import check_source
    from seqtasks.training.gradient_flow import configurations, gradient_flow
    from seqtasks.training.preparation import BUILTIN, parse_features

    columns, changes = parse_features(features), parse_overrides(settings)
    cells = [cell.strip() for cell in cells.split(",") if cell.strip()]
    configurations(task, cells, BUILTIN if data is None else data, changes, config_file, seed)
    check_source(registry.get(task), BUILTIN if data is None else data, columns)
    start_tensorflow()
    flow = gradient_flow(
        task,
        cells,
        data,
        data_dir=data_dir,
        features=columns,
        skip_bad_rows=skip_bad_rows,
        settings=changes,
        config_file=config_file,
        seed=seed,
        **others,
    )
    flow.plot(picture)
    click.echo(f"{flow.table()}\n\n{picture}")
