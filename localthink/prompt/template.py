"""A model's own chat template, rendered in a child process that can be killed.

Knows the process: when it starts, how long it may take, how it ends. Knows nothing of Jinja, which
is `worker`'s, nor of tokens, which are those of `messages`.
"""
from __future__ import annotations

import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, NoReturn

from localthink.errors import PromptError
from localthink.records import Message
from localthink.text.visible import printable

TIME_LIMIT = 10.0      # seconds for one render; the R1 template takes well under a millisecond
_START_LIMIT = 60.0    # seconds until the worker answers at all, on the slowest of disks
_MOST_BYTES = 2**26    # of one reply, 64 MiB
_READY = b"ready\n"    # as `worker` says it; importing that would import Jinja here
_COMMAND = ("-P", "-m", "localthink.prompt.worker")  # -P: never import from the current folder
_ADVICE = "--raw sends the prompt without the template"


class ChatTemplate:
    """The template `source`, with the texts of the vocabulary's BOS and EOS (`""` where it has none).

    The worker starts at the first render, or earlier with `start`, and lives until `close`. One
    render at a time: a second thread waits for the first.
    """

    def __init__(self, source: str, bos: str, eos: str, time_limit: float = TIME_LIMIT) -> None:
        self._source, self._bos, self._eos, self._time_limit = source, bos, eos, time_limit
        self._worker: _Worker | None = None
        self._turn = threading.Lock()

    def start(self) -> None:
        """Start the worker without waiting for it, while there is something else to wait for."""
        with self._turn:
            self._living_worker()

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt for `messages`, ready for the assistant's turn.

        Raises PromptError, in one line, if the template is broken, refuses the messages, takes
        longer than the time limit or brings its process down; the next call starts afresh.
        """
        request = json.dumps({
            "template": self._source, "seconds": self._time_limit + 1, "most_bytes": _MOST_BYTES,
            "variables": {
                "messages": [{"role": message.role, "content": message.content} for message in messages],
                "add_generation_prompt": True, "enable_thinking": True, "tools": None,
                "bos_token": self._bos, "eos_token": self._eos,
            },
        })
        with self._turn:
            try:
                reply = self._living_worker().ask(request.encode() + b"\n", self._time_limit)
            except BaseException:  # also Ctrl+C: a reply that nobody read would answer the next request
                self._end_worker()
                raise
        if "error" in reply:
            why = printable(reply["error"]).rstrip(".")
            raise PromptError(f"the chat template cannot be rendered: {why}: take another model", _ADVICE)
        return reply["text"]

    def close(self) -> None:
        """End the worker; a later render starts a new one."""
        with self._turn:
            self._end_worker()

    def __enter__(self) -> ChatTemplate:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _living_worker(self) -> _Worker:
        if self._worker is not None and self._worker.has_ended():  # somebody else ended it, between renders
            self._end_worker()
        if self._worker is None:
            self._worker = _Worker()
        return self._worker

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.end()
        self._worker = None


class _Worker:
    """The child process and its two pipes. It holds nothing worth saving: it ends by being killed."""

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, *_COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows only
            )
        except OSError as error:
            raise PromptError(f"no process for the chat template could be started: {error}", _ADVICE) from None
        self.end = weakref.finalize(self, _end, self._process)  # also when forgotten, also at exit
        self._ready = False

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, request: bytes, seconds: float) -> dict[str, str]:
        """Send one line, return the reply; PromptError if there is none, and then it is of no more use."""
        while not self._ready:  # what an interpreter prints as it starts is passed over
            self._ready = self._exchange(b"", _START_LIMIT) == _READY
        line = self._exchange(request, seconds)
        with suppress(ValueError, RecursionError):
            reply = json.loads(line)
            if _is_reply(reply):
                return reply  # type: ignore[no-any-return]
        raise PromptError("the chat template's process answered what is no reply: take another model", _ADVICE)

    def _exchange(self, request: bytes, seconds: float) -> bytes:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None and pipe_out is not None
        with _deadline(self._process, seconds) as late:
            with suppress(OSError):  # it died with the pipe half full; reading says so
                pipe_in.write(request)
                pipe_in.flush()
            line = pipe_out.readline(_MOST_BYTES + 1)
        if late.is_set() or not line.endswith(b"\n"):
            self._give_up(late.is_set(), seconds, len(line))
        return line

    def _give_up(self, late: bool, seconds: float, received: int) -> NoReturn:
        if late:
            what = f"did not finish within {seconds:g} s"
        elif received > _MOST_BYTES:
            what = f"writes more than {_MOST_BYTES >> 20} MiB"
        elif not self._ready:
            what = f"could not be rendered: `python {' '.join(_COMMAND)}` does not run"
        else:
            what = f"brought its process down (exit code {self._process.wait()})"
        raise PromptError(f"the chat template {what}: take another model", _ADVICE)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was still to be written has no reader
                pipe.close()


@contextmanager
def _deadline(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill `process` after `seconds`, which ends every wait on its pipes; the event says if it happened."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()


def _is_reply(reply: Any) -> bool:
    return isinstance(reply, dict) and any(isinstance(reply.get(key), str) for key in ("text", "error"))
