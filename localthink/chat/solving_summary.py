"""What there is to say of many attempts at a question, in words and figures, also while they grow."""
from __future__ import annotations

from dataclasses import dataclass

from localthink.chat.solving import Solving, Try, standing
from localthink.grade.grading import Grader
from localthink.text.sizes import counted

BEST, RIGHT, WRONG = "★", "✓", "✗"  # told apart without colours
WRITING = {"waiting": "waits", "reading": "reads", "thinking": "thinks", "answering": "answers"}
ENDINGS = {"stop": "done", "length": "cut off", "loop": "in a circle", "confidence": "in doubt",
           "cancelled": "cancelled", "interrupted": "broken off"}


@dataclass(frozen=True, slots=True)
class Vote:
    """An answer, how often it was given, and what share of the heaviest one's weight these votes have."""

    answer: str
    votes: int
    share: float
    right: bool | None


def sign(right: bool | None) -> str:
    return "" if right is None else RIGHT if right else WRONG


def state_of(each: Try) -> str:
    """What an attempt is doing, or how it ended."""
    return WRITING[each.turn.phase] if each.turn.running else ENDINGS[each.turn.state]


def votes_of(solving: Solving) -> list[Vote]:
    """The answers, those with the most weight first."""
    groups = solving.choice.groups
    heaviest = max((group.weight for group in groups), default=0.0)
    return [Vote(group.said.text, group.votes, group.weight / heaviest if heaviest > 0 else 0.0,
                 solving.tries[group.attempts[0].number].right) for group in groups]


def progress(solving: Solving) -> str:
    """How far it is, and why it has ended: 6 of up to 16 attempts · 2 writing · 3 cancelled · 1,234 tokens."""
    ended = len(solving.question.ended)
    writing = sum(each.turn.running for each in solving.tries)
    cancelled = sum(each.turn.state == "cancelled" for each in solving.tries)
    parts = [f"{ended} of up to {counted(solving.strategy.n, 'attempt')}", *([f"{writing} writing"] if writing else []),
             *([f"{cancelled} cancelled"] if cancelled else []),
             counted(sum(each.turn.tokens for each in solving.tries), "token")]
    return " · ".join([*parts, *([] if solving.running else [_why(solving)])])


def _why(solving: Solving) -> str:
    if solving.reason:
        return f"ended early: {solving.reason}"
    if solving.stopped:
        return "stopped"
    return "all have ended" if len(solving.question.ended) == solving.strategy.n else "no more are needed"


def leader(solving: Solving) -> str:
    """Which attempt's answer leads, or has won, and how sure that is."""
    winner = solving.choice.winner
    if winner is None:
        return "no attempt has come to an answer" + (" yet" if solving.running else "")
    known = sign(solving.tries[winner.number].right)
    return " ".join(part for part in (BEST, str(winner.number + 1), known, "leads:" if solving.running else "won:",
                                      standing(solving.choice)) if part)


def notes_of(solving: Solving) -> str:
    """What a person should know about how the answer was found, once it is."""
    if solving.running:
        return ""
    kept = () if solving.session.transcript.history is not None else ("without a history, only the winner stays",)
    return "; ".join((*kept, *solving.question.solution(Grader()).notes))
