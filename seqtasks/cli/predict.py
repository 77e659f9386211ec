"""`seqtasks predict`."""

import itertools

import click

from seqtasks.cli.inputs import read_inputs, text_arguments
from seqtasks.cli.options import common_options, output_dir_option
from seqtasks.errors import UsageError

LINES_AT_ONCE = 512


@click.command("predict")
@click.argument("run")
@text_arguments
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "tsv"]),
    default="text",
    show_default=True,
    help="text: to read. json: an object a line. tsv: label, score, text; or token and tag a line.",
)
@output_dir_option
@common_options
def predict_command(run, texts, files, style, output_dir, code):
    """Tag or label each TEXT with RUN, a run, an export, or a task's name for its latest run.

    A TEXT or FILE of - means standard input, one text a line.

    \b
    seqtasks predict ner "Ada Lovelace lived in London"
    seqtasks predict saved_models/sentiment/1 --file reviews.txt --format json
    """
    if not texts and not files:
        raise UsageError("nothing to predict from. Give texts, --file FILE, or - for standard input")
    from seqtasks.cli.prediction_format import FORMATS
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.run_folder import resolve

    inputs = read_inputs(texts, files)
    first = next(inputs, None)  # a file that cannot be read is told before the model is loaded
    if first is None:
        return
    inputs = itertools.chain([first], inputs)
    run = resolve(run, output_dir)
    start_tensorflow()
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir)
    while chunk := list(itertools.islice(inputs, LINES_AT_ONCE)):
        for prediction in predictor.predict(chunk):
            click.echo(FORMATS[style](prediction))
