"""How an answer was held to its thoughts, in words: the penalty that it began with, and what a person turned."""
from __future__ import annotations

import math

from localthink.chat.turn import Turn
from localthink.records import BudgetRequest
from localthink.text.sizes import counted

WISHED: dict[BudgetRequest, str] = {"answer": "answer now at", "think": "think on from", "free": "let go at"}
SHOWN = 4  # changes of one answer


def penalty(alpha: float, beta: float) -> str:
    """α 3, β 600; or that there is none."""
    return f"α {alpha:g}, β {'∞' if math.isinf(beta) else f'{beta:g}'}" if alpha else "no penalty"


def switches_held(number: float) -> str:
    """1 switch held, 3 switches held; a fraction where an older conversation kept an expectation."""
    return f"{round(number, 2):g} switch{'' if number == 1 else 'es'} held"


def steering(turn: Turn) -> str:
    """The penalty at the beginning, then each change with the token from which it held."""
    tip = turn.began_with
    wish: BudgetRequest = "free"
    parts = [penalty(*tip)]
    for each in {each.position: each for each in turn.steered}.values():  # of several at one token the last holds
        if (each.alpha, each.beta) != tip:
            tip = each.alpha, each.beta
            parts.append(f"{penalty(*tip)} from token {each.position:,}")
        if each.wish != wish:
            wish = each.wish
            parts.append(f"{WISHED[wish]} token {each.position:,}")
    more = len(parts) - 1 - SHOWN
    return " · ".join([*parts[:SHOWN + 1], *([counted(more, "more change")] if more > 0 else [])])
