"""`seqtasks score`."""

import json

import click

from seqtasks.cli.inputs import read_inputs, refused, text_arguments
from seqtasks.cli.options import common_options, output_dir_option
from seqtasks.errors import RefusedError, UsageError


@click.command("score")
@click.argument("run")
@text_arguments
@click.option("--details", is_flag=True, help="Show every symbol's log-probability.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "tsv"]),
    default="text",
    show_default=True,
    help="text: a table, the likeliest first. json: an object a line. tsv: log-probability, perplexity, text.",
)
@output_dir_option
@common_options
def score_command(run, texts, files, details, style, output_dir, code):
    """Tell how likely RUN, a language model, finds each TEXT: its log-probability and perplexity, in nats.

    Of a translation model a TEXT is "SOURCE ||| TARGET", or the two with a tab between them, and the probability is
    that of the target, given the source. A TEXT or FILE of - means standard input, one text a line.

    \b
    seqtasks score word_lm "The apple and the pear salad" "The apple and the pair salad"
    seqtasks score char_lm --file lines.txt --format tsv
    seqtasks score music "60 64 67 | 60 65 69 |" piece.mid
    seqtasks score translation "A dog runs. ||| Ein Hund rennt."
    """
    if not texts and not files:
        raise UsageError("nothing to score. Give texts, --file FILE, or - for standard input")
    from seqtasks.cli.music_prompts import written_piece
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.serving.music_settings import music_settings
    from seqtasks.task import ENCODER_DECODER
    from seqtasks.training.run_folder import family_of, resolve

    given = inputs = list(read_inputs(texts, files))
    run = resolve(run, output_dir)
    if settings := music_settings(run):
        inputs = [written_piece(text, settings) for text in inputs]
    if family_of(run) == ENCODER_DECODER:
        inputs = [_pair(text) for text in inputs]
    start_tensorflow()
    from seqtasks.serving.scoring import score

    try:
        scores = score(run, inputs, output_dir=output_dir)
    except RefusedError as error:
        raise next(iter(refused(error, given).values())) from None
    if style == "text":
        # Between two readings of one sentence the question is which is likelier; a file keeps its order.
        ranked = not files and "-" not in texts and len(scores) > 1
        scores = sorted(scores, key=lambda one: -one["log_probability"]) if ranked else scores
        click.echo("log P      perplexity  text")
        for one in scores:
            click.echo(f"{one['log_probability']:<9.3f}  {one['perplexity']:<10.2f}  {_text(one)}")
            if details:
                pairs = zip(one["tokens"], one["log_probabilities"], strict=True)
                click.echo("".join(f"  {value:9.3f}  {_shown(token)}\n" for token, value in pairs), nl=False)
        if ranked:
            click.echo(_verdict(scores))
        return
    for one in scores:
        if not details:
            one = {name: value for name, value in one.items() if name not in ("tokens", "log_probabilities")}
        if style == "json":
            click.echo(json.dumps(one))
        else:
            click.echo(f"{one['log_probability']:.6f}\t{one['perplexity']:.6f}\t{' '.join(_text(one).split())}")


def _verdict(ranked: list[dict]) -> str:
    first, second = ranked[0], ranked[1]
    if first["log_probability"] == second["log_probability"]:
        return f"equally likely: {_text(first)!r} and {_text(second)!r}"
    return (
        f"likeliest: {_text(first)!r}, by {first['log_probability'] - second['log_probability']:.3f} nats "
        "before the next"
    )


def _pair(text: str) -> tuple[str, str]:
    for border in ("|||", "\t"):
        if text.count(border) == 1:
            source, target = text.split(border)
            return source.strip(), target.strip()
    raise UsageError(f'a pair is written "SOURCE ||| TARGET", or with a tab between them. Received: {_shown(text)!r}')


def _text(one: dict) -> str:
    return _shown(one["text"] if "text" in one else f"{one['source']} ||| {one['target']}")


def _shown(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\n", "\\n")
