"""Sizes are read as people write them, and a number without a unit is not guessed at."""
from __future__ import annotations

import pytest

from localthink.cli.memory_size import parse_size
from localthink.errors import UsageError


@pytest.mark.parametrize(("text", "size"), [
    ("8GiB", 8 * 2**30), ("8G", 8 * 2**30), ("16GB", 16 * 10**9), ("512 MiB", 2**29), ("1.5g", 3 * 2**29),
    ("2tb", 2 * 10**12), (" 64k ", 2**16),
    ("1 KiB", 2**10), ("1024 TiB", 2**50)])
def test_a_size_has_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["8", "", "GiB", "-8GiB", "8 GiBs", "8,5GiB", "eight"])
def test_anything_else_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=f"memory is {text!r}: give a size with its unit"):
        parse_size(text)


@pytest.mark.parametrize("text", ["0G", "0.9k", "1025 TiB", "9" * 400 + "G"])
def test_what_no_machine_has_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(UsageError, match="give a size from 1 KiB to 1024 TiB") as caught:
        parse_size(text)
    assert len(str(caught.value)) < 120
