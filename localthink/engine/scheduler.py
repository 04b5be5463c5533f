"""Who runs in which slot, and what goes into the next batch. Pure Python; knows no llama.cpp and no clock.

A *job* is a list of tokens that grows. A *slot* is one sequence of the KV cache; it holds the first
`cached` tokens of the job that runs in it, or what a finished job left there for others to share.
Every step decodes the token that each running job waits for, and fills the rest of the batch with
prompts. Samples of one prompt share it: the second is admitted once the first has read it, and
starts from a copy that stops before the last prompt token, which each sample decodes itself.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Job:
    """Tokens to decode: the prompt, then whatever is appended. `owner` is the caller's own."""

    tokens: list[int]
    owner: object = None
    cached: int = 0
    slot: int = -1
    arrival: int = -1

    @property
    def pending(self) -> int:
        return len(self.tokens) - self.cached


@dataclass(frozen=True, slots=True)
class Truncate:
    """Keep the first `length` tokens of `slot`."""

    slot: int
    length: int


@dataclass(frozen=True, slots=True)
class Copy:
    """Let the empty slot `target` share the first `length` tokens of `source`."""

    source: int
    target: int
    length: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next `count` tokens of a job, to be decoded; if they are its last, its logits are wanted."""

    job: Job
    count: int
    output: bool


@dataclass(slots=True)
class Plan:
    """What to do before the next decode, and what to put into it; no chunks means nothing to do."""

    edits: list[Truncate | Copy] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)


class Scheduler:
    """Admits, shares, preempts. After each plan call `decoded` or, where the cache was full, `make_room`."""

    def __init__(self, slots: int, batch: int, shares: bool = True) -> None:
        if not 0 < slots <= batch:
            raise ValueError(f"{slots} slots do not fit a batch of {batch} rows")
        self._batch, self._shares = batch, shares
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._left: dict[int, list[int]] = {slot: [] for slot in range(slots)}  # idle slots, longest idle first
        self._edits: list[Truncate | Copy] = []
        self._arrivals = 0
        self._crowded = False  # a job was preempted: admit nobody until one ends

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._running

    @property
    def running(self) -> tuple[Job, ...]:
        return tuple(self._running)

    def submit(self, job: Job) -> None:
        job.arrival = self._arrivals
        self._arrivals += 1
        self._waiting.append(job)

    def end(self, job: Job, keep: int) -> None:
        """The job is over, or given up: its slot is free, and keeps its first `keep` tokens for others."""
        if job.slot < 0:
            self._waiting.remove(job)
        else:
            self._crowded = False
            self._vacate(job, keep if self._shares else 0)

    def plan(self) -> Plan:
        """The next batch. Planning twice without `decoded` gives the same chunks."""
        self._admit()
        room = self._batch
        chunks = []
        for job in self._running:
            if job.pending == 1:
                chunks.append(Chunk(job, 1, True))
                room -= 1
        for job in self._running:
            if job.pending > 1 and room > 0:
                count = min(job.pending, room)
                chunks.append(Chunk(job, count, count == job.pending))
                room -= count
        edits, self._edits = self._edits, []
        return Plan(edits, chunks)

    def decoded(self, plan: Plan) -> None:
        """The plan's chunks are in the cache now."""
        for chunk in plan.chunks:
            chunk.job.cached += chunk.count

    def make_room(self) -> Job | None:
        """The cache had no room for the latest plan: give up what others need least.

        First what finished jobs left behind, then the youngest running job, which will be read again
        later. Returns the running job if it is alone: nothing is left to give up but the job itself.
        """
        for slot, left in self._left.items():
            if left:
                self._left[slot] = []
                self._edits.append(Truncate(slot, 0))
                return None
        if len(self._running) == 1:
            return self._running[0]
        youngest = max(self._running, key=lambda job: job.arrival)
        self._vacate(youngest, 0)
        self._waiting.appendleft(youngest)
        self._crowded = True
        return None

    def forget(self) -> None:
        """What the cache holds is not known any more: clear it, and read every running job again."""
        for job in sorted(self._running, key=lambda job: -job.arrival):
            self._left[job.slot] = []
            job.slot, job.cached = -1, 0
            self._waiting.appendleft(job)
        self._running = []
        self._left = {slot: [] for slot in sorted(self._left)}
        self._edits = [Truncate(slot, 0) for slot in self._left]
        self._crowded = False

    def _vacate(self, job: Job, keep: int) -> None:
        keep = min(keep, job.cached)
        self._running.remove(job)
        self._left[job.slot] = job.tokens[:keep]
        self._edits.append(Truncate(job.slot, keep))
        job.slot, job.cached = -1, 0

    def _admit(self) -> None:
        while self._waiting and self._left and not self._crowded:
            job = self._waiting[0]
            source, shared = self._longest_shared(job)
            if self._worth_waiting(job, shared):
                return
            self._waiting.popleft()
            self._place(job, source, shared)
            self._running.append(job)

    def _longest_shared(self, job: Job) -> tuple[int, int]:
        """The slot that holds most of the job's beginning, and how much; its last token is never shared."""
        best = (-1, 0)
        if not self._shares:
            return best
        most = len(job.tokens) - 1
        holders = [(slot, left) for slot, left in self._left.items() if left]
        holders += [(other.slot, other.tokens) for other in self._running]
        cached = {other.slot: other.cached for other in self._running}
        for slot, held in holders:
            shared = min(common_prefix(job.tokens, held), most, cached.get(slot, most))
            if shared > best[1]:
                best = (slot, shared)
        return best

    def _worth_waiting(self, job: Job, shared: int) -> bool:
        """Whether a prompt that is being read now will spare this job at least half of its own reading."""
        if not self._shares:
            return False
        most = len(job.tokens) - 1
        for other in self._running:
            if other.pending > 1:
                soon = min(common_prefix(job.tokens, other.tokens), len(other.tokens) - 1, most)
                if 2 * (soon - shared) >= len(job.tokens) - shared:
                    return True
        return False

    def _place(self, job: Job, source: int, shared: int) -> None:
        """Choose a slot: the idle source if most of it is of use, else an empty one, else the longest idle."""
        empty = next((slot for slot, left in sorted(self._left.items()) if not left), None)
        if source in self._left and 2 * shared >= len(self._left[source]):
            target = source
        else:
            target = empty if empty is not None else next(iter(self._left))
        if target == source:
            self._edits.append(Truncate(target, shared))
        else:
            self._edits.append(Truncate(target, 0))
            if shared:
                self._edits.append(Copy(source, target, shared))
        del self._left[target]
        job.slot, job.cached = target, shared


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many leading elements are equal; by halving, so that the comparing is done in C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
