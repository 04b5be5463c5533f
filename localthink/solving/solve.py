"""Many attempts, one answer: `localthink.solve` for a question, and `solve_file` for those of a file."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from localthink.batch.items import Item
from localthink.batch.settings import Settings
from localthink.engine.engine import Engine
from localthink.engine.loading import load
from localthink.errors import LocalthinkError, UsageError, advised
from localthink.grade.grading import Grader
from localthink.records import Generation, Message
from localthink.solving.catalogue import read_strategy
from localthink.solving.folder import SolveFolder
from localthink.solving.live import Live, nothing
from localthink.solving.question import Question
from localthink.solving.questions import choose_verifier, item_of
from localthink.solving.solution import Solution
from localthink.solving.strategy import Strategy
from localthink.solving.verifier import opened

MOST_AT_ONCE = 16  # attempts in one batch; more wait their turn


def solve(question: str | Sequence[Message], strategy: str = "consensus", *, n: int | None = None,
          model: str | Path | None = None, engine: Engine | None = None, generation: Generation | None = None,
          seed: int = 0, raw: bool = False, verifier: str | None = None, sure: float | None = None) -> Solution:
    """Attempt a question up to `n` times (8 where nobody says), and settle on one answer.

    `strategy` is written as on the command line: `consensus`, `short-3@8`, `best:take=votes`. An `engine` that is there
    is used, else `model` is opened, the bundled one by default. `verifier`, for `best` and `steps`, is `exact`, `self`,
    `file.py:name` or a model; left out, it is exact for a puzzle, and the model itself for all else. Attempt i is the
    same under every strategy, for the same `seed`.

    Raises UsageError for what cannot be, and whatever `load` raises.
    """
    chosen = read_strategy(strategy, n, sure)
    item = item_of(question, Settings(generation or Generation(), seed=seed, raw=raw))
    verifying = choose_verifier(chosen, verifier, [item])
    with ExitStack() as stack:
        if engine is None:
            engine = stack.enter_context(load(model, slots=min(chosen.n, MOST_AT_ONCE)))
        return solve_one(engine, item, chosen, verifying)


def solve_one(engine: Engine, item: Item, strategy: Strategy, verifier: str | None, prompts: Path | None = None,
              tell: Callable[[Question], None] = nothing, stopped: Callable[[], bool] = lambda: False) -> Solution:
    """The solution of one item; with what there is once `stopped` says so, which it notes."""
    with ExitStack() as stack:
        grader = stack.enter_context(Grader())
        judge = stack.enter_context(opened(verifier, engine, prompts)) if verifier is not None else None
        [solved] = Live(engine, strategy, judge, tell, stopped).solve([item])
        return solved.solution(grader, ("stopped before it was done",) if solved.interrupted else ())


def solve_file(engine: Engine, items: Sequence[Item], strategy: Strategy, folder: SolveFolder, verifier: str | None,
               prompts: Path | None = None, tell: Callable[[Question], None] = nothing,
               stopped: Callable[[], bool] = lambda: False) -> None:
    """Put the solution of each item into the folder as soon as it is there, until all are or `stopped` says so.

    Raises UsageError, before anything is written, where a question does not fit into the model's context.
    """
    for item in items:
        try:
            asked = item.messages[0].content if item.settings.raw else item.messages
            engine.check(engine.request(asked, item.settings.generation, raw=item.settings.raw))
        except LocalthinkError as error:
            raise UsageError(f"line {item.line}: {advised(str(error), error.advice)}") from None
    with ExitStack() as stack:
        grader = stack.enter_context(Grader())
        judge = stack.enter_context(opened(verifier, engine, prompts)) if verifier is not None else None
        solving = stack.enter_context(closing(Live(engine, strategy, judge, tell, stopped).solve(items)))
        for solved in solving:
            if not solved.interrupted:
                folder.add(solved.item, solved.solution(grader))
                tell(solved)
