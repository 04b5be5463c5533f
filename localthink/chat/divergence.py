"""Where two answers to one prompt part, and what each of them does there. Knows no engine."""
from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from localthink.chat.turn import Turn
from localthink.engine.scheduler import common_prefix
from localthink.records import Part

AROUND = 40  # characters that are shown before and after the place where two texts part
Move = Literal["goes on", "switches", "closes"]  # in its thought, to another thought, its thinking


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two texts part: how many tokens are the same (None where their models differ), and the words around.

    `moves` is what each does there, `held` whether the penalty held a switch of the other's back there.
    """

    tokens: int | None
    before: str
    left: str
    right: str
    part: Part = "thinking"
    moves: tuple[Move, Move] = ("goes on", "goes on")
    held: tuple[bool, bool] = (False, False)


def divergence(left: Turn, right: Turn, same_model: bool = True) -> Divergence | None:
    """Where the two part; None as long as one is the beginning of the other."""
    tokens = common_prefix(left.token_ids, right.token_ids) if same_model else None
    texts = left.thinking, right.thinking
    place = common_prefix(*texts)
    if place == len(texts[0]) == len(texts[1]):
        return _in_answers(left.answer, right.answer, tokens)
    rests = [_rest(turn, text, place) for turn, text in ((left, texts[0]), (right, texts[1]))]
    if not rests[0] or not rests[1]:
        return None
    starts, others = _starts(left), _starts(right)
    left_move, left_start = _move(left, texts[0], place, starts, others)
    right_move, right_start = _move(right, texts[1], place, others, starts)
    held = (right_move == "switches" and left_move == "goes on" and _held(left, right_start, texts[0], place),
            left_move == "switches" and right_move == "goes on" and _held(right, left_start, texts[1], place))
    return Divergence(tokens, texts[0][max(0, place - AROUND):place], rests[0], rests[1], "thinking",
                   (left_move, right_move), held)


def _in_answers(left: str, right: str, tokens: int | None) -> Divergence | None:
    place = common_prefix(left, right)
    if place in (len(left), len(right)):
        return None
    return Divergence(tokens, left[max(0, place - AROUND):place], left[place:place + AROUND],
                   right[place:place + AROUND], "answer")


def _rest(turn: Turn, thinking: str, place: int) -> str:
    """How a text goes on; where its thinking is closed there, that is its answer."""
    rest = thinking[place:place + AROUND]
    return rest if rest.strip() else turn.answer[:AROUND]


def _starts(turn: Turn) -> list[int]:
    """The offsets in the thinking at which another thought begins."""
    return list(accumulate(thought.characters for thought in turn.thoughts))[:-1]


def _move(turn: Turn, thinking: str, place: int, starts: list[int], others: list[int]) -> tuple[Move, int]:
    """What a text does where it parts from another, and where the thought begins that it leaves for."""
    word = _word(thinking, place)
    if word >= len(thinking):
        return "closes", -1
    for start in starts:
        alone = start not in others and place - AROUND < start <= word
        first_word = place - AROUND < start <= place and not any(map(str.isspace, thinking[start:place].strip()))
        if alone or first_word:
            return "switches", start
    return "goes on", -1


def _word(thinking: str, place: int) -> int:
    """The next place that is not white space, which belongs to the thought before."""
    rest = thinking[place:]
    return place + len(rest) - len(rest.lstrip())


def _held(turn: Turn, start: int, thinking: str, place: int) -> bool:
    """Whether a switch was held back between the place where the other's thought begins and the divergence."""
    offset = 0
    for thought in turn.thoughts:
        if any(start <= offset + tick <= _word(thinking, place) for tick in thought.ticks):
            return True
        offset += thought.characters
    return False
