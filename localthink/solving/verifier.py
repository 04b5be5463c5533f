"""Who verifies: the known answer, a Python function, or a model; and whether it can be asked while others write."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from localthink.engine.engine import Engine
from localthink.engine.loading import load
from localthink.errors import UsageError
from localthink.grade.grading import Grader
from localthink.judge.function import FunctionJudge
from localthink.judge.interface import Judge
from localthink.judge.model_judge import ModelJudge
from localthink.judge.oracle import Oracle
from localthink.judge.prompts import Prompts, bundled_prompts, read_prompts
from localthink.shelf.local_models import find_model

EXACT, SELF = "exact", "self"
JUDGE_SLOTS = 8  # cases that another model judges side by side


@dataclass(frozen=True, slots=True)
class Verifier:
    """A judge; `at_once` says that it is asked about each attempt as it ends, others when no attempt runs any more."""

    judge: Judge
    at_once: bool


Verifying = Callable[[Engine], Verifier | None]  # the verifier, once there is the engine that writes


@contextmanager
def opened(written: str | None, prompts: Path | None = None) -> Iterator[Verifying]:
    """The verifier that is written as `exact`, `self`, `file.py:name`, or the name or path of a model; None is none.

    Before any engine is there, this raises UsageError where there is no such file, function or model, and where the
    prompts cannot be. The engine that is given then is the one that writes: it judges as well where that is asked for,
    and needs no more memory for it. Another model is loaded only then; it raises what `load` raises. `prompts` is a
    file with the questions that a model is asked.
    """
    asked = prompts_of(written, prompts)
    with ExitStack() as stack:
        if written is None:
            yield lambda engine: None
        elif written == EXACT:
            exact = Verifier(Oracle(stack.enter_context(Grader())), at_once=True)
            yield lambda engine: exact
        elif is_function(written):
            function = Verifier(stack.enter_context(FunctionJudge(written)), at_once=True)
            yield lambda engine: function
        elif written == SELF:
            yield lambda engine: Verifier(ModelJudge(engine, asked), at_once=False)
        else:
            path = find_model(written)
            yield lambda engine: Verifier(
                ModelJudge(stack.enter_context(load(path, slots=JUDGE_SLOTS)), asked), at_once=False)


def prompts_of(written: str | None, prompts: Path | None) -> Prompts | None:
    """What a model is asked; None for a verifier that is no model. Raises UsageError for prompts that cannot be."""
    if written is None or written == EXACT or is_function(written):
        if prompts is not None and written is not None:
            raise UsageError(f"prompts are what a model is asked that verifies, and the verifier is {written}: leave "
                             "one of the two out")
        if prompts is not None:
            raise UsageError("prompts are what a model is asked that verifies, and this strategy takes no verifier: "
                             "leave them out, or take best or steps")
        return None
    return read_prompts(prompts) if prompts is not None else bundled_prompts()


def is_function(written: str) -> bool:
    return ".py:" in written or written.endswith(".py")
