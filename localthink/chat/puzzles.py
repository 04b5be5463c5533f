"""What the bundled model can be asked: it plays Countdown, and nothing else."""
from __future__ import annotations

PUZZLES = ("Use 3, 5 and 12 to make 57.", "Use 4, 7 and 11 to make 39.", "Use 2, 9 and 13 to make 76.")
