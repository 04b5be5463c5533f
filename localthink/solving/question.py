"""One question while it is solved: which attempts are under way, what has come of them, and what is to happen next."""
from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localthink.batch.items import Item
from localthink.grade.countdown import Puzzle, read_puzzle
from localthink.grade.exact import Gold
from localthink.grade.grading import Grader, known_answer
from localthink.records import Generation, Trace
from localthink.solving.attempts import Attempt, attempt_of
from localthink.solving.judging import cases_to_judge, judged
from localthink.solving.solution import Answer, Attempted, Solution
from localthink.solving.strategy import Choice, Strategy
from localthink.solving.verifier import Verifier
from localthink.trace_json import trace_object


@dataclass(slots=True)
class Under:
    """An attempt that was begun; `written` counts its tokens, as far as anybody was told of them."""

    number: int
    seed: int
    written: int = 0
    trace: Trace | None = None
    attempt: Attempt | None = None  # once it has ended by itself

    @property
    def runs(self) -> bool:
        return self.trace is None


class Question:
    """What is known of one item's attempts. It begins and cancels nothing itself: see `live`."""

    def __init__(self, item: Item, strategy: Strategy, model: str) -> None:
        self.item, self.strategy, self._model = item, strategy, model
        self.under: list[Under] = []
        self.ended: list[Attempt] = []  # in the order in which they did
        self._results: dict[int, dict[str, Any]] = {}
        self.move = strategy.move(self.ended)
        self._failure = ""  # why the verifier could not tell, the last time
        self.interrupted = False  # somebody has asked to stop before it was solved
        self._start = time.perf_counter()

    @property
    def text(self) -> str:
        return self.item.messages[-1].content

    @property
    def known(self) -> Puzzle | Gold | None:
        """The right answer, as the item has it, or as its text poses a puzzle."""
        return known_of(self.item)

    @property
    def running(self) -> list[Under]:
        return [under for under in self.under if under.runs]

    @property
    def wants(self) -> bool:
        """Whether another attempt is worth beginning now."""
        return not self.move.stop and len(self.under) < min(self.move.begun, self.strategy.n)

    @property
    def done(self) -> bool:
        return not self.wants and not self.running

    def begin(self) -> tuple[Under, Generation]:
        """The next attempt, and how it is to be written."""
        number = len(self.under)
        settings = self.item.settings
        under = Under(number, settings.seed_of(self.item.id, number))
        self.under.append(under)
        return under, self.strategy.how(settings.generation, number, self.ended)

    def useless(self) -> list[Under]:
        """The running attempts that are of no use any more."""
        longest = self.move.longest
        return [under for under in self.running
                if self.move.stop or (longest is not None and under.written >= longest)]

    def end(self, under: Under, verifier: Verifier | None) -> None:
        """Take in an attempt that has its trace. One that was not needed any more has cost its tokens, and no more."""
        trace = under.trace
        assert trace is not None
        under.written = trace.tokens
        if self.move.stop or trace.finish_reason == "cancelled":
            return
        generation = self.item.settings.generation
        self._results[under.number] = {
            **trace_object(trace, self._model, generation, {}), "key": f"{self.item.content}/{under.number}",
            "sample": under.number, "question": self.text, "item": self._carried()}
        under.attempt = attempt_of(self._results[under.number])
        self.ended.append(under.attempt)
        if verifier is not None and verifier.at_once:
            self._judge([under], verifier)
        self.move = self.strategy.move(self.ended)

    def _carried(self) -> dict[str, Any]:
        puzzle = self.known if isinstance(self.known, Puzzle) else None
        return {"numbers": list(puzzle.numbers), "target": puzzle.target} if puzzle else dict(self.item.carried)

    def judge(self, verifier: Verifier) -> None:
        """Ask about all attempts at once, where that has not been done as they ended."""
        if not verifier.at_once:
            self._judge(self.under, verifier)

    def _judge(self, among: Sequence[Under], verifier: Verifier) -> None:
        """Attempts without an answer are not asked about."""
        asked = [under for under in among if under.attempt is not None and under.attempt.said is not None]
        cases = [cases_to_judge(self._results[under.number], self.strategy.judges) for under in asked]
        judgements = verifier.judge.judge([case for own in cases for case in own])
        self._failure = next((each.failure for each in judgements if each.failure), self._failure)
        said = iter(judgements)
        for under, own in zip(asked, cases, strict=True):
            assert under.attempt is not None
            place = self.ended.index(under.attempt)
            under.attempt = self.ended[place] = judged(under.attempt, [next(said) for _ in own])

    def choice(self) -> Choice:
        """As it stands."""
        return self.strategy.choose(self.ended)

    def solution(self, grader: Grader, notes: Sequence[str] = ()) -> Solution:
        choice = self.choice()
        winner = choice.winner
        traces = {under.number: under.trace for under in self.under}
        trace = traces[winner.number] if winner is not None else None
        text = trace.answer if trace is not None else ""
        correct = grader.grade(self.known, text).correct if self.known is not None else None
        said = winner.said.text if winner is not None and winner.said is not None else ""
        answers = tuple(Answer(group.said.text, group.said.form, group.weight,
                               tuple(attempt.number for attempt in group.attempts)) for group in choice.groups)
        return Solution(
            self.strategy.name, self.strategy.n, self.text, said, text, winner.number if winner is not None else None,
            choice.sure, choice.meaning, answers, tuple(map(_attempted, self.under)),
            sum(under.written for under in self.under), time.perf_counter() - self._start,
            (*notes, *choice.notes, *([self._failure] if choice.notes and self._failure else []),
             *_grouping(answers)), correct)


def known_of(item: Item) -> Puzzle | Gold | None:
    """What is known of the right answer to an item: what it carries, or the puzzle that it poses."""
    return known_answer(item.carried) or read_puzzle(item.messages[-1].content)


def _attempted(under: Under) -> Attempted:
    attempt = under.attempt
    said = attempt.said.text if attempt is not None and attempt.said is not None else ""
    state = under.trace.finish_reason if under.trace is not None else "writing"
    return Attempted(under.number, under.seed, state, under.written, said,
                     attempt.confidence if attempt is not None else None,
                     attempt.judged if attempt is not None else ())


def _grouping(answers: Sequence[Answer]) -> tuple[str, ...]:
    """What is to be said where answers could not be brought to one form."""
    loose = [each for each in answers if each.form == "text"]
    if not loose or sum(each.votes for each in answers) < 2:
        return ()
    which = "all answers" if len(loose) == len(answers) else f"{len(loose)} of {len(answers)} answers"
    return (f"{which} grouped by their text: no number, letter or arithmetic",)
