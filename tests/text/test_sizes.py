"""Large numbers are short, bytes are binary, and times as coarse as they are long."""
from __future__ import annotations

import pytest

from localthink.errors import UsageError
from localthink.text.sizes import clocked, counted, lasted, parse_size, rounded, sized


@pytest.mark.parametrize(("number", "said"), [
    (68_288, "68,288"), (1_777_088_000, "1.78 billion"), (3_134_720, "3.13 million"), (671_000_000_000, "671 billion"),
    (7_000_000_000_000, "7,000 billion")])
def test_parameters_are_rounded_as_people_do(number: int, said: str) -> None:
    assert rounded(number) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 tokens"), (1, "1 token"), (2, "2 tokens"), (1204, "1,204 tokens")])
def test_a_number_of_things_has_its_plural(number: int, said: str) -> None:
    assert counted(number, "token") == said
    assert counted(number, "switch", "switches") == said.replace("token", "switch").replace("switchs", "switches")


@pytest.mark.parametrize(("number", "said"), [
    (0, "0 B"), (999, "999 B"), (28_672, "28 KiB"), (2**20, "1 MiB"), (1_117_320_512, "1.04 GiB")])
def test_sizes_are_in_binary_units(number: int, said: str) -> None:
    assert sized(number) == said


@pytest.mark.parametrize(("text", "size"), [
    ("8GiB", 8 * 2**30), ("8G", 8 * 2**30), ("16GB", 16 * 10**9), ("512 MiB", 2**29), ("1.5g", 3 * 2**29),
    ("2tb", 2 * 10**12), (" 64k ", 2**16),
    ("1 KiB", 2**10), ("1024 TiB", 2**50)])
def test_a_size_has_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["8", "", "GiB", "-8GiB", "8 GiBs", "8,5GiB", "eight"])
def test_any_other_size_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=f"memory is {text!r}: give a size with its unit"):
        parse_size(text)


@pytest.mark.parametrize("text", ["0G", "0.9k", "1025 TiB", "9" * 400 + "G"])
def test_a_size_that_no_machine_has_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(UsageError, match="give a size from 1 KiB to 1024 TiB") as caught:
        parse_size(text)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(("seconds", "said"), [
    (0, "<1 s"), (0.9, "<1 s"), (1, "1 s"), (59.99, "59 s"), (60, "1 min 00 s"), (125, "2 min 05 s"),
    (3599.9, "59 min 59 s"), (3600, "1 h 00 min"), (40_000, "11 h 06 min"),
])
def test_a_time_is_said_as_coarsely_as_it_is_long(seconds: float, said: str) -> None:
    assert lasted(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (59.6, "1:00"), (125, "2:05"), (40_000, "11:06:40")])
def test_a_time_that_counts_is_shown_as_a_clock_does(seconds: float, said: str) -> None:
    assert clocked(seconds) == said
