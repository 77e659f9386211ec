"""`seqtasks generate`."""

import json
import sys

import click

from seqtasks.cli.options import common_options, output_dir_option

FIRST_PART = 8


@click.command("generate")
@click.argument("run")
@click.option("--prompt", "prompts", multiple=True, default=("",), help="How a text begins. Can be repeated.")
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="Texts for each prompt.")
@click.option(
    "--length", "max_length", type=click.IntRange(0), default=50, show_default=True, help="The most symbols to add."
)
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Below 1 likelier texts, above 1 more surprising ones, 0 the likeliest symbol each time.",
)
@click.option(
    "--top-k", type=click.IntRange(0), default=0, show_default=True, help="Draw from so many symbols; 0: from all."
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Draw from the fewest symbols that together are as likely as this.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed writes the same texts.")
@click.option("--allow-unk", is_flag=True, help="Let <UNK> be written, which else shares its probability out.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: an object a line, with the log-probability.",
)
@output_dir_option
@common_options
def generate_command(run, prompts, count, style, allow_unk, output_dir, code, **wishes):
    """Write texts with RUN, a language model's run, an export, or a task's name for its latest run.

    \b
    seqtasks generate word_lm --prompt "the dogs" --count 3
    seqtasks generate char_lm --length 500 --temperature 0.8 --seed 7
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.training.run_folder import resolve

    run = resolve(run, output_dir)
    start_tensorflow()
    from seqtasks.serving.language import load_language_predictor

    predictor = load_language_predictor(run, output_dir=output_dir, allow_unknown=allow_unk)
    rows = [prompt for prompt in prompts for _ in range(count)]
    if len(rows) == 1 and style == "text" and sys.stdout.isatty():
        _stream(predictor, rows, wishes)
        return
    for written in predictor.generate(rows, **wishes):
        click.echo(json.dumps(written) if style == "json" else written["text"])


def _stream(predictor, rows, wishes) -> None:
    """Shows a text as it grows. A longer text begins as a shorter one of the same seed, so it is asked for again."""
    shown, length = "", min(FIRST_PART, wishes["max_length"])
    while True:
        (written,) = predictor.generate(rows, **{**wishes, "max_length": length})
        last = written["finished"] or length == wishes["max_length"]
        # What comes next may still close up with the last word.
        text = written["text"] if last else written["text"][: max(len(written["text"]) - 1, len(shown))]
        click.echo(text[len(shown) :], nl=False)
        shown = text
        if last:
            click.echo()
            return
        length = min(2 * length, wishes["max_length"])
