"""The same question over many seeds on both sides: what one comparison is an anecdote of, counted.

Every seed is asked on both sides, so that differences are paired (see `intervals`). Seeds count in their order, and
only when both of their answers are there: a tally that is stopped early is not one of the quick answers.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from localthink.chat.compare import Side
from localthink.chat.turn import Turn
from localthink.grade.answer_key import answer_key
from localthink.grade.countdown import read_puzzle, solves
from localthink.grade.final_answer import final_answer
from localthink.records import CUT_OFF, Message, Trace

SEEDS_AHEAD = 4  # asked at once, so that no slot is ever without work
SEEDS = 2**63  # as many as there are


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer came to. `solved` is None where it cannot be graded; `result` is its final answer, or ""."""

    result: str
    solved: bool | None
    thoughts: int
    tokens: int
    held: int
    cut_off: bool


Pair = tuple[Outcome, Outcome]


class Tally:
    """Answers to `messages` with the seeds from `seed` on. Whoever shows it pumps the askers."""

    def __init__(self, sides: Sequence[Side], messages: Sequence[Message], seed: int,
                 clock: Callable[[], float]) -> None:
        self.sides, self.messages, self.seed = tuple(sides), tuple(messages), seed
        question = next((message.content for message in reversed(messages) if message.role == "user"), "")
        self.puzzle = read_puzzle(question)
        self.wanted = 0  # seeds
        self.running = False
        self.reason = ""  # why it ended by itself before all were there
        self.pairs: list[Pair] = []
        self._clock = clock
        self._outcomes: dict[tuple[int, int], Outcome] = {}  # by place of the seed and of the side
        self._asked: dict[tuple[int, int], int] = {}  # the numbers of what is under way

    def start(self, wanted: int) -> None:
        """Count up to so many seeds; those that are counted stay."""
        self.wanted, self.running, self.reason = wanted, True, ""
        self._fill()

    def stop(self) -> None:
        """End what is being written; what is counted stays."""
        self.running = False
        for (_, side), number in self._asked.items():
            self.sides[side].asker.cancel(number)
            self.sides[side].asker.forget(number)
        self._asked = {}

    def _fill(self) -> None:
        """Ask the next seeds, and see whether all are there."""
        for place in range(len(self.pairs), min(self.wanted, len(self.pairs) + SEEDS_AHEAD)):
            for side in (0, 1):
                if (place, side) not in self._outcomes and (place, side) not in self._asked:
                    self._ask(place, side)
        self.running = self.running and len(self.pairs) < self.wanted

    def _ask(self, place: int, side: int) -> None:
        asked, seed = self.sides[side], (self.seed + place) % SEEDS
        turn = Turn(seed, asked.settings.tip.alpha, asked.settings.tip.beta, self._clock())
        self._asked[place, side] = asked.asker.ask(self.messages, asked.settings, seed, turn,
                                                   partial(self._ended, (place, side)), watched=False)

    def _ended(self, of: tuple[int, int], turn: Turn, trace: Trace | None) -> None:
        self._asked.pop(of, None)
        if trace is None:
            self.reason = self.reason or turn.reason
            self.stop()
            return
        self._outcomes[of] = self._outcome(trace)
        while (place := len(self.pairs), 0) in self._outcomes and (place, 1) in self._outcomes:
            self.pairs.append((self._outcomes.pop((place, 0)), self._outcomes.pop((place, 1))))
        self._fill()

    def _outcome(self, trace: Trace) -> Outcome:
        puzzle = self.puzzle
        solved = None if puzzle is None else solves(trace.answer, puzzle.numbers, puzzle.target)
        return Outcome(final_answer(trace.answer).strip(), solved, len(trace.thoughts), trace.tokens, trace.held,
                       trace.finish_reason in CUT_OFF)


def answer_groups(pairs: Sequence[Pair]) -> list[tuple[str, int, int]]:
    """The final answers, those given most often first: as one of them is written, and how often on either side.

    Numbers are one answer where they have the same value, all else where it is spelled alike but for spaces and case.
    """
    written: dict[object, str] = {}
    counts: dict[object, list[int]] = {}
    for pair in pairs:
        for side, outcome in enumerate(pair):
            key = answer_key(outcome.result)
            written.setdefault(key, outcome.result)
            counts.setdefault(key, [0, 0])[side] += 1
    ordered = sorted(counts, key=lambda key: -sum(counts[key]))
    return [(written[key], counts[key][0], counts[key][1]) for key in ordered]
