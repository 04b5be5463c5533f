"""Checks that go wrong are findings, and nobody else's concern."""
from __future__ import annotations

from collections.abc import Iterator

from localthink.doctor.findings import Finding, Section, count, look
from localthink.errors import EngineError


def test_a_check_that_raises_is_a_finding_after_those_it_had_made():
    def check() -> Iterator[Finding]:
        yield Finding("first", "well")
        raise RuntimeError("the disk\x1b[31m is gone")

    first, second = look("second", check)
    assert first == Finding("first", "well")
    assert (second.name, second.level) == ("second", "warning")
    assert "RuntimeError: the disk" in second.value and second.advice


def test_an_error_that_says_what_to_do_is_trouble_with_that_advice():
    def check() -> list[Finding]:
        raise EngineError("llama.cpp is away: bring it back")

    assert look("engine", check) == [Finding("engine", "does not work", "trouble", "llama.cpp is away: bring it back")]


def test_every_level_is_counted_even_where_there_is_none():
    sections = [Section("a", (Finding("x", ""), Finding("y", "", "warning"))), Section("b", (Finding("z", ""),))]
    assert count(sections) == {"ok": 2, "note": 0, "warning": 1, "trouble": 0}
