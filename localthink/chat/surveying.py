"""What this machine can give a model, found out beside a conversation: in a process that can be ended at once.

llama.cpp stays out of this process. Speeds are measured while nothing else works hard, since that would disturb both.
"""
from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Protocol

from localthink.child_process import Child, end_with, stay_quiet
from localthink.engine.messages import Loaded
from localthink.errors import LocalthinkError
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.machine.resources import free_memory


@dataclass(frozen=True, slots=True)
class Machine:
    """The memory that is free, and how fast decoding reads it, as far as that was measured."""

    room: MemoryBudget
    bandwidth: Bandwidth = field(default_factory=Bandwidth)

    @property
    def measured(self) -> bool:
        return self.bandwidth != Bandwidth()

    def beside(self, loaded: Loaded | None, on_gpu: bool) -> Machine:
        """The same, with what the model that is open will give back; `on_gpu` says that it may be there.

        Weights that are mapped from the file into the machine's memory are counted as free already by the system.
        """
        if loaded is None:
            return self
        room = self.room
        if not (room.device and loaded.gpu and on_gpu):
            given = loaded.cache_bytes + (0 if loaded.mapped else loaded.weight_bytes)
            return replace(self, room=replace(room, memory=room.memory + given))
        given = loaded.weight_bytes + loaded.cache_bytes
        return replace(self, room=replace(room, device=room.device + given,
                                          memory=room.memory + (given if room.shared else 0)))


class Look(Protocol):
    """One look at the machine, under way; see `Looking`."""

    def poll(self, seconds: float = 0) -> list[Machine]: ...

    @property
    def finished(self) -> bool: ...

    def close(self) -> None: ...


class Surveyor:
    """Knows the machine as it was seen last. `free` gives the bytes of free memory at any time, without a look."""

    def __init__(self, free: Callable[[], int] = free_memory, look: Callable[[bool], Look] | None = None) -> None:
        self._free, self._start = free, look or Looking
        self._look: Look | None = None
        self._measuring = self._tried = False
        self._machine = Machine(MemoryBudget(0))

    @property
    def machine(self) -> Machine:
        """With the memory that is free now."""
        return replace(self._machine, room=replace(self._machine.room, memory=self._free()))

    @property
    def measuring(self) -> bool:
        """Whether speeds are being measured."""
        return self._look is not None and self._measuring

    def look(self, quiet: bool) -> None:
        """Begin to look anew; where it is `quiet`, at the speeds too, unless they are known or cannot be measured."""
        self.close()
        self._measuring = quiet and not self._tried and not self._machine.measured
        with suppress(OSError):  # no process, no memory for it: it stays with what is known
            self._look = self._start(self._measuring)

    def pump(self, quiet: bool) -> bool:
        """Take in what was seen; returns whether anything is new. What disturbs or is disturbed is put off."""
        if self._look is None:
            if quiet and not self._tried and not self._machine.measured:
                self.look(quiet)
            return False
        if self._measuring and not quiet:
            self.look(quiet)
            return False
        return self._take(self._look, 0)

    def wait(self, quiet: bool) -> Machine:
        """Look to the end, which takes some seconds the first time that it is `quiet`."""
        self.look(quiet)
        while self._look is not None:
            self._take(self._look, 1.0)
        return self.machine

    def _take(self, look: Look, seconds: float) -> bool:
        seen = look.poll(seconds)
        if seen:
            known = self._machine.bandwidth
            self._machine = seen[-1] if seen[-1].measured else replace(seen[-1], bandwidth=known)
        if look.finished:
            self._tried |= self._measuring
            self.close()
        return bool(seen) or self._look is None

    def close(self) -> None:
        """End a look that is under way, at once."""
        if self._look is not None:
            self._look.close()
            self._look = None


class Looking:
    """The process that looks: first at the memory, then, where it is told to measure, at the speeds."""

    def __init__(self, measure: bool) -> None:
        self._child = Child(serve, measure)
        self.finished = False

    def poll(self, seconds: float = 0) -> list[Machine]:
        """What has been seen, after waiting up to so long for the first of it."""
        seen: list[Machine] = []
        try:
            while self._child.news.poll(0 if seen else seconds):
                seen.append(self._child.news.recv())
        except Exception:  # it has told all that it could find out
            self.finished = True
        return seen

    def close(self) -> None:
        self._child.end()


def serve(parent: Connection[None, None], seen: Connection[Machine, None], measure: bool) -> None:
    """The child's main function."""
    stay_quiet()
    end_with(parent)
    from localthink.machine.measuring import measure_machine

    with suppress(LocalthinkError, OSError):
        for measured in (False, True) if measure else (False,):
            found = measure_machine(measured=measured)
            seen.send(Machine(found.room, found.bandwidth))
