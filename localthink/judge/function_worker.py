"""The child process in which a person's function judges: `serve` is what it runs."""
from __future__ import annotations

import importlib.util
import json
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from localthink.child_process import stay_quiet
from localthink.text.values import quoted


def serve(orders: Connection[Any, Any], replies: Connection[Any, Any], path: str, name: str) -> None:
    """Load the function and say so, then answer each order, [question, text, before], by {"value"} or {"failure"}.

    All as JSON. Ends when the pipe does. What the function prints is not shown.
    """
    stay_quiet()
    try:
        function = _load(path, name)
    except BaseException as error:  # sys.exit() at the head of a file, too
        _reply(replies, failure=_described(error))
        return
    _reply(replies, value=True)
    while True:
        try:
            question, text, before = json.loads(orders.recv_bytes())
        except (EOFError, OSError):  # nobody asks any more
            return
        try:
            _reply(replies, **_checked(function(question, text, before)))
        except BaseException as error:
            _reply(replies, failure=_described(error))


def _load(path: str, name: str) -> Any:
    sys.path.insert(0, str(Path(path).resolve().parent))  # its neighbours can be imported, as where it is run itself
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise ImportError(f"it has no function {name}")
    return function


def _checked(value: object) -> dict[str, Any]:
    """A number of any kind, numpy's too, as a float; it has to lie from 0 to 1."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, str) or not 0 <= number <= 1:
        return {"failure": f"returned {quoted(value)}, and no number from 0 to 1"}
    return {"value": number}


def _reply(replies: Connection[Any, Any], **what: Any) -> None:
    replies.send_bytes(json.dumps(what).encode())


def _described(error: BaseException) -> str:
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
