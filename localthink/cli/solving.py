"""What a person sees of solving: attempts and votes as they come, then the answer and how it was found."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localthink.solving.question import Question
from localthink.solving.solution import Solution
from localthink.solving.votes import Group
from localthink.text.page import DIM, HELD_STYLE
from localthink.text.rows import aligned, one_line
from localthink.text.sizes import clocked, counted
from localthink.text.terminal import Terminal, redraws
from localthink.text.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

Tell = Callable[[Question], None]
DRAWN_EVERY = 0.1  # seconds
LINE_SECONDS = 30.0  # between two lines where nothing can be drawn anew
BAR, SHOWN = 16, 60  # characters of a full bar, and of an answer
ENDINGS = {"length": "cut off", "loop": "went round in a circle", "confidence": "not confident enough"}


def say_choice(choice: str) -> None:
    Terminal(sys.stderr).write(f"{choice}\n", DIM)


@contextmanager
def watching(quiet: bool) -> Iterator[Tell]:
    """One question: its attempts and votes, drawn anew on a terminal that can; elsewhere nothing until the end."""
    if quiet or not redraws(sys.stderr):
        yield lambda question: None
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        drawn = [0.0]

        def tell(question: Question) -> None:
            now = time.monotonic()
            if now - drawn[0] >= DRAWN_EVERY:
                drawn[0] = now
                live.update(_drawn(question), refresh=True)

        yield tell


def _drawn(question: Question) -> Text:
    from rich.text import Text

    text = Text(f"{progress(question)}\n", style="dim", no_wrap=True, overflow="ellipsis")
    for line in vote_lines(question.choice().groups):
        text.append(f"{line}\n", style="not dim")
    return text


def progress(question: Question) -> str:
    """How far a question is: 5 of up to 16 attempts, 3 writing, 612 tokens."""
    ended, running = len(question.ended), len(question.running)
    stopped = len(question.under) - ended - running
    parts = [f"{ended} of up to {counted(question.strategy.n, 'attempt')}", f"{running} writing"]
    parts += [f"{stopped} cancelled"] if stopped else []
    return " · ".join([*parts, counted(sum(under.written for under in question.under), "token")])


def vote_lines(groups: Sequence[Group]) -> list[str]:
    """A line for each answer: a bar as long as its weight, its votes, and the answer."""
    heaviest = max((group.weight for group in groups), default=0.0)
    rows = []
    for group in groups:
        bar = "█" * max(1, round(BAR * group.weight / heaviest)) if heaviest > 0 else ""
        rows.append((bar.ljust(BAR), counted(group.votes, "vote"), _shown(group.said.text)))
    return aligned(rows, right=[1]) if rows else []


def _shown(answer: str) -> str:
    line = one_line(answer)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def say_solution(solution: Solution, seed: int) -> None:
    """The answer on standard output; how it was found, and what it took, on standard error."""
    out, err = Terminal(sys.stdout), Terminal(sys.stderr)
    if solution.winner is not None:
        out.write(f"{solution.text.strip()}\n")
    else:
        err.write("no attempt came to an answer\n", HELD_STYLE)
    rows = [(counted(each.votes, "vote"), _shown(each.answer), _numbers(each.attempts)) for each in solution.answers]
    if rows:
        err.write("\n".join(aligned(rows, right=[0])) + "\n")
    for ending, told in ENDINGS.items():
        if count := sum(attempt.state == ending for attempt in solution.attempts):
            err.write(f"  {counted(count, 'attempt')} {told}\n", DIM)
    if solution.sure is not None:
        err.write(f"  {sure_of(solution)}\n")
    if solution.correct is not None and solution.winner is not None:
        err.write(f"  the right answer is known: this is {'it' if solution.correct else 'not it'}\n")
    for note in solution.notes:
        err.write(f"  {note}\n", HELD_STYLE)
    parts = [f"{solution.strategy}: {counted(len(solution.attempts), 'attempt')} of up to {solution.n}"]
    parts += [f"{solution.cancelled} cancelled"] if solution.cancelled else []
    parts += [counted(solution.tokens, "token"), f"{solution.seconds:.1f} s", f"seed {seed}"]
    err.write(f"  {' · '.join(parts)}\n", DIM)


def _numbers(attempts: Sequence[int]) -> str:
    return f"attempt{'s' * (len(attempts) > 1)} {', '.join(str(number + 1) for number in attempts)}"


def sure_of(solution: Solution) -> str:
    """How sure the answer is, in words. Nothing is certain that was counted."""
    assert solution.sure is not None
    percent = f"{100 * solution.sure:.1f}" if solution.sure in (0, 1) else f"{min(99.9, 100 * solution.sure):.1f}"
    return f"{percent} % {solution.meaning}"


@contextmanager
def watching_file(questions: int, before: int, quiet: bool) -> Iterator[Tell]:
    """The questions of a file: one line that is drawn anew, or one every half minute."""
    err, start = Terminal(sys.stderr), time.monotonic()
    solved, told = [before], [start]
    done: set[int] = set()

    def tell(question: Question) -> None:
        if question.done and not question.interrupted:
            done.add(question.item.line)
        solved[0] = before + len(done)
        now = time.monotonic()
        line = f"{solved[0]:,} of {questions:,} questions · {clocked(now - start)}"
        if redraws(sys.stderr) and now - told[0] >= DRAWN_EVERY:
            told[0] = now
            err.replace_line(line)
        elif not redraws(sys.stderr) and now - told[0] >= LINE_SECONDS:
            told[0] = now
            err.write(f"{line}\n")

    yield (lambda question: None) if quiet else tell
    err.replace_line("")


def say_summary(solutions: Sequence[Mapping[str, Any]], questions: int, folder: Path) -> None:
    """What came of a file's questions, as a small table."""
    tokens = sum(solution["tokens"] for solution in solutions)
    rows = [("questions", f"{len(solutions):,} of {questions:,}"), ("tokens", f"{tokens:,}")]
    graded = [solution["correct"] for solution in solutions if solution.get("correct") is not None]
    if graded:
        rows.append(("correct", f"{sum(graded):,} of {len(graded):,} ({sum(graded) / len(graded):.1%})"))
    if silent := sum(solution["winner"] is None for solution in solutions):
        rows.append(("no answer", f"{silent:,}"))
    rows.append(("folder", visible(str(folder))))
    width = max(len(name) for name, _ in rows)
    click.echo("\n".join(f"{name:<{width}}  {value}" for name, value in rows))
