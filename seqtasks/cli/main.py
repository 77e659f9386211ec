"""`seqtasks`: the group of verbs, and how failures end."""

import importlib
import os
import sys

import click

from seqtasks.errors import SeqtasksError, did_you_mean

# One line each, so that --help need not import the verbs.
VERBS = {
    "run": "Train a task, evaluate it, and write it all to a run's folder.",
    "evaluate": "Score a trained run on its own data or other labelled data.",
    "predict": "Tag, label or translate texts with a trained run or an export.",
    "generate": "Write texts with a trained language model.",
    "score": "Tell how likely a model finds texts or translations.",
    "export": "Write a trained run as a SavedModel that takes raw text.",
    "serve": "Answer requests to exports, as TF Serving does.",
    "benchmark": "Measure the layers' speed beside other libraries'.",
    "list": "List the tasks.",
    "inspect": "Show a task's or run's configuration, data and network.",
    "new": "Write a new task file that works, to change.",
}
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose verbs are imported when they are called."""

    def list_commands(self, ctx) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx, name: str):
        if name not in VERBS:
            return None
        return getattr(importlib.import_module(f"seqtasks.cli.{name}"), f"{name}_command")

    def format_commands(self, ctx, formatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx, args: list[str]):
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(f"no such verb: {args[0]!r}." + did_you_mean(args[0], VERBS), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, subcommand_metavar="VERB [OPTIONS] ...", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="seqtasks", prog_name="seqtasks")
def group() -> None:
    """Recurrent sequence models, from raw input to SavedModel.

    Results go to standard output, progress and messages to standard error.
    `seqtasks VERB --help` tells more.
    """


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: The arguments; those of the process when None.

    Returns:
        The exit code: 0, 1 for a failure, 2 for a usage error, 130 after Ctrl-C.
    """
    # Bytes that are no UTF-8 survive from standard input to standard output.
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="surrogateescape")
    state = {"debug": False, "verbose": False}
    try:
        group.main(args=arguments, prog_name="seqtasks", standalone_mode=False, obj=state)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        # The reader, as `head`, has seen enough; Python would complain when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            return error.exit_code
        context = getattr(error, "ctx", None)
        hint = f" Try: {context.command_path} --help" if context else ""
        return _fail(error.format_message() + hint, error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", INTERRUPTED)
    except Exception as error:
        if state["debug"]:
            raise
        return _fail(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, SeqtasksError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}", 1
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "out of memory. Try a lower training.batch_size, as -s training.batch_size=8", 1
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first} (this is a defect; --debug shows where)", 1


def _fail(message: str, code: int) -> int:
    sys.stdout.flush()
    print(f"Error: {' '.join(message.split())}", file=sys.stderr)
    return code
