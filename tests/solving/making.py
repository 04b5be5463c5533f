"""Attempts for tests, written by hand or drawn by hypothesis."""
from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from localthink.solving.attempts import Attempt, Said


def said(answer: str) -> Said:
    return Said(answer, answer, "number")


def attempt(number: int = 0, answer: str | None = "1", tokens: int = 100, **more: Any) -> Attempt:
    return Attempt(number, tokens, said(answer) if answer is not None else None, **more)


def attempts(*answers: str | None) -> list[Attempt]:
    """One for each answer, None for none, each a token longer than the one before."""
    return [attempt(number, answer, 100 + number) for number, answer in enumerate(answers)]


@st.composite
def pools(draw: st.DrawFn, least: int = 1, most: int = 12) -> list[Attempt]:
    """Attempts with few different answers and lengths, so that ties are common; each with a confidence and a rating."""
    rows = draw(st.lists(st.tuples(st.sampled_from(["1", "2", "3", None]), st.integers(1, 9), st.integers(0, 4),
                                   st.sampled_from([None, 0.0, 0.2, 0.5, 0.9, 1.0])), min_size=least, max_size=most))
    return [attempt(number, answer, tokens, confidence=confidence / 2, judged=(rating,))
            for number, (answer, tokens, confidence, rating) in enumerate(rows)]
