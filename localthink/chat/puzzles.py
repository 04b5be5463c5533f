"""What the bundled model can be asked: it plays Countdown, one puzzle a question, and nothing else."""
from __future__ import annotations

from pathlib import Path

from localthink import locations
from localthink.grade.countdown import read_puzzle

PUZZLES = ("Use 3, 5 and 12 to make 57.", "Use 4, 7 and 11 to make 39.", "Use 2, 9 and 13 to make 76.")
LIMITS = ("This small model can only play Countdown: one puzzle a question, with three numbers up to 13 and a target "
          "from 10 to 100.")


def is_bundled(path: str | Path) -> bool:
    """Whether this file is the model that comes with localthink."""
    return Path(path) == locations.bundled_model()


def is_playable(question: str) -> bool:
    """Whether it is a puzzle of the kind that the bundled model was taught."""
    puzzle = read_puzzle(question)
    return puzzle is not None and (
        len(puzzle.numbers) == 3 and max(puzzle.numbers) <= 13 and 10 <= puzzle.target <= 100)


def hint() -> str:
    """What to ask it instead of what is no puzzle."""
    return f"{LIMITS} Try:\n" + "\n".join(f"  {puzzle}" for puzzle in PUZZLES[:2])
