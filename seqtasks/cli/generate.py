"""`seqtasks generate`."""

import json
import sys

import click

from seqtasks.cli.music_output import music_options
from seqtasks.cli.music_prompts import written_piece
from seqtasks.cli.options import common_options, output_dir_option

FIRST_PART = 8
HELD_BACK = 3
TEXT_LENGTH, MUSIC_LENGTH = 50, 400


@click.command("generate")
@click.argument("run")
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    default=("",),
    help="How a text begins; of music its notes, key or a MIDI file. Can be repeated.",
)
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="Texts for each prompt.")
@click.option(
    "--length",
    "max_length",
    type=click.IntRange(0, 100_000),
    help=f"The most symbols to add.  [default: {TEXT_LENGTH}, of music {MUSIC_LENGTH}]",
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
@music_options
@output_dir_option
@common_options
def generate_command(run, prompts, count, style, allow_unk, output, output_dir, code, **wishes):
    """Write texts with RUN, a language model's run, an export, or a task's name for its latest run.

    \b
    seqtasks generate word_lm --prompt "the dogs" --count 3
    seqtasks generate char_lm --length 500 --temperature 0.8 --seed 7
    seqtasks generate music --prompt "C major" --midi piece.mid --wav piece.wav
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.serving.music_settings import music_settings
    from seqtasks.training.run_folder import resolve

    run = resolve(run, output_dir)
    settings = music_settings(run)
    output.check(run, settings, len(prompts) * count)
    if settings:
        prompts = [written_piece(prompt, settings) for prompt in prompts]
    if wishes["max_length"] is None:
        wishes["max_length"] = MUSIC_LENGTH if settings else TEXT_LENGTH
    start_tensorflow()
    from seqtasks.serving.language import load_language_predictor

    predictor = load_language_predictor(run, output_dir=output_dir, allow_unknown=allow_unk)
    rows = [prompt for prompt in prompts for _ in range(count)]
    if len(rows) == 1 and style == "text" and not output.kinds and sys.stdout.isatty():
        _stream(predictor, rows, wishes)
        return
    texts = predictor.generate(rows, **wishes)
    if output.kinds:
        files = output.write([written["text"] for written in texts], settings)
        for written, paths in zip(texts, files, strict=True):
            written["files"] = [str(path) for path in paths]
    for written in texts:
        shown = "\n".join(written["files"]) if output.kinds else written["text"]
        click.echo(json.dumps(written) if style == "json" else shown)


def _stream(predictor, rows, wishes) -> None:
    """Shows a text as it grows. A longer text begins as a shorter one of the same seed, so it is asked for again."""
    shown, length = "", min(FIRST_PART, wishes["max_length"])
    while True:
        (written,) = predictor.generate(rows, **{**wishes, "max_length": length})
        last = written["finished"] or length == wishes["max_length"]
        # What comes next may still close up with the last word, or be the rest of a character's bytes.
        text = written["text"] if last else written["text"][: max(len(written["text"]) - HELD_BACK, len(shown))]
        click.echo(text[len(shown) :], nl=False)
        shown = text
        if last:
            click.echo()
            return
        length = min(2 * length, wishes["max_length"])
