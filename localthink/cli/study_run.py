"""`localthink study run`: a study from its first sample to its last, over as many evenings as it takes."""
from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click

from localthink.cli.options import engine_options
from localthink.cli.study import study_argument, study_models
from localthink.interrupts import exit_code, interrupts
from localthink.offload import Offload


@click.command("run")
@study_argument
@click.option("-o", "--out", "folder", type=click.Path(path_type=Path), metavar="STUDY_DIR",
              help="Folder of the study.  [default: one of its name, with localthink's own data]")
@study_models
@click.option("--slots", type=click.IntRange(min=1), help="Samples at once.  [default: what memory and cores take]")
@engine_options
@click.option("--deterministic", is_flag=True,
              help="On one machine, the same text to the last bit whatever runs beside it.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def command(name: str, folder: Path | None, models: tuple[str, ...], slots: int | None, cache: str | None,
            threads: int | None, offload: Offload, force: bool, deterministic: bool, quiet: bool) -> None:
    """Run what is left of a study: a TOML file, the name of one that comes along, or the folder of one that was begun.

    Whatever stops it (Ctrl+C, kill -9, the budget), the same command goes on. All settings have the same problems at
    any time, so that `localthink study report` can say something of half a study.
    """
    from localthink.cli.watching import watching
    from localthink.study.folder import begin, find
    from localthink.study.running import Machine, run_study

    study, place = find(name, folder, models)
    machine = Machine(slots, cache, threads, offload, force, deterministic)
    received: list[int] = []
    state = "stopped"
    with watching(received, quiet) as watcher, interrupts(received, terminate=True), suppress(KeyboardInterrupt):
        state = run_study(study, place, begin(study, place), machine, watcher)
    if state == "complete":
        if not quiet:
            click.echo(f"complete: localthink study report {place.path} says what it found")
    elif state == "stopped":
        click.echo("stopped: the same command goes on from here", err=True)
        sys.exit(exit_code(received))
    else:
        click.echo(f"stopped by {state}: the same command goes on from here", err=True)
