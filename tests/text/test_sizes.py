"""Large numbers are short, and bytes are binary."""
from __future__ import annotations

import pytest

from localthink.text.sizes import counted, sized


@pytest.mark.parametrize(("number", "said"), [
    (68_288, "68,288"), (1_777_088_000, "1.78 billion"), (3_134_720, "3.13 million"), (671_000_000_000, "671 billion"),
    (7_000_000_000_000, "7,000 billion")])
def test_parameters_are_counted_as_people_do(number: int, said: str) -> None:
    assert counted(number) == said


@pytest.mark.parametrize(("number", "said"), [
    (0, "0 B"), (999, "999 B"), (28_672, "28 KiB"), (2**20, "1 MiB"), (1_117_320_512, "1.04 GiB")])
def test_sizes_are_in_binary_units(number: int, said: str) -> None:
    assert sized(number) == said
