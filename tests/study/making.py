"""Studies and samples for tests, written by hand."""
from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

from localthink.study.samples import Sample, ThoughtSpan
from localthink.study.spec import Study, read_study

SMALL = """
samples = 2
seed = 3
[settings]
max_tokens = 400
[grid]
alpha = [1, 3]
[arms.inviting]
alpha = -2
[choose]
source = "countdown"
items = 4
[test]
source = "countdown"
items = 9
"""


def study(text: str = SMALL, folder: Path = Path(), name: str = "small") -> Study:
    return read_study(text, name, folder, f"{name}.toml")


def sample(problem: str = "p", cell: str = "plain", number: int = 0, **more: Any) -> Sample:
    """A sample of 100 tokens that is right, but for what is given."""
    values: dict[str, Any] = {
        "key": f"{problem}/{cell}/{number}", "seed": number, "level": "", "outcome": "right", "said": "1",
        "tokens": 100, "thinking": 80, "answer": 20, "thoughts": (), "switches": 1, "paraphrases": 0, "held": 0,
        "seconds": 1.0, "token_ids": array("i", [1, 2, 3])}
    return Sample(problem=problem, cell=cell, number=number, **{**values, **more})


def thoughts(*right: bool | None, each: int = 10) -> tuple[ThoughtSpan, ...]:
    """Thoughts of so many tokens each, one after the other."""
    return tuple(ThoughtSpan(place * each, (place + 1) * each, 0, good) for place, good in enumerate(right))
