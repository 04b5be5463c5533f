"""Mathematics, by Math-Verify, and the child process in which it runs: `serve` is what the child runs.

Knows Math-Verify, and nothing of where answers stand or who asks. Math-Verify is imported in the child alone: what it
works out may take for ever or all the memory, and a process can be ended.
"""
from __future__ import annotations

import faulthandler
import importlib.util
import json
import sys
from multiprocessing.connection import Connection
from typing import Any

from localthink.child_process import lower_limits, stay_quiet
from localthink.grade.spelling import evened

MOST_MEMORY = 2**31  # bytes of address space; Math-Verify itself takes a tenth
READY = b"true"  # the first reply, once Math-Verify is loaded
_SIGNS = str.maketrans({"√": r"\sqrt ", "∞": r"\infty ", "×": r"\times ", "·": r"\cdot ", "∪": r"\cup ", "∈": r"\in "})


def is_installed() -> bool:
    """Whether Math-Verify is, with the parser it reads LaTeX with; neither is loaded."""
    return all(importlib.util.find_spec(name) for name in ("math_verify", "antlr4"))


def equal(gold: str, given: str) -> bool:
    """Whether `given`, a formula, is what `gold` is. Without a limit of time; raises whatever it likes."""
    from math_verify import verify

    # Without its own limits, which are alarms of POSIX and of the main thread.
    return bool(verify(_parsed(gold), _parsed(given), allow_set_relation_comp=True, timeout_seconds=0))


def _parsed(formula: str) -> list[Any]:
    """What Math-Verify reads the whole of `formula` as. It would look for numbers in what it cannot read."""
    from math_verify import LatexExtractionConfig, parse

    wanted = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=False)]
    text = evened(formula).translate(_SIGNS)
    return list(parse(rf"\boxed{{{text}}}", wanted, parsing_timeout=0))


def serve(orders: Connection[Any, Any], replies: Connection[Any, Any], seconds: float) -> None:
    """Answer each order, a pair of formulas, by whether they are equal or by what went wrong, all as JSON.

    Ends when the pipe does, or by itself after `seconds` on one order, should nobody be left to end it.
    """
    stay_quiet()
    import math_verify  # noqa: F401 - what takes a second is done before anybody's clock runs

    lower_limits(MOST_MEMORY)
    replies.send_bytes(READY)
    while True:
        try:
            gold, given = json.loads(orders.recv_bytes())
        except (EOFError, OSError):  # nobody asks any more
            return
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)  # needs no turn of the interpreter
        try:
            reply: bool | str = equal(gold, given)
        except Exception as error:
            reply = f"Math-Verify failed on it ({type(error).__name__})"
        faulthandler.cancel_dump_traceback_later()
        replies.send_bytes(json.dumps(reply).encode())
