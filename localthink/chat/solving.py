"""Many attempts at a question of the conversation, side by side on the chat's own engine, and the answer they come to.

A strategy says how many are worth it, which are of no use any more, and which one counts (see `localthink.solving`).
Each is kept as it ends, beside the answers that the question has, and the one that leads is the answer that is seen:
whatever ends the program, what has ended is there.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from localthink.batch.settings import Settings
from localthink.chat.compare import Side
from localthink.chat.keeping import Beside
from localthink.chat.session import Session, new_seed
from localthink.chat.transcript import Entry
from localthink.chat.turn import Turn
from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle, solves
from localthink.grade.grading import Grader
from localthink.judge.oracle import Oracle
from localthink.records import Trace
from localthink.solving.catalogue import read_strategy
from localthink.solving.question import Question, Under
from localthink.solving.questions import choose_verifier, item_of
from localthink.solving.strategy import Choice, Strategy
from localthink.solving.verifier import EXACT, Verifier
from localthink.text.sizes import counted
from localthink.text.values import quoted

USUAL, USUAL_N, MOST_N = "consensus", 16, 64  # the strategy, and its attempts
NOT_READY = {"none": "no model is open: open one first", "failed": "no model is open: open another first",
             "loading": "the model is being opened: wait until it is there",
             "died": "the engine has ended: asking again opens its model again"}


@dataclass(slots=True, eq=False)
class Try:
    """One attempt as it is watched: `turn` grows. `right` is None where the right answer is not known, or not yet."""

    under: Under
    turn: Turn
    side: Side
    right: bool | None = None

    @property
    def number(self) -> int:
        """From 0, in the order in which they were begun."""
        return self.under.number

    @property
    def said(self) -> str:
        """Its final answer, "" as long as there is none."""
        attempt = self.under.attempt
        return attempt.said.text if attempt is not None and attempt.said is not None else ""


def read_request(text: str) -> Strategy:
    """What follows /solve: a strategy, how many attempts, both or neither. Raises UsageError."""
    words = text.split()
    count = words.pop() if words and (len(words) > 1 or words[-1].lstrip("-").isdigit()) else None
    if len(words) > 1:
        raise UsageError(f"{quoted(text)} is more than a strategy and a number of attempts: /solve {USUAL} {USUAL_N}")
    if count is not None and not (count.isascii() and count.lstrip("-").isdigit()):
        raise UsageError(f"the number of attempts is {quoted(count)}: give a whole number from 2 to {MOST_N}")
    if count is not None and not 2 <= int(count) <= MOST_N:
        raise UsageError(f"n is {int(count)}: here it is 2 to {MOST_N} attempts; localthink solve takes more")
    written = words[0] if words else USUAL
    strategy = read_strategy(written, int(count) if count is not None else None, usual=USUAL_N)
    if strategy.n > MOST_N:
        raise UsageError(f"n is {strategy.n}: here it is 2 to {MOST_N} attempts; localthink solve takes more")
    return strategy


class Solving:
    """Attempts at the question of `entry`, or the latest. Whoever shows it pumps the session, and then calls `look`.

    `length` is how many entries there are up to the question, itself included; `tries` are the attempts that were
    begun. Raises UsageError where there is nothing that could be attempted now.
    """

    def __init__(self, session: Session, strategy: Strategy, entry: Entry | None = None,
                 seed: int | None = None) -> None:
        self.session, self.strategy = session, strategy
        asked = session.transcript.asked
        length = self.length = session.entries.index(entry) + 1 if entry in session.entries else asked
        _check(session, length)
        settings = session.settings
        chosen = settings.seed if seed is None else seed
        self.seed = new_seed() if chosen is None else chosen
        self.question = Question(item_of(session.entries[length - 1].content,
                                         Settings(settings.generation, seed=self.seed)), strategy, "")
        self._verifier = self._exact()
        first = session.first_of(length)
        self._left_out = first if first < length else 0
        self._messages = session.transcript.messages(settings.system, self._left_out, length)
        self._settings, self._beside = settings, Beside(session, length)
        self.tries: list[Try] = []
        self.stopped = False  # by a person
        self.reason = ""  # why it ended early by itself
        self._asked: dict[int, int] = {}  # the asker's numbers of what is under way

    def _exact(self) -> Verifier | None:
        wanted = choose_verifier(self.strategy, None, [self.question.item])
        if wanted not in (None, EXACT):
            raise UsageError(f"{self.strategy.name} takes a known right answer, which only number puzzles have here: "
                             f"take {USUAL} or short-3; localthink solve can ask a verifier")
        return Verifier(Oracle(Grader()), at_once=True) if wanted else None

    @property
    def puzzle(self) -> Puzzle | None:
        known = self.question.known
        return known if isinstance(known, Puzzle) else None

    @property
    def running(self) -> bool:
        return bool(self._asked)

    @property
    def choice(self) -> Choice:
        """As it stands."""
        return self.question.choice()

    def start(self) -> None:
        self._fill()

    def look(self) -> None:
        """Give up what has become of no use by the tokens that it has written."""
        for each in self.tries:
            if each.under.runs:
                each.under.written = each.turn.tokens
        for under in self.question.useless():
            self._cancel(under.number)

    def stop(self) -> None:
        """End what is being written; what has ended counts."""
        self.stopped = self.stopped or self.running
        for number in list(self._asked):
            self._cancel(number)

    def _cancel(self, number: int) -> None:
        if number in self._asked:
            self.session.asker.cancel(self._asked[number])

    def _fill(self) -> None:
        """Begin what the strategy wants: more than there are slots wait in the engine."""
        while self.question.wants and not self.stopped and not self.reason:
            under, generation = self.question.begin()
            side = Side(self.session.asker, replace(self._settings, generation=generation))
            turn = Turn(under.seed, generation.tip.alpha, generation.tip.beta, self.session.clock())
            each = Try(under, turn, side)
            self.tries.append(each)
            self._asked[each.number] = side.asker.ask(self._messages, side.settings, under.seed, turn,
                                                      partial(self._ended, each))

    def _ended(self, each: Try, turn: Turn, trace: Trace | None) -> None:
        self._asked.pop(each.number, None)
        if trace is None:
            self.reason = self.reason or turn.reason
            for number in list(self._asked):
                self._cancel(number)
        else:
            each.under.trace = trace
            self.question.end(each.under, self._verifier)
            if trace.finish_reason != "cancelled":
                self._keep(each, trace)
            self.look()
            self._fill()
        if not self.running:
            self._settle()

    def _keep(self, each: Try, trace: Trace) -> None:
        if (puzzle := self.puzzle) is not None and trace.finish_reason == "stop":
            each.right = solves(trace.answer, puzzle.numbers, puzzle.target)
        self._beside.keep(each.number, each.side, each.turn, self._left_out)
        self._show()

    def _show(self, note: str = "") -> None:
        winner = self.choice.winner
        self._beside.show(winner.number if winner is not None else None, note)

    def _settle(self) -> None:
        """It is over: say with the answer how it came to be the one."""
        if self.question.ended:
            self._show(f"{self.strategy.name} of {counted(len(self.question.ended), 'attempt')}: "
                       f"{standing(self.choice)}")


def standing(choice: Choice) -> str:
    """By how many votes an answer leads, and how sure that is: "5 of 6 votes, 96.9 % that …"; "" without an answer."""
    if choice.winner is None:
        return ""
    total = sum(group.votes for group in choice.groups)
    own = next(group.votes for group in choice.groups if choice.winner in group.attempts)
    said = f"{own} of {counted(total, 'vote')}"
    if choice.sure is None:
        return said
    sure = 100 * choice.sure if choice.sure == 1 else min(99.9, 100 * choice.sure)  # a rounded 100 would be certain
    return f"{said}, {sure:.1f} % {choice.meaning}"


def _check(session: Session, length: int) -> None:
    if not length:
        raise UsageError("there is no question yet: ask one first")
    if session.busy:
        raise UsageError("an answer is being written: stop it first, or wait for its end")
    if (why := NOT_READY.get(session.asker.model.phase)) is not None:
        raise UsageError(why)
