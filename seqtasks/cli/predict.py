"""`seqtasks predict`."""

import itertools

import click

from seqtasks.cli.genes_output import GENE_FORMATS, check_genes, gene_lines
from seqtasks.cli.inputs import loaded_inputs, read_inputs, text_arguments
from seqtasks.cli.options import check_new, common_options, output_dir_option
from seqtasks.errors import UsageError

LINES_AT_ONCE = 512


@click.command("predict")
@click.argument("run")
@text_arguments
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "tsv", *GENE_FORMATS]),
    default="text",
    show_default=True,
    help="text: to read. json: an object a line. tsv: label, score, text; or token and tag a line. gff3, bed: the "
    "genes on sequences.",
)
@click.option("--n-best", is_flag=True, help="Translation only: show every translation found, with its score.")
@click.option("--attention", metavar="FILE", help="Translation only: draw where the decoder looked, as PNG.")
@click.option("--force", is_flag=True, help="Let --attention replace a file.")
@click.option(
    "--skip-bad-rows", is_flag=True, help="Leave out what cannot be read, and tell of it."
)
@output_dir_option
@common_options
def predict_command(run, texts, files, style, n_best, attention, force, skip_bad_rows, output_dir, code):
    """Tag, label or translate each TEXT with RUN, a run, an export, or a task's name for its latest run.

    A TEXT or FILE of - means standard input, one text a line. Models of sounds and clips are given the paths of files
    in the place of texts. A --file that ends as FASTA does is read as such.

    \b
    seqtasks predict ner "Ada Lovelace lived in London"
    seqtasks predict saved_models/sentiment/1 --file reviews.txt --format json
    seqtasks predict translation "A dog runs." --attention dog.png
    seqtasks predict speech call.wav other.flac
    seqtasks predict dna --file genome.fa --format gff3
    """
    if not texts and not files:
        raise UsageError("nothing to predict from. Give texts, --file FILE, or - for standard input")
    from seqtasks.cli.prediction_format import FORMATS
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.cli.translation_output import check_translation, draw_attention, one_text
    from seqtasks.training.run_folder import resolve

    notes = []
    inputs = read_inputs(texts, files, skip_bad_rows, notes)
    first = next(inputs, None)  # a file that cannot be read is told before the model is loaded
    if first is None:
        return
    inputs = itertools.chain([first], inputs)
    run = resolve(run, output_dir)
    if style in GENE_FORMATS:
        check_genes(run, style)
    if n_best:
        check_translation(run, "--n-best")
    if attention is not None:
        check_translation(run, "--attention")
        inputs = iter([one_text(inputs)])
        check_new(attention, force)
    start_tensorflow()
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir)
    inputs = loaded_inputs(inputs, predictor, skip_bad_rows, notes)
    chunks = iter(lambda: list(itertools.islice(inputs, LINES_AT_ONCE)), [])
    predictions = (found for chunk in chunks for found in (predictor.n_best if n_best else predictor.predict)(chunk))
    if style in GENE_FORMATS:
        for line in gene_lines(predictions, style):
            click.echo(line)
    else:
        for prediction in predictions:
            click.echo(FORMATS[style](prediction))
            if attention is not None:
                draw_attention(attention, predictor, prediction)
    for note in notes:
        click.echo(f"Note: {note}", err=True)
