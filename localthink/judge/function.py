"""A judge that is a person's Python function, in a process of its own: it may fail or hang, and the rest goes on."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from localthink.child_process import Child
from localthink.errors import LocalthinkError, UsageError
from localthink.judge.function_worker import serve
from localthink.judge.interface import Case, Judgement
from localthink.text.values import quoted
from localthink.text.visible import shown_name

TIME_LIMIT = 10.0  # seconds for one case
START_LIMIT = 60.0  # seconds until the file is loaded, with whatever it imports
MOST_BYTES = 10_000  # of a reply
WRITTEN = "give a file and a function in it, as judge.py:score"


class FunctionJudge:
    """Asks `name(question, text, before)` of a file, which returns a number from 0 to 1, or a bool.

    Close it, or use it in a `with`. `written` is `file.py:name`. Raises UsageError where there is no such file or
    function. A case at which the function raises, or takes longer than `time_limit` seconds, has a judgement without a
    probability; the next one is asked in a new process where that was needed. Where that cannot be started, as when the
    file has gone, no later case has one.
    """

    def __init__(self, written: str, time_limit: float = TIME_LIMIT) -> None:
        path, colon, name = written.rpartition(":")
        if not (colon and path and name.isidentifier()):
            raise UsageError(f"the function is {quoted(written)}: {WRITTEN}")
        if not Path(path).is_file():
            raise UsageError(f"there is no file {shown_name(path)}: {WRITTEN}")
        self._path, self._name, self._limit = path, name, time_limit
        self._child: Child | None = self._started()
        self._lost = ""  # why it cannot be started again

    @property
    def name(self) -> str:
        return f"{Path(self._path).name}:{self._name}"

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        return [self._judge(case) for case in cases]

    def _judge(self, case: Case) -> Judgement:
        try:
            reply = self._ask(json.dumps([case.question, case.text, case.before]).encode())
        except BaseException:  # also Ctrl+C: a reply that nobody read would answer the next case
            self.close()
            raise
        if "value" in reply:
            return Judgement(reply["value"])
        return Judgement(None, f"{self.name} {reply['failure']}")

    def _ask(self, order: bytes) -> dict[str, Any]:
        if self._child is None and not self._lost:
            try:
                self._child = self._started()
            except LocalthinkError as error:  # it was there at first: the cases that are left are told why, and go on
                self._lost = str(error)
        if self._child is None:
            return {"failure": f"could not be started again: {self._lost}"}
        try:
            self._child.orders.send_bytes(order)
            if not self._child.news.poll(self._limit):
                self.close()
                return {"failure": f"took more than {self._limit:g} s"}
            return _reply(self._child)
        except (OSError, EOFError):
            ended = self._child.how_it_ended(1.0)
            self.close()
            return {"failure": f"ended its process ({ended})"}

    def _started(self) -> Child:
        try:
            child = Child(serve, self._path, self._name)
        except OSError as error:
            raise LocalthinkError(f"no process for {self.name} could be started: {error}") from None
        try:
            reply = _reply(child) if child.news.poll(START_LIMIT) else {
                "failure": f"loading it took more than {START_LIMIT:g} s"}
        except (OSError, EOFError):
            reply = {"failure": f"loading it ended its process ({child.how_it_ended(1.0)})"}
        except BaseException:
            child.end()
            raise
        if "failure" in reply:
            child.end()
            raise UsageError(f"{self.name} cannot be used: {reply['failure']}")
        return child

    def close(self) -> None:
        """End the process; a later case starts another."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> FunctionJudge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def _reply(child: Child) -> dict[str, Any]:
    try:
        reply = json.loads(child.news.recv_bytes(MOST_BYTES))
    except ValueError:
        return {"failure": "answered what is no reply"}
    return reply if isinstance(reply, dict) and ("value" in reply or "failure" in reply) else {
        "failure": "answered what is no reply"}
