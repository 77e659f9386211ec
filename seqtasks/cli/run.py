"""`seqtasks run`."""

import click

from seqtasks.cli.options import common_options, config_options, data_options, output_dir_option
from seqtasks.errors import UsageError


@click.command("run")
@click.argument("task")
@data_options
@config_options
@click.option("--epochs", type=click.IntRange(min=1), help="The same as -s training.epochs=N.")
@output_dir_option
@click.option("--name", help="Added to the run folder's name.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    metavar="[RUN]",
    help="Go on with this run, or without a value with the task's latest.",
)
@click.option(
    "--folds",
    type=click.IntRange(2),
    metavar="N",
    help="Cross-validate: put all splits together, and test N models, each on another part.",
)
@click.option("--quiet", is_flag=True, help="Print no progress.")
@common_options
def run_command(
    task, data, data_dir, features, skip_bad_rows, settings, config_file, seed, epochs, resume, folds, **others
):
    """Train TASK, keep the best epoch, evaluate it, and write it all to a run's folder.

    \b
    seqtasks run ner
    seqtasks run ner --data tfds:conll2003
    seqtasks run sentiment --data reviews.csv --features text=review,label=stars
    seqtasks run splice --data splice.data --folds 10
    """
    from seqtasks import registry
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.config import parse_overrides
    from seqtasks.data.sources import check_source
    from seqtasks.training.preparation import BUILTIN, parse_features, resolve_config
    from seqtasks.training.run import folder_to_resume, run
    from seqtasks.training.run_folder import RunFolder

    changes = parse_overrides(settings)
    if epochs is not None:
        changes["training.epochs"] = epochs
    columns = parse_features(features)
    definition = registry.get(task)
    resolve_config(definition, BUILTIN if data is None else data, changes, config_file, seed)
    if resume is None:
        check_source(definition, BUILTIN if data is None else data, columns)
        RunFolder.check_writable(others["output_dir"])
    else:
        resume = folder_to_resume(task, others["output_dir"], resume or True).path
    if folds and resume is not None:
        raise UsageError("--folds trains anew and --resume goes on: give one of them")
    start_tensorflow()
    from seqtasks.serving.rendering import render_sample
    from seqtasks.training.cross_validation import cross_validate
    from seqtasks.training.results import score_table

    options = {"data_dir": data_dir, "features": columns, "skip_bad_rows": skip_bad_rows, "settings": changes}
    options |= {"config_file": config_file, "seed": seed, **others}
    if folds:
        found = cross_validate(task, data, folds=folds, **options)
        scores = {"all folds": found.scores, "deviation": {**found.scores, **found.spread}}
        lines = [*score_table(scores), "", found.report, ""]
        click.echo("\n".join([*lines, f"{found.folder}  ({folds} folds, {found.seconds:.0f} s)"]))
        return
    result = run(task, data, resume=resume, **options)
    lines = [*score_table(result.scores), "", result.report, "", *map(render_sample, result.samples), ""]
    lines.append(f"{result.folder}  (best epoch {result.best_epoch}, {result.seconds:.0f} s)")
    click.echo("\n".join(lines))
