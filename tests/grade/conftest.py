"""One grader for all the tests of this folder: its process loads Math-Verify once."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from localthink.grade.exact import read_gold
from localthink.grade.grading import Grader


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    with Grader() as shared:
        yield shared


@pytest.fixture(scope="session")
def right(grader: Grader) -> Callable[[str, str | int | float], bool]:
    """Whether an answer is graded as right, and graded at all: `right(answer, gold)`."""

    def graded(answer: str, gold: str | int | float) -> bool:
        verdict = grader.grade(read_gold(gold), answer)
        assert not verdict.failure, verdict
        return verdict.correct

    return graded
