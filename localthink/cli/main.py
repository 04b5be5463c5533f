"""The `localthink` command: finds the subcommand, imports only that, and turns errors into one line."""
from __future__ import annotations

import io
import os
import sys
from importlib.metadata import version
from pathlib import Path

import click

from localthink.cli.interrupts import INTERRUPTED
from localthink.cli.lazy import LazyCommands
from localthink.errors import LocalthinkError
from localthink.visible_text import visible

COMMANDS = {  # name: (module, what --help says of it); the module holds a `command`
    "chat": ("localthink.cli.chat", "Talk with a model and watch it think."),
    "ask": ("localthink.cli.ask", "Ask a model one question and watch it think."),
    "run": ("localthink.cli.run", "Answer many prompts offline; goes on where it stopped."),
    "status": ("localthink.cli.status", "Show how far a run is."),
    "merge": ("localthink.cli.merge", "Put the shards of a run together."),
    "models": ("localthink.cli.models", "Choose, download and look after models."),
    "info": ("localthink.cli.info", "Show what a GGUF file is, without loading it."),
    "tokens": ("localthink.cli.tokens", "Show text as a model's tokens, or its switch markers."),
    "bench": ("localthink.cli.bench", "Measure how fast a model reads and writes here."),
    "doctor": ("localthink.cli.doctor", "Look at what localthink needs of this machine."),
}


class Commands(LazyCommands):
    modules = COMMANDS


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
        status = localthink(prog_name="localthink", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except LocalthinkError as error:
        click.echo(f"localthink: {visible(str(error))}", err=True)
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)
