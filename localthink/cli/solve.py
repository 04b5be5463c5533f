"""`localthink solve`: many attempts at a question, and one answer."""
from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localthink.cli.options import engine_options, guarded_options, model_option
from localthink.errors import UsageError
from localthink.fit.batch import MOST_SLOTS
from localthink.interrupts import INTERRUPTED, exit_code, interrupts
from localthink.records import Generation

if TYPE_CHECKING:
    from localthink.batch.settings import Settings
    from localthink.engine.engine import Engine
    from localthink.solving.strategy import Strategy

FILES = (".jsonl", ".csv", ".tsv", ".parquet")
Open = Callable[[Callable[[str], None] | None], "Engine"]  # of the model; what it chose is told


@click.command("solve")
@click.argument("question", required=False, metavar="[QUESTION | FILE]")
@click.option("-s", "--strategy", "written", default="consensus", show_default=True, metavar="NAME[:key=value,…]",
              help="single, consensus, confident, shortest, short-M, best or steps; see docs/solve.md.")
@click.option("-n", "--n", "n", type=int, help="Attempts at most.  [default: 8]")
@click.option("--sure", type=float, metavar="P",
              help="Stop once the leading answer is safe with this probability.  [default: 0.95]")
@click.option("--verifier", metavar="exact|self|MODEL|FILE.py:NAME",
              help="Who verifies, for best and steps.  [default: arithmetic for puzzles, else the model itself]")
@click.option("--prompts", type=click.Path(path_type=Path), metavar="FILE",
              help="What a model is asked that verifies, in place of the prompts that come along.")
@click.option("-o", "--out", "folder", type=click.Path(path_type=Path), metavar="SOLVE_DIR",
              help="Of a FILE: where its solutions go; the same command goes on where it stopped.")
@model_option
@guarded_options
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Attempt i is the same under every strategy, and the same as sample i of run.")
@click.option("--append", default="", metavar="TEXT", help="Instructions that follow every question.")
@click.option("--limit", type=click.IntRange(min=1), help="Of a FILE: only the first so many questions.")
@click.option("--slots", type=click.IntRange(min=1, max=MOST_SLOTS),
              help="Attempts side by side.  [default: n, 16 at most; 16 for a FILE]")
@click.option("--context", type=int, help="Tokens that the KV cache holds, all attempts together.")
@engine_options
@click.option("--raw", is_flag=True, help="Send the text as it is, without the model's template.")
@click.option("--json", "as_json", is_flag=True, help="Print the solution as one JSON object.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
def command(question: str | None, written: str, n: int | None, sure: float | None, verifier: str | None,
            prompts: Path | None, folder: Path | None, model: str | None, generation: Generation,
            think_tags: tuple[str, str] | None, seed: int, append: str, limit: int | None, slots: int | None,
            context: int | None, raw: bool, as_json: bool, quiet: bool, **engine: Any) -> None:
    """Attempt a QUESTION (- reads standard input) many times, and settle on one answer; or each question of a FILE.

    The answer goes to standard output, the votes and what it took to standard error. A FILE is one that `localthink
    run` reads; its solutions go to a folder, one a line.
    """
    from localthink.batch.settings import Settings
    from localthink.solving.catalogue import read_strategy
    from localthink.solving.solve import MOST_AT_ONCE

    strategy, settings = read_strategy(written, n, sure), Settings(generation, seed=seed, raw=raw)
    many = question is not None and (Path(question).suffix.lower() in FILES or _is_file(question))

    def opening(on_choice: Callable[[str], None] | None) -> Engine:
        from localthink.engine.loading import load

        beside = MOST_AT_ONCE if many else min(strategy.n, MOST_AT_ONCE)
        return load(model, slots=slots or beside, context=context, think_tags=think_tags, on_choice=on_choice, **engine)

    asked = Asked(strategy, settings, verifier, prompts, append, quiet or as_json, opening)
    if not many:
        _refuse(folder is not None, "-o", "a file of questions: give its path, or leave it out")
        _refuse(limit is not None, "--limit", "a file of questions: give its path, or leave it out")
        _solve_one(question, asked, as_json)
    elif question is not None:
        _refuse(as_json, "--json", "one question: the solutions of a file are JSON already, in the folder of -o")
        if folder is None:
            raise UsageError("there is no folder for the solutions: give one with -o")
        _solve_file(question, asked, folder, model, limit)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, whatever the question is; `open` opens the engine."""

    strategy: Strategy
    settings: Settings
    verifier: str | None
    prompts: Path | None
    append: str
    quiet: bool
    open: Open


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a question that no file system could have as a name
        return False


def _refuse(given: bool, option: str, goes_with: str) -> None:
    if given:
        raise UsageError(f"{option} goes with {goes_with}")


def _solve_one(question: str | None, asked: Asked, as_json: bool) -> None:
    from localthink.cli.solving import say_choice, say_solution, watching
    from localthink.solving.questions import choose_verifier, item_of
    from localthink.solving.solve import solve_one
    from localthink.solving.verifier import opened
    from localthink.text.terminal import json_line, read_text

    text = read_text(question, "question")
    item = item_of(text if asked.settings.raw else text.strip(), asked.settings, asked.append)
    verifier = choose_verifier(asked.strategy, asked.verifier, [item])
    with (opened(verifier, asked.prompts) as verifying, asked.open(None if asked.quiet else say_choice) as engine,
          watching(asked.quiet) as tell, interrupts() as received):
        solution = solve_one(engine, item, asked.strategy, verifying, tell, lambda: bool(received))
    if as_json:
        click.echo(json_line(solution.as_object()))
    else:
        say_solution(solution, asked.settings.seed)
    if received:
        sys.exit(INTERRUPTED)


def _solve_file(source: str, asked: Asked, folder: Path, model: str | None, limit: int | None) -> None:
    from localthink.cli.solving import say_choice, say_summary, watching_file
    from localthink.shelf.local_models import find_model
    from localthink.solving.folder import SolveFolder
    from localthink.solving.questions import choose_verifier, decisive, read_questions
    from localthink.solving.solve import solve_file
    from localthink.solving.verifier import opened

    items = read_questions(source, asked.settings, asked.append, limit)
    verifier = choose_verifier(asked.strategy, asked.verifier, items)
    received: list[int] = []
    with (opened(verifier, asked.prompts) as verifying,
          SolveFolder(folder, find_model(model),
                      decisive(asked.strategy, asked.settings, verifier, asked.prompts)) as kept):
        left = [item for item in items if item not in kept]
        if left:
            with (asked.open(None if asked.quiet else say_choice) as engine, interrupts(received, terminate=True),
                  watching_file(len(items), len(items) - len(left), asked.quiet) as tell):
                solve_file(engine, left, asked.strategy, kept, verifying, tell, lambda: bool(received))
        if not asked.quiet:
            say_summary(kept.read(items), len(items), kept.path)
    if received:
        click.echo("stopped: the same command goes on from here", err=True)
        sys.exit(exit_code(received))
