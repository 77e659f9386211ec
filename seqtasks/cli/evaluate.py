"""`seqtasks evaluate`."""

import click

from seqtasks.cli.options import check_new, common_options, data_options, output_dir_option


@click.command("evaluate")
@click.argument("run")
@data_options
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    default="test",
    show_default=True,
    help="Which part of the data.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Tables to read, or one JSON object.",
)
@click.option("--predictions", metavar="FILE", help="Write every example's prediction there, as JSON Lines.")
@click.option("--force", is_flag=True, help="Let --predictions replace a file.")
@output_dir_option
@common_options
def evaluate_command(run, data, data_dir, features, skip_bad_rows, split, style, predictions, force, output_dir, code):
    """Score RUN, a run's folder or a task's name for its latest run.

    With --format json the scores are one JSON object.
    """
    import json

    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.evaluate import evaluate
    from seqtasks.training.preparation import parse_features
    from seqtasks.training.run_folder import resolve

    if predictions is not None:
        check_new(predictions, force)
    columns = parse_features(features)
    run = resolve(run, output_dir)
    start_tensorflow()
    evaluation = evaluate(
        run,
        data,
        split=split,
        data_dir=data_dir,
        features=columns,
        output_dir=output_dir,
        skip_bad_rows=skip_bad_rows,
    )
    for note in evaluation.notes:
        click.echo(f"Note: {note}", err=True)
    if predictions is not None:
        from seqtasks.files import write_json_lines

        write_json_lines(predictions, evaluation.rows)
    if style == "json":
        click.echo(json.dumps({"split": split, "examples": evaluation.examples, **evaluation.scores}))
        return
    from seqtasks.training.results import score_table

    click.echo("\n".join([*score_table({split: evaluation.scores}), "", evaluation.report]))
