"""`seqtasks inspect`."""

import click

from seqtasks.cli.options import common_options, config_options, data_options, output_dir_option


@click.command("inspect")
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
