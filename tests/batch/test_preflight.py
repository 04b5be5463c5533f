"""Checking the input: every item is measured, and a prompt that brings the engine down is a bad line and no end."""
from __future__ import annotations

import pytest

from batch.running import dies_loading, measured
from localthink.batch.items import BadLine, Item, read_item
from localthink.batch.preflight import Checker, tokens_needed
from localthink.batch.settings import Settings
from localthink.engine.host import EngineHost
from localthink.engine.messages import Loading
from localthink.errors import EngineError


def items(*prompts: str) -> list[Item | BadLine]:
    return [read_item({"prompt": prompt}, line, Settings()) for line, prompt in enumerate(prompts, 1)]


def checked(rows: list[Item | BadLine]) -> dict[int, int | str]:
    """By line: how long the prompt is, or what is wrong with it."""
    found: dict[int, int | str] = {}
    with Checker(Loading("played"), lambda: False, EngineHost(measured)) as checker:
        for row in checker.check(rows):
            if isinstance(row, BadLine):
                found[row.line] = row.reason
            else:
                found[row[0].line] = row[1]
    return found


def test_every_item_is_measured_once_and_bad_lines_pass_through():
    rows = items(*(f"{'word ' * n}." for n in range(200)))
    rows[7] = BadLine(8, "was bad before")
    found = checked(rows)
    assert sorted(found) == list(range(1, 201))
    assert found[8] == "was bad before" and found[3] == 3


def test_a_prompt_that_ends_the_engine_is_a_bad_line_and_all_others_are_measured():
    found = checked(items("one", "two words", "POISON", "and three words", "POISON again", "last"))
    assert {line: tokens for line, tokens in found.items() if isinstance(tokens, int)} == {1: 1, 2: 2, 4: 3, 6: 1}
    assert "ended the engine" in str(found[3]) and "ended the engine" in str(found[5])


def test_an_engine_that_never_loads_is_an_error():
    with pytest.raises(EngineError), Checker(Loading("played"), lambda: False, EngineHost(dies_loading)):
        pass


def test_a_stop_ends_the_checking():
    with (pytest.raises(KeyboardInterrupt),
          Checker(Loading("played"), iter([False] * 3 + [True] * 99).__next__, EngineHost(measured)) as checker):
        list(checker.check(items(*["x"] * 500)))


@pytest.mark.parametrize(("prompt", "limit", "trained", "needed"), [
    (100, 50, None, 150), (100, 5000, 1024, 1024), (100, None, 131_072, 16_384), (10_000, None, 131_072, 20_000),
    (100, None, 1024, 1024), (100, None, None, 16_384),
])
def test_a_sample_needs_its_prompt_and_what_it_may_write(prompt, limit, trained, needed):
    assert tokens_needed(prompt, limit, trained) == needed
