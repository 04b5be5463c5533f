"""Whether an error means that llama.cpp cannot be used here at all: not installed, or not whole."""
from __future__ import annotations

import traceback

from localthink.errors import EngineError

DOOR = "localthink.engine.bindings"  # the only module that imports llama_cpp


def unusable(error: BaseException) -> EngineError | None:
    """What to say of an error that came up while llama_cpp was imported, whatever its kind; None for any other."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == DOOR:
            why = " ".join(str(error).split())
            return EngineError(f"llama.cpp cannot be used: {why}: localthink doctor says what to do")
    return None
