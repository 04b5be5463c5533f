"""How much is read and written: as much as was asked for, or as there is time for."""
from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from localthink.bench.figures import Figures
from localthink.errors import UsageError

ROUNDS_SECONDS = 25.0  # for all rounds together, where nobody says how much is done in them
READING_SHARE = 1 / 3  # of these seconds, for reading prompts
MOST_READ = 512  # tokens of prompt: llama.cpp is given so many at once
LEAST_EACH = 8  # of them for one slot, which are a prompt that no other slot has
MOST_WRITTEN, LEAST_WRITTEN = 128, 4  # tokens each way
MOST_TOKENS, MOST_ROUNDS = 100_000, 1_000_000  # that anybody may ask for
SPARE = 8  # cells of a slot beside prompt and pairs: its first token, and room to end
ROUND = 256  # tokens: llama.cpp gives every slot a multiple of them


@dataclass(frozen=True, slots=True)
class Work:
    """What is done in each of `rounds`, with every number of `slots`.

    `prompt` tokens are read, all slots together, and each slot writes `tokens` without the penalty and as many with
    it. Where one of them is None, it is chosen by what the machine does in half a minute.
    """

    slots: tuple[int, ...]
    rounds: int = 3
    prompt: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        for name, value, most in (("rounds", self.rounds, MOST_ROUNDS), ("tokens", self.tokens, MOST_TOKENS)):
            if value is not None and not 1 <= value <= most:
                raise UsageError(f"{name} is {value}: give 1 to {most}")
        if min(self.slots) < 1:
            raise UsageError(f"slots is {min(self.slots)}: give at least 1")
        if self.prompt is not None and not self.least_prompt <= self.prompt <= MOST_TOKENS:
            raise UsageError(f"prompt-tokens is {self.prompt}: give at least {self.least_prompt}, "
                             f"{LEAST_EACH} for each slot, and at most {MOST_TOKENS}")

    @property
    def least_prompt(self) -> int:
        return LEAST_EACH * max(self.slots)

    @property
    def cells(self) -> int:
        """The tokens that the cache has to hold, of all slots together; alone, a slot reads the whole prompt."""
        prompt, tokens = self.prompt or max(MOST_READ, self.least_prompt), self.tokens or MOST_WRITTEN
        return max(self.slots) * (-(-(prompt + 2 * tokens + SPARE) // ROUND) * ROUND)


def chosen(work: Work, warm: Sequence[Figures], longest: int) -> Work:
    """The work with what was left open: as much as the rounds have time for, by how fast the warm-up went.

    `longest` is what a slot holds, which is enough for the least of all.
    """
    seconds = ROUNDS_SECONDS / work.rounds
    reading = sum(1 / figures.reading_speed for figures in warm)  # of a token of prompt with each number of slots
    writing = sum(statistics.median(figures.plain) + statistics.median(figures.penalty) for figures in warm)
    most = min(MOST_READ, longest - SPARE - 2 * (work.tokens or LEAST_WRITTEN))
    prompt = work.prompt or max(work.least_prompt, min(int(seconds * READING_SHARE / reading), most))
    left = max(0.0, seconds - prompt * reading)
    most = min(MOST_WRITTEN, (longest - SPARE - prompt) // 2)
    return Work(work.slots, work.rounds, prompt, work.tokens or max(LEAST_WRITTEN, min(int(left / writing), most)))
