"""The command line: each file parses the arguments of one command, calls the library, and prints what it gives."""

import os
import sys
import warnings
from contextlib import suppress

import typer

from passerby.cli import (
    attributes,
    audit,
    calibrate,
    compare,
    data,
    demo,
    embed,
    evaluate,
    gallery,
    index,
    keys,
    score,
    search,
    serve,
    study,
    synth,
    train,
)
from passerby.cli.stopped import INTERRUPTED, Stopped
from passerby.evaluation.printable import harmless

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Person re-identification: train, evaluate, embed, search.",
)
app.command()(synth.synth)
app.command()(data.data)
app.command()(train.train)
app.command("eval")(evaluate.evaluate)
app.command()(calibrate.calibrate)
app.command()(attributes.attributes)
app.command()(embed.embed)
app.command()(index.index)
app.command()(search.search)
app.command()(score.score)
app.command()(compare.compare)
app.command()(demo.demo)
app.command()(serve.serve)
app.command()(study.study)
app.command()(gallery.gallery)
app.command()(keys.keys)
app.command()(audit.audit)


def main() -> None:
    """Run the command line; a mistake is one line on the standard error and exit code 2."""
    # Read when PyTorch is loaded, which commands do later: its threads would spin while only one of them has work.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """Run one command; 0 where it went well, 2 for a mistake, 130 or 143 where it was stopped."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _remark
            code = app(arguments, standalone_mode=False)
        if code == INTERRUPTED:  # which is what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        _tell("Interrupted.")
        return INTERRUPTED
    except Stopped as stop:
        _tell(str(stop))
        return stop.code
    except BrokenPipeError:  # the reader of our output has had enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, FloatingPointError, typer.TyperException) as error:
        if os.environ.get("PASSERBY_TRACEBACK"):
            raise
        if not str(error) and arguments == []:  # no command: the help has been printed
            return 2
        told = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        told = told.replace(": Value error, ", ": ")  # which is pydantic's, whom typer asks, and says nothing
        _tell(told)
        return 2


def _remark(message: Warning | str, *_: object, **__: object) -> None:
    """Show a warning as one line, without the place in the code that Python names."""
    _tell(str(message))


def _tell(text: str) -> None:
    """Print one line on the standard error; what a file's name holds does not reach the terminal as a command."""
    print(f"passerby: {harmless(' '.join(text.split()))}", file=sys.stderr)
