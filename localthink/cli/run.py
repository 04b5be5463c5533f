"""`localthink run`: many prompts offline, so that in the morning everything that was computed is there."""
from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localthink.cli.options import engine_options, guarded_options, model_option
from localthink.errors import UsageError
from localthink.fit.batch import MOST_SLOTS
from localthink.interrupts import exit_code, interrupts
from localthink.offload import Offload
from localthink.records import Generation

if TYPE_CHECKING:
    from localthink.batch.figures import Figures
    from localthink.batch.run import Run
    from localthink.batch.spec import Spec
    from localthink.batch.workers import Workers
    from localthink.cli.watching import Quiet

LAYOUTS = {"auto": None, "unified": False, "split": True}


@click.command("run")
@click.argument("source", required=False, metavar="[INPUT]")
@click.option("-o", "--out", "folder", type=click.Path(path_type=Path), metavar="RUN_DIR",
              help="Folder of the run; the same command with the same folder goes on where it stopped.")
@model_option
@click.option("-n", "--n", "samples", type=int, default=1, show_default=True, help="Samples of each item.")
@guarded_options
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the run; every sample has its own, from this, its item and its number.")
@click.option("--append", default="", metavar="TEXT", help="Instructions that follow every question.")
@click.option("--raw", is_flag=True, help="Send prompts as they are, without the model's template.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many items.")
@click.option("--shard", metavar="i/N", help="Only the i-th of N parts of the items, by their ids; from 1/N to N/N.")
@click.option("--slots", default="auto", show_default=True, metavar="N|auto", help="Samples at once.")
@click.option("--context", "longest", type=click.IntRange(min=256),
              help="Most tokens of one sample, its prompt included.  [default: what the items need]")
@click.option("--cache-layout", "layout", type=click.Choice(list(LAYOUTS)), default="auto", show_default=True,
              help="Split decodes faster, unified needs less memory.")
@engine_options
@click.option("--deterministic", is_flag=True,
              help="On one machine, the same text to the last bit whatever runs beside it.")
@click.option("--ray", metavar="ADDRESS", help="Spread the work over a Ray cluster; 'local' starts one here.")
@click.option("--workers", type=click.IntRange(min=1), help="Engines on the Ray cluster.  [default: one a node]")
@click.option("--extend", is_flag=True, help="Allow more items or more samples than the folder was begun with.")
@click.option("--no-grade", is_flag=True, help="Do not grade, also where an item knows its answer.")
@click.option("--retry-errors", is_flag=True, help="Try again what the engine did not survive.")
@click.option("--strict", is_flag=True, help="Stop at a bad line, before anything is decoded.")
@click.option("--dry-run", is_flag=True, help="Check everything, say what would be done, and do nothing.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--export", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the results as one flat table: .jsonl, .csv or .parquet. Without INPUT, only that.")
@click.option("--openai", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the results in the output form of OpenAI's batches.")
def command(source: str | None, folder: Path | None, model: str | None, samples: int, generation: Generation,
            think_tags: tuple[str, str] | None, seed: int, append: str, raw: bool, limit: int | None,
            shard: str | None, slots: str, longest: int | None, layout: str, cache: str | None, threads: int | None,
            offload: Offload, force: bool, deterministic: bool, ray: str | None, workers: int | None, extend: bool,
            no_grade: bool, retry_errors: bool, strict: bool, dry_run: bool, quiet: bool, export: Path | None,
            openai: Path | None) -> None:
    """Answer every item of INPUT, offline, and keep each answer the moment it is there.

    INPUT is JSON lines with `prompt`, `messages`, `question` or `problem` (and an `id`), OpenAI's batch
    form, a .csv or .parquet table, hf://owner/name/file on the Hugging Face Hub, or - for standard input.
    """
    from localthink.batch.settings import Settings
    from localthink.batch.shard import read_shard
    from localthink.batch.spec import Spec
    from localthink.shelf.local_models import find_model

    if source is None:
        if dry_run:
            raise UsageError("there is no INPUT to rehearse with: give one, or leave --dry-run out")
        _export_only(folder, export, openai)
        return
    if folder is None and not dry_run:
        raise UsageError("there is no folder for the results: give one with -o")
    if deterministic and layout == "unified":
        raise UsageError("--deterministic takes a split cache: leave --cache-layout out")
    _check_targets(folder or Path(), source, export, openai)
    with _rehearsal_folder() if dry_run or folder is None else nullcontext(folder) as place:
        spec = Spec(
            source, place, find_model(model),
            Settings(generation, samples, seed, raw), append, limit, read_shard(shard) if shard else None, cache,
            longest, _slots(slots), LAYOUTS[layout], deterministic,
            threads, offload, force, strict, extend, retry_errors, think_tags, not no_grade)
        if dry_run:
            _rehearse(spec, folder, quiet)
            return
        complete = _run(spec, quiet, ray, workers)
    if complete:
        _export(spec.folder, export, openai, quiet)


def _slots(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_SLOTS:
        raise UsageError(f"slots is {text!r}: give a number from 1 to {MOST_SLOTS}, or auto")
    return int(text)


@contextmanager
def _rehearsal_folder() -> Iterator[Path]:
    """A folder of its own, of which only the list of bad lines stays, where there are any: messages name it."""
    from localthink.batch.ledger import ERRORS

    folder = Path(tempfile.mkdtemp(prefix="localthink-"))
    try:
        yield folder
    finally:
        with suppress(OSError):
            for path in folder.iterdir():
                if path.name != ERRORS or not path.stat().st_size:
                    path.unlink()
            folder.rmdir()


def _rehearse(spec: Spec, folder: Path | None, quiet: bool) -> None:
    """All but the work. Nothing is written into `folder`, which may hold the run already."""
    from localthink.batch.ledger import ERRORS
    from localthink.batch.manifest import read_manifest
    from localthink.batch.run import Run
    from localthink.batch.status import read_figures
    from localthink.cli.watching import watching

    with watching([], quiet) as watcher, Run(spec, watcher) as run:
        preflight = run.preflight()
        told = f" ({spec.folder / ERRORS})" if preflight.bad else ""
        click.echo(f"{preflight.items:,} items, {preflight.samples:,} samples, {preflight.bad:,} bad lines{told}, "
                   f"{preflight.graded:,} items with an answer to grade by\n{run.fit(preflight).why}")
        if folder is not None and (old := read_manifest(folder)) is not None:
            run.check_continues(old, folder)
            click.echo(f"{read_figures(folder).samples_done:,} samples are in {folder} already")


def _run(spec: Spec, quiet: bool, ray: str | None, workers: int | None) -> bool:
    """The run itself; True if it got to its end. Exits where it was stopped."""
    from localthink.batch.run import Run
    from localthink.cli.watching import summary, watching

    received: list[int] = []
    figures = None
    # interrupts are caught last: until then nothing is at stake, and Ctrl+C simply ends it
    with (watching(received, quiet) as watcher, Run(spec, watcher, _workers(ray, workers)) as run,
          interrupts(received, terminate=True), suppress(KeyboardInterrupt)):
        figures = _execute(run, watcher)
    if figures is not None and not quiet:
        click.echo(summary(figures, str(spec.folder)))
    if figures is None or figures.state == "stopped":
        kept = f" ({len(run.unfinished):,} unfinished samples are kept)" if run.unfinished else ""
        click.echo(f"stopped: the same command goes on from here{kept}", err=True)
        sys.exit(exit_code(received))
    return figures.state == "complete"


def _execute(run: Run, watcher: Quiet) -> Figures:
    from localthink.batch.status import read_figures

    preflight = run.preflight()
    if run.ledger.done:
        if run.known >= preflight.samples:
            watcher.note(f"{run.spec.folder} has all {run.known:,} samples: nothing is left to do")
            return read_figures(run.spec.folder)
        watcher.note(f"{run.spec.folder} has {run.known:,} samples: going on")
    fit = run.fit(preflight)
    watcher.note(fit.why)
    run.record(preflight, fit)
    return run.execute(preflight, fit)


def _workers(ray: str | None, workers: int | None) -> Workers | None:
    if ray is None:
        if workers is not None:
            raise UsageError("--workers goes with --ray")
        return None
    from localthink.batch.ray_workers import RayWorkers

    return RayWorkers(ray, workers)


def _check_targets(folder: Path, source: str | None, table: Path | None, openai: Path | None) -> None:
    """What cannot be written is better said before the night than after it."""
    from localthink.batch.export import check_form
    from localthink.batch.export_files import check_place

    if table is not None:
        check_form(table)
    for target in (table, openai):
        if target is not None:
            check_place(target, folder, Path(source) if source is not None else None)


def _export_only(folder: Path | None, export: Path | None, openai: Path | None) -> None:
    from localthink.batch.manifest import read_manifest

    if export is None and openai is None:
        raise UsageError("there is no INPUT: give a file, hf://owner/name/file, or - for standard input")
    if folder is None or read_manifest(folder) is None:
        raise UsageError(f"{folder or 'nothing'} holds no run to export: give its folder with -o")
    _check_targets(folder, None, export, openai)
    _export(folder, export, openai, quiet=False)


def _export(folder: Path, export: Path | None, openai: Path | None, quiet: bool) -> None:
    from localthink.batch import export as tables
    from localthink.batch.ledger import ERRORS, RESULTS
    from localthink.batch.openai_results import export_openai

    written = []
    if export is not None:
        written.append((tables.export(folder / RESULTS, export), "rows", export))
    if openai is not None:
        written.append((export_openai(folder / RESULTS, folder / ERRORS, openai, int(time.time())), "lines",
                        openai))
    for count, what, path in written:
        if not quiet:
            click.echo(f"{count:,} {what} in {path}")
