"""Figures in words."""
from __future__ import annotations

import pytest

from localthink.tui.wording import counted, lasted


@pytest.mark.parametrize(("seconds", "said"), [
    (0, "<1 s"), (0.9, "<1 s"), (1, "1 s"), (59.99, "59 s"), (60, "1 min 00 s"), (125, "2 min 05 s"),
    (3599.9, "59 min 59 s"), (3600, "1 h 00 min"), (40_000, "11 h 06 min"),
])
def test_a_time_is_said_as_coarsely_as_it_is_long(seconds, said):
    assert lasted(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 tokens"), (1, "1 token"), (2, "2 tokens"), (1204, "1,204 tokens")])
def test_a_number_of_things_has_its_plural(number, said):
    assert counted(number, "token") == said
