"""`seqtasks predict`."""

import itertools

import click

from seqtasks.cli.inputs import read_inputs, text_arguments
from seqtasks.cli.options import check_new, common_options, output_dir_option
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
@click.option("--n-best", is_flag=True, help="Translation only: show every translation found, with its score.")
@click.option("--attention", metavar="FILE", help="Translation only: draw where the decoder looked, as PNG.")
@click.option("--force", is_flag=True, help="Let --attention replace a file.")
@output_dir_option
@common_options
def predict_command(run, texts, files, style, n_best, attention, force, output_dir, code):
    """Tag, label or translate each TEXT with RUN, a run, an export, or a task's name for its latest run.

    A TEXT or FILE of - means standard input, one text a line.

    \b
    seqtasks predict ner "Ada Lovelace lived in London"
    seqtasks predict saved_models/sentiment/1 --file reviews.txt --format json
    seqtasks predict translation "A dog runs." --attention dog.png
    """
    if not texts and not files:
        raise UsageError("nothing to predict from. Give texts, --file FILE, or - for standard input")
    from seqtasks.cli.prediction_format import FORMATS
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.cli.translation_output import check_translation, draw_attention, one_text
    from seqtasks.training.run_folder import resolve

    inputs = read_inputs(texts, files)
    first = next(inputs, None)  # a file that cannot be read is told before the model is loaded
    if first is None:
        return
    inputs = itertools.chain([first], inputs)
    run = resolve(run, output_dir)
    if n_best:
        check_translation(run, "--n-best")
    if attention is not None:
        check_translation(run, "--attention")
        inputs = iter([one_text(inputs)])
        check_new(attention, force)
    start_tensorflow()
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir)
    while chunk := list(itertools.islice(inputs, LINES_AT_ONCE)):
        for prediction in predictor.n_best(chunk) if n_best else predictor.predict(chunk):
            click.echo(FORMATS[style](prediction))
            if attention is not None:
                draw_attention(attention, predictor, prediction)
