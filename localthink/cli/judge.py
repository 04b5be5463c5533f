"""`localthink judge`: a model says which thoughts of a run are right, and how far it can be trusted."""
from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localthink.cli.options import engine_options
from localthink.interrupts import exit_code, interrupts
from localthink.offload import Offload
from localthink.text.terminal import Terminal
from localthink.text.visible import shown_name, visible

if TYPE_CHECKING:
    from localthink.judge.interface import Case, Kind
    from localthink.study.judgements import JudgeIdentity
    from localthink.study.judging import Wanted

SECONDS = 5.0  # between two lines about how far it is
KINDS = ("thought", "step", "answer")


@click.command("judge")
@click.argument("name", metavar="RUN_DIR|STUDY_DIR")
@click.option("-m", "--model", required=True, help="Path or name of the GGUF model that judges.")
@click.option("--kind", type=click.Choice(KINDS), default="thought", show_default=True,
              help="What is judged; a step is a paragraph of a thought, or a line where it has none.")
@click.option("--prompts", "prompts_file", type=click.Path(path_type=Path), metavar="FILE.toml",
              help="What the model is asked, in place of the prompts that come along.")
@click.option("--limit", type=click.IntRange(min=1),
              help="Only the first so many results of a run, by problem and sample number.")
@click.option("--context", "longest", type=click.IntRange(min=256),
              help="Most tokens of a prompt; of what is longer, the beginning is left out. With more than "
                   "before, what was cut is judged again.  [default: 8192]")
@engine_options
@click.option("--quiet", is_flag=True, help="Say nothing but what was found, and errors.")
def command(name: str, model: str, kind: Kind, prompts_file: Path | None, limit: int | None, longest: int | None,
            cache: str | None, threads: int | None, offload: Offload, force: bool, quiet: bool) -> None:
    """Have a model judge the thoughts of a run, or of all runs of a study, by the logits of yes and no.

    Every verdict is kept in judgements.jsonl beside the results the moment it is there; the same command goes on where
    it stopped. Where it is known which are right, as of Countdown, the confusion matrix is shown.
    """
    from localthink.judge.prompts import bundled_prompts, read_prompts
    from localthink.shelf.local_models import find_model
    from localthink.study.judged import cases_of_run
    from localthink.study.judging import LONGEST, Wanted, runs_of

    prompts = read_prompts(prompts_file) if prompts_file is not None else bundled_prompts()
    wanted = Wanted(find_model(model), prompts, kind, limit, longest or LONGEST, cache, threads, offload, force)
    identity = wanted.identity()
    runs = [(run, cases_of_run(run, kind, limit)) for run in runs_of(name)]
    received: list[int] = []
    with interrupts(received, terminate=True), suppress(KeyboardInterrupt):
        _judge(wanted, identity, runs, received, quiet)
    for run, cases in runs:
        _show(run, cases, identity, kind)
    if received:
        click.echo("stopped: the same command goes on from here", err=True)
        sys.exit(exit_code(received))


def _judge(wanted: Wanted, identity: JudgeIdentity, runs: Sequence[tuple[Path, Sequence[Case]]],
           received: Sequence[int], quiet: bool) -> None:
    """Ask what is missing of all runs; nothing is loaded where nothing is."""
    from localthink.judge.model_judge import ModelJudge
    from localthink.study.judgements import Judgements, said_by
    from localthink.study.judging import judge_missing, missing, opened

    room = wanted.room()
    cases_left = [case for run, cases in runs for case in missing(cases, said_by(run, identity), room)]
    if not cases_left:
        return
    progress = Progress(len(cases_left), quiet)
    with opened(wanted, cases_left, progress.note, lambda: bool(received)) as engine:
        judge = ModelJudge(engine, wanted.prompts)
        for run, cases in runs:
            with Judgements(run, identity) as kept:
                for count in judge_missing(judge, cases, kept, room, lambda: bool(received)):
                    progress.add(count)
            if received:
                return


class Progress:
    """Lines on standard error that say how far it is, every few seconds."""

    def __init__(self, wanted: int, quiet: bool) -> None:
        self._wanted, self._quiet = wanted, quiet
        self._done, self._told = 0, time.monotonic()

    def note(self, text: str) -> None:
        if not self._quiet:
            with suppress(OSError):  # nobody reads any more, and the judging goes on
                Terminal(sys.stderr).write(text + "\n")

    def add(self, count: int) -> None:
        self._done += count
        if (now := time.monotonic()) - self._told >= SECONDS:
            self._told = now
            self.note(f"judged {self._done:,} of {self._wanted:,}")


def _show(run: Path, cases: Sequence[Case], identity: JudgeIdentity, kind: Kind) -> None:
    from localthink.judge.page import matrix_lines, reliability_lines
    from localthink.study.judged import against_oracle
    from localthink.study.judgements import said_by

    said = said_by(run, identity)
    judged = [(case, said[case.key]) for case in cases if case.key in said]
    right = sum(bool(judgement.right) for _, judgement in judged)
    click.echo(f"{shown_name(run)}: {len(judged):,} of {len(cases):,} {kind}s judged by {identity}, {right:,} right")
    failures = [judgement.failure for _, judgement in judged if judgement.failure]
    if failures:
        click.echo(f"  {len(failures):,} could not be judged: {visible(failures[0])}")
    if cut := sum(bool(judgement.cut) for _, judgement in judged):
        click.echo(f"  of {cut:,} the judge saw only the end of what stood before: its prompts have to fit its context")
    if not judged:
        return
    calibration = against_oracle([case for case, _ in judged], [judgement for _, judgement in judged])
    if calibration is None:
        click.echo(f"  nobody knows which of these {kind}s are right, so nothing here says how far the judge can be "
                   "trusted:\n  let it judge a run of Countdown as well, and name that to localthink study report "
                   "with --calibrated-by")
        return
    click.echo("\n".join([*matrix_lines(calibration), *reliability_lines(calibration)]))
