"""Who verifies: the known answer, a Python function, or a model; and whether it can be asked while others write."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from localthink.judge.prompts import Prompts, read_prompts

EXACT, SELF = "exact", "self"
JUDGE_SLOTS = 8  # cases that another model judges side by side


@dataclass(frozen=True, slots=True)
class Verifier:
    """A judge; `at_once` says that it is asked about each attempt as it ends, others when no attempt runs any more."""

    judge: Judge
    at_once: bool


@contextmanager
def opened(written: str, engine: Engine, prompts: Path | None = None) -> Iterator[Verifier]:
    """The verifier that is written as `exact`, `self`, `file.py:name`, or the name or path of a model.

    `engine` is the one that writes; it judges as well where that is asked for, and needs no more memory for it.
    `prompts` is a file with the questions that a model is asked. Raises UsageError, or what `load` raises for a model.
    """
    if prompts is not None and (written == EXACT or is_function(written)):
        raise UsageError(f"prompts are what a model is asked, and the verifier is {written}: leave one of the two out")
    asked: Prompts | None = read_prompts(prompts) if prompts is not None else None
    if written == EXACT:
        with Grader() as grader:
            yield Verifier(Oracle(grader), at_once=True)
    elif is_function(written):
        with FunctionJudge(written) as function:
            yield Verifier(function, at_once=True)
    elif written == SELF:
        yield Verifier(ModelJudge(engine, asked), at_once=False)
    else:
        with load(written, slots=JUDGE_SLOTS) as other:
            yield Verifier(ModelJudge(other, asked), at_once=False)


def is_function(written: str) -> bool:
    return ".py:" in written or written.endswith(".py")
