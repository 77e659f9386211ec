"""`seqtasks inspect agreement`."""

import click

from seqtasks.cli.inspect import picture_options
from seqtasks.cli.options import common_options, output_dir_option
from seqtasks.errors import UsageError


@click.command("agreement")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--pairs", type=click.IntRange(min=1), help="How many pairs to generate. [default: 2000]")
@click.option(
    "--blimp",
    multiple=True,
    metavar="NAME",
    help="Take a paradigm of BLiMP instead, as distractor_agreement_relational_noun. Can be repeated.",
)
@click.option(
    "--data-dir",
    envvar="TFDS_DATA_DIR",
    metavar="FOLDER",
    help="Where TensorFlow Datasets keeps BLiMP. [env: TFDS_DATA_DIR]",
)
@picture_options("agreement.png")
@output_dir_option
@common_options
def agreement_command(runs, pairs, blimp, data_dir, picture, output_dir, code):
    """Test whether each RUN of a language model makes verbs agree with their subjects.

    Of two sentences that differ in the number of a verb, a model is right if it finds the good one likelier. A table
    of accuracies by the distance between noun and verb and by the nouns between them, and agreement.png.

    \b
    seqtasks inspect agreement word_lm
    seqtasks inspect agreement runs/word_lm/*-rnn runs/word_lm/*-lstm
    seqtasks inspect agreement word_lm --blimp regular_plural_subject_verb_agreement_1
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.agreement import agreement, subjects_of

    if blimp and pairs is not None:
        raise UsageError("--pairs counts generated pairs, and BLiMP has its own: give one of --pairs and --blimp")
    runs = [subject.folder for subject in subjects_of(runs, output_dir)]
    start_tensorflow()
    found = agreement(runs, pairs=pairs, blimp=blimp, data_dir=data_dir, output_dir=output_dir)
    found.plot(picture)
    click.echo(f"{found.table()}\n\n{picture}")
