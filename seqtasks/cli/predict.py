"""`seqtasks predict`."""

import itertools

import click

from seqtasks.cli.genes_output import GENE_FORMATS, check_genes, gene_lines
from seqtasks.cli.inputs import answered, loaded_inputs, read_inputs, text_arguments
from seqtasks.cli.options import check_new, common_options, output_dir_option
from seqtasks.errors import UsageError


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
@click.option("--n-best", is_flag=True, help="Show every translation or transcript found, with its score.")
@click.option("--rescore", metavar="RUN", help="Choose among transcripts with the help of this language model.")
@click.option("--lm-weight", type=click.FloatRange(0), help="How much the language model counts. [default: 0.5]")
@click.option("--word-bonus", type=float, help="What a word is worth to --rescore. [default: 0]")
@click.option("--attention", metavar="FILE", help="Translation only: draw where the decoder looked, as PNG.")
@click.option("--force", is_flag=True, help="Let --attention replace a file.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out what cannot be read, and tell of it.")
@output_dir_option
@common_options
def predict_command(
    run, texts, files, style, n_best, rescore, lm_weight, word_bonus, attention, force, skip_bad_rows, output_dir, code
):
    """Tag, label, transcribe or translate each TEXT with RUN, a run, an export, or a task's name for its latest run.

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
    from seqtasks.cli.prediction_format import formatter
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.cli.translation_output import check_option, draw_attention, one_text
    from seqtasks.training.run_folder import resolve

    notes = []
    inputs = read_inputs(texts, files, skip_bad_rows, notes)
    first = next(inputs, None)  # a file that cannot be read is told before the model is loaded
    if first is None:
        return
    second = list(itertools.islice(inputs, 1))
    inputs = itertools.chain([first], second, inputs)
    run = resolve(run, output_dir)
    if style in GENE_FORMATS:
        check_genes(run, style)
    for option, asked in (("--n-best", n_best), ("--rescore", rescore), ("--attention", attention)):
        if asked:
            check_option(run, option)
    if rescore is None and (lm_weight, word_bonus) != (None, None):
        raise UsageError("--lm-weight and --word-bonus say how --rescore RUN chooses, which is not given")
    if attention is not None:
        inputs = iter([one_text(inputs)])
        check_new(attention, force)
    start_tensorflow()
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir)
    if rescore is not None:
        predictor = _rescoring(predictor, resolve(rescore, output_dir), lm_weight, word_bonus)
    inputs = loaded_inputs(inputs, predictor, skip_bad_rows, notes)
    predictions = answered(predictor.n_best if n_best else predictor.predict, inputs, skip_bad_rows, notes)
    if style in GENE_FORMATS:
        for line in gene_lines(predictions, style):
            click.echo(line)
    else:
        write = formatter(style, several=bool(second))
        for prediction in predictions:
            click.echo(write(prediction))
            if attention is not None:
                draw_attention(attention, predictor, prediction)
    for note in notes:
        click.echo(f"Note: {note}", err=True)


def _rescoring(predictor, language_run, lm_weight: float | None, word_bonus: float | None):
    from seqtasks.serving.language import load_language_predictor
    from seqtasks.serving.rescoring import LM_WEIGHT, RescoringPredictor

    weight = LM_WEIGHT if lm_weight is None else lm_weight
    return RescoringPredictor(predictor, load_language_predictor(language_run), weight, word_bonus or 0.0)
