"""The `localthink` command: finds the subcommand, imports only that, and turns errors into one line."""
from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import click

from localthink.cli.lazy import LazyCommands
from localthink.errors import LocalthinkError
from localthink.interrupts import INTERRUPTED
from localthink.text.visible import visible

UNREAD = 141  # the exit code where the output has no reader, by custom 128 and the number of SIGPIPE
COMMANDS = {  # name: (module, what --help says of it); the module holds a `command`
    "chat": ("localthink.cli.chat", "Talk with a model and watch it think."),
    "ask": ("localthink.cli.ask", "Ask a model one question and watch it think."),
    "run": ("localthink.cli.run", "Answer many prompts offline; goes on where it stopped."),
    "status": ("localthink.cli.status", "Show how far a run is."),
    "merge": ("localthink.cli.merge", "Put the shards of a run together."),
    "solve": ("localthink.cli.solve", "Attempt a question many times, and settle on one answer."),
    "study": ("localthink.cli.study", "Measure whether a setting helps, with honest intervals."),
    "judge": ("localthink.cli.judge", "Have a model say which thoughts of a run are right."),
    "label": ("localthink.cli.label", "Say which thoughts of a run are right, and compare who says what."),
    "models": ("localthink.cli.models", "Choose, download and look after models."),
    "info": ("localthink.cli.info", "Show what a GGUF file is, without loading it."),
    "tokens": ("localthink.cli.tokens", "Show text as a model's tokens, or its switch markers."),
    "controls": ("localthink.cli.controls", "Show what can be done to a text while it is written."),
    "bench": ("localthink.cli.bench", "Measure how fast a model reads and writes here."),
    "doctor": ("localthink.cli.doctor", "Look at what localthink needs of this machine."),
}


class Commands(LazyCommands):
    modules = COMMANDS
    meant = {"pull": "models pull", "download": "models pull", "fit": "models fit",  # noqa: RUF012
             "list": "models list", "ls": "models list", "remove": "models remove", "verify": "models verify",
             "model": "models"}


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"localthink {version('localthink')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
              help="Show the version and exit.")
def localthink() -> None:
    """Run distilled DeepSeek-R1 models on this machine, and hold them to their thought."""


def _speak_utf8() -> None:
    """Pipes and files carry UTF-8 on every system; a terminal keeps the encoding it has."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            nothing = Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nothing)
        elif isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="surrogateescape" if name == "stdin" else "replace")


def main() -> None:
    """Run the command line; an expected error is one line on standard error and an exit code."""
    _speak_utf8()
    try:
        status = _run()
        sys.stdout.flush()  # what cannot be written any more is found here, and not by the interpreter as it ends
    except OSError as error:
        status = _refused(error)
    sys.exit(status)


def _run() -> int:
    status: object
    written_to = sys.stdout
    try:
        status = localthink(prog_name="localthink", standalone_mode=False)
    except SystemExit as end:
        if sys.stdout is not written_to:  # click's way with a closed pipe, which it ends with code 1 as well
            raise BrokenPipeError from None
        status = end.code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except LocalthinkError as error:
        status = _told(error)
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception as error:
        from localthink.errors import unusable

        known = unusable(error)
        if known is None:
            raise
        status = _told(known)
    return status if isinstance(status, int) else 0


def _told(error: LocalthinkError) -> int:
    click.echo(f"localthink: {visible(error.on_command_line())}", err=True)
    return error.exit_code


def _refused(error: OSError) -> int:
    """Say in a line what the system would not do; nothing where whoever read the output has gone."""
    status = UNREAD if isinstance(error, BrokenPipeError) else LocalthinkError.exit_code
    if status != UNREAD:
        what = str(error.filename or "its input or output")
        with suppress(OSError):  # which may be standard error
            click.echo(f"localthink: {visible(what)} cannot be read or written: {error.strerror or error}", err=True)
    for stream in (sys.stdout, sys.stderr):  # what is left in them would be tried once more, and complained of
        with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
    return status
