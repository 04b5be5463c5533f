"""A process beside this one, for work that can be ended at once: it prints nothing, and does not outlive this one."""
from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any


class Child:
    """A process that runs `target(orders, news, *arguments)`, started here; `target` must be importable there.

    `orders` and `news` are this end of the pipes to it and from it, which end when it does. Raises OSError where no
    process can be started.
    """

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        spawn = multiprocessing.get_context("spawn")
        theirs, self.orders = spawn.Pipe(duplex=False)
        self.news, told = spawn.Pipe(duplex=False)
        self.process = spawn.Process(target=target, args=(theirs, told, *arguments), daemon=True)
        try:
            with interrupts_ignored(), own_standard_error():
                self.process.start()
        finally:
            theirs.close()
            told.close()

    def how_it_ended(self, seconds: float) -> str:
        """After its pipe has ended: its exit code or its signal, which may take a moment."""
        self.process.join(seconds)
        return ending(self.process.exitcode)

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()
        with suppress(ValueError):  # somebody else has waited for it: it looks as if it still ran
            self.process.close()
        self.orders.close()
        self.news.close()


@contextmanager
def own_standard_error() -> Iterator[None]:
    """Within, standard error is the process's own: a screen puts something in its place that nobody can inherit."""
    shown, sys.stderr = sys.stderr, sys.__stderr__
    try:
        yield
    finally:
        sys.stderr = shown


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Ctrl+C is ignored within, and by a process that is started within until it says otherwise."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say so
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ending(code: int | None) -> str:
    """How a process ended, by its exit code."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def stay_quiet() -> None:
    """In the child: print nothing, and leave Ctrl+C and the like, which reach the whole group, to the parent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115


def end_with(parent: Connection[Any, Any]) -> None:
    """In the child: end it, in the middle of whatever it does, once the parent's end of this pipe is closed."""

    def listen() -> None:
        with suppress(EOFError, OSError):
            while True:
                parent.recv()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()


def lower_limits(most_memory: int) -> None:
    """`most_memory` bytes of address space, no files, no core dumps; on systems without such limits, nothing."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (("RLIMIT_AS", most_memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with suppress(AttributeError, ValueError, OSError):
            number = getattr(resource, kind)
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
