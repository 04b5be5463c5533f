"""What the first launch shows: a puzzle that was chosen, and how often the penalty helps with puzzles drawn at random.

Both are measured: `scripts/choose_demo.py` wrote `demo.json`, `scripts/eval_countdown.py` wrote `countdown.eval.json`.
"""
from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from localthink import locations
from localthink.chat.settings import ChatSettings
from localthink.errors import LocalthinkError
from localthink.history import History
from localthink.records import Generation, Tip


@dataclass(frozen=True, slots=True)
class Demo:
    """A question to the bundled model, its seed, and the penalty that it is asked with.

    Of `puzzles` drawn at random, `without` were solved without that penalty and `with_it` with it; `gain` is the 95 %
    interval of the difference, in points.
    """

    question: str
    seed: int
    tip: Tip
    puzzles: int
    without: int
    with_it: int
    gain: tuple[int, int]

    @property
    def settings(self) -> tuple[ChatSettings, ChatSettings]:
        """Without the penalty, and with it."""
        return ChatSettings(Generation(tip=Tip(alpha=0.0))), ChatSettings(Generation(tip=self.tip))

    @property
    def opening(self) -> str:
        return ("The small model that comes along plays one puzzle twice, with the same random numbers. It was taught "
                "to jump from idea to idea; ⊘ is a jump that the penalty held back.")

    @property
    def evidence(self) -> str:
        low, high = self.gain
        return (f"This puzzle was chosen because the penalty helps here. Of {self.puzzles:,} drawn at random, "
                f"{self.without} were solved without it and {self.with_it} with it ({low:+} to {high:+} points, 95 %). "
                "That is this model, and says nothing of yours.")


def read_demo() -> Demo:
    chosen, evaluation = _read("demo.json"), _read("countdown.eval.json")
    measured, plain = evaluation["chosen_cell"], evaluation["plain"]
    low, high = (round(100 * end) for end in measured["interval"])
    return Demo(chosen["question"], chosen["seed"], Tip(chosen["alpha"], chosen["beta"]), measured["puzzles"],
                round(plain["accuracy"] * measured["puzzles"]), round(measured["accuracy"] * measured["puzzles"]),
                (low, high))


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((locations.bundled_models() / name).read_text(encoding="utf-8"))
    return read


def is_first_launch(history: History | None) -> bool:
    """Whether nobody has been shown this, nor talked here before. Without a history there is no telling."""
    try:
        return history is not None and not locations.demo_mark().exists() and history.latest() is None
    except LocalthinkError:
        return False


def remember_shown() -> None:
    """Show it no more unasked. Where that cannot be written, it is shown again."""
    with suppress(OSError):
        locations.demo_mark().parent.mkdir(parents=True, exist_ok=True)
        locations.demo_mark().touch()
