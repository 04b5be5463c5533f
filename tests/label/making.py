"""Runs to be labelled, written by hand: puzzles whose thoughts are as many as a test wants."""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batch.ledgers import key, manifest, result, write_run
from localthink.label.file import LabelFile
from localthink.label.labels import Rating, Unit
from localthink.label.run import Run, read_run

LEADS_ON = "Alternatively, try 7 * 4 = 28, leaving 28 and 11.\n28 + 11 = 39, yes."
DEAD_END = "First, try 11 + 7 = 18, leaving 18 and 4.\n18 * 4 = 72, no.\n18 + 4 = 22, no."
PUZZLE = {"numbers": [4, 7, 11], "target": 39}


def sample(own: str, number: int = 0, thoughts: Sequence[str] = (DEAD_END, LEADS_ON), **more: Any) -> dict[str, Any]:
    """A result with these thoughts, of a puzzle that 7 * 4 + 11 solves."""
    return result(own, number, **{
        "question": "Use 4, 7 and 11 to make 39.", "model": "tiny", "prompt_tokens": 5,
        "thinking": "\n".join(thoughts), "answer": r"\boxed{7 * 4 + 11}", "correct": True, "item": PUZZLE,
        "thoughts": [{"index": index, "text": text} for index, text in enumerate(thoughts)], **more})


def write(folder: Path, *samples: dict[str, Any], created: str = "2026-11-28T10:00:00+00:00") -> Path:
    return write_run(folder, {**manifest(), "created": created}, samples)


def run_of(folder: Path, items: int = 2, thoughts: int = 3) -> Run:
    """A run of items with one sample each, whose thoughts are dead ends but for the last."""
    texts = [*[DEAD_END] * (thoughts - 1), LEADS_ON]
    return read_run(write(folder, *(sample(f"p{item}", thoughts=texts, line=item + 1, question=f"Question {item}")
                                    for item in range(items))))


def unit(item: str, thought: int, step: int = -1, number: int = 0) -> Unit:
    return Unit(key(item, number), thought, step)


def label(run: Run, by: str, ratings: dict[Unit, Rating]) -> None:
    with LabelFile(run, by) as file:
        file.rate(ratings)


def cycled(units: Sequence[Unit], ratings: Sequence[Rating]) -> dict[Unit, Rating]:
    """The ratings again and again."""
    return dict(zip(units, itertools.cycle(ratings), strict=False))
