"""Golds of real problems, each against itself and against wrong answers; the files lie beside the repository."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from localthink.batch.items import Item
from localthink.batch.settings import Settings
from localthink.batch.sources import find_source, read_items
from localthink.grade.exact import Gold
from localthink.grade.grading import Grader, known_answer
from localthink.grade.numbers import Number

FILES = {
    "gsm8k_test": 1319, "math500_test": 500, "aime22": 30, "aime23": 30, "aime24_test": 30, "aime25_I": 15,
    "aime25_II": 15, "aime26": 30, "amc23_test": 40, "hmmt25_feb": 30, "sat_math_test": 32,
}


@pytest.fixture(scope="module")
def golds(shared: Path) -> Callable[[str], list[Gold]]:
    """The golds of a file, read as a run reads it: every line is an item that knows its answer."""

    def read(name: str) -> list[Gold]:
        source = find_source(str(shared / "data" / "problems" / f"{name}.jsonl"), Path())
        items = list(read_items(source, Settings()))
        known = [known_answer(item.carried) for item in items if isinstance(item, Item)]
        assert len(items) == len(known) == FILES[name]
        return [gold for gold in known if isinstance(gold, Gold)]

    return read


def written(gold: Gold) -> str:
    """A gold as a text; one that was a number in JSON has none of its own."""
    return gold.text or str(gold.number.value if gold.number else "")


def others(gold: Gold, golds: list[Gold]) -> Iterator[str]:
    """Wrong answers: another item's gold that differs, and its own with a number changed, or a letter."""
    yield next(written(other) for other in golds if differ(gold, other))
    if gold.kind == "choice":
        yield "ABCDEFGHIJ"["BCDEFGHIJA".index(gold.text)]
    elif gold.number:
        yield str(gold.number.value + 1)
        yield str(-gold.number.value or Fraction(1, 2))
    elif re.search("[0-9]", gold.text):
        yield re.sub("[0-9]", lambda digit: str((int(digit[0]) + 1) % 10), gold.text, count=1)


def differ(gold: Gold, other: Gold) -> bool:
    if gold.number and other.number:
        return gold.number.value != other.number.value
    return gold.kind != other.kind or gold.text.replace(" ", "") != other.text.replace(" ", "")


@pytest.mark.parametrize("name", FILES)
def test_every_gold_is_right_against_itself_and_wrong_against_another(
        name: str, golds: Callable[[str], list[Gold]], grader: Grader) -> None:
    known = golds(name)
    for gold in known:
        text = written(gold)
        for answer in (rf"\boxed{{{text}}}", f"So the answer is {text}.", f"It is\n\n{text}"):
            verdict = grader.grade(gold, answer)
            assert verdict.correct and not verdict.failure, (gold, answer)
        for wrong in others(gold, known):
            verdict = grader.grade(gold, rf"\boxed{{{wrong}}}")
            assert not verdict.correct and not verdict.failure, (gold, wrong)


@pytest.mark.parametrize("name", ["math500_test", "hmmt25_feb"])
def test_math_verify_itself_knows_every_gold_of_mathematics(
        name: str, golds: Callable[[str], list[Gold]], grader: Grader) -> None:
    for gold in golds(name):
        if gold.kind == "mathematics":
            assert grader._mathematician.equal(gold.text, gold.text), gold


def test_a_number_in_json_and_in_text_are_one_gold(golds: Callable[[str], list[Gold]]) -> None:
    assert golds("amc23_test")[0].number == Number(Fraction(27))
    assert golds("gsm8k_test")[0].number == Number(Fraction(18))
