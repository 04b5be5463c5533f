"""Who runs in which slot, and what goes into the next batch. Pure Python; knows no llama.cpp and no clock.

A *job* is a list of tokens that grows. A *slot* is one sequence of the KV cache; it holds the first
`cached` tokens of the job that runs in it, or what a finished job left there for others to share.
Every step decodes the token that each running job waits for, and fills the rest of the batch with
prompts. Samples of one prompt share it: the second is admitted once the first has read it, and
starts from a copy that stops before the last prompt token, which each sample decodes itself.

The cache may be *split*: every slot has cells of its own. Then llama.cpp wants the rows of a batch in
the order of their slots and runs it in one piece only where no slot is left out, so that small gaps
are filled with rows that nobody reads; and sharing copies data, which has to be worth it. With
*fixed* shapes on top, a token is always computed in a batch of the same shape: prompts are read
alone and shared whole, and every other batch has a row for every slot.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Shapes = Literal["mixed", "ordered", "fixed"]  # of a batch: for a unified cache, a split one, and a repeatable run
WORTH_COPYING = 32  # tokens: with fewer, reading them costs no more than copying what a split slot holds
WORTH_FILLING = 3  # slots: over a wider gap, a batch in two pieces costs less than rows for nobody


@dataclass(slots=True, eq=False)
class Job:
    """Tokens to decode: the prompt, then whatever is appended. `owner` is the caller's own."""

    tokens: list[int]
    owner: object = None
    prompt: int = 0
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
    """The next `count` tokens of a job, to be decoded; if they are its last, its logits are wanted.

    A `filler` is a row for the sake of the batch's shape: its job is nobody's.
    """

    job: Job
    count: int
    output: bool
    filler: bool = False


@dataclass(slots=True)
class Plan:
    """What to do before the next decode, and what to put into it; no chunks means nothing to do."""

    edits: list[Truncate | Copy] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)


class Scheduler:
    """Admits, shares, preempts. After each plan call `decoded` or, where the cache was full, `make_room`."""

    def __init__(self, slots: int, batch: int, shares: bool = True, shapes: Shapes = "mixed") -> None:
        if not 0 < slots <= batch:
            raise ValueError(f"{slots} slots do not fit a batch of {batch} rows")
        self._slots, self._batch, self._shares, self._shapes = slots, batch, shares, shapes
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

    def submit(self, job: Job, first: bool = False) -> None:
        """Queue a job, at the end or, where somebody runs and waits for it, as the `first`."""
        job.arrival, job.prompt = self._arrivals, len(job.tokens)
        self._arrivals += 1
        if first:
            self._waiting.appendleft(job)
        else:
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
        chunks = self._fixed_chunks() if self._shapes == "fixed" else self._mixed_chunks()
        if self._shapes != "mixed":
            chunks = self._ordered(chunks)
        edits, self._edits = self._edits, []
        return Plan(edits, chunks)

    def _mixed_chunks(self) -> list[Chunk]:
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
        return chunks

    def _fixed_chunks(self) -> list[Chunk]:
        """A part of one prompt, as long as there is one to read; the last token waits for the others."""
        for job in self._running:
            if job.pending > 1:
                return [Chunk(job, min(job.pending - 1, self._batch), False)]
        return [Chunk(job, 1, True) for job in self._running]

    def _ordered(self, chunks: list[Chunk]) -> list[Chunk]:
        """The chunks by slot, with fillers in the gaps."""
        by_slot = sorted(chunks, key=lambda chunk: chunk.job.slot)
        fixed = self._shapes == "fixed"
        if fixed and not (by_slot and by_slot[0].output):
            return by_slot  # a prompt, alone
        filled: list[Chunk] = []
        room, before = self._batch - sum(chunk.count for chunk in by_slot), -1
        for chunk in by_slot:
            gap = range(before + 1, chunk.job.slot)
            small = filled and len(gap) <= min(WORTH_FILLING, room) and all(slot in self._left for slot in gap)
            if fixed or small:
                filled += [self._filler(slot) for slot in gap]
                room -= len(gap)
            filled.append(chunk)
            before = chunk.job.slot
        if fixed:
            filled += [self._filler(slot) for slot in range(before + 1, self._slots)]
        return filled

    def _filler(self, slot: int) -> Chunk:
        """A row that follows what the idle slot holds; its output is computed where shapes are fixed, too."""
        left = self._left[slot]
        job = Job([*left, 0], cached=len(left), slot=slot)
        return Chunk(job, 1, self._shapes == "fixed", filler=True)

    def decoded(self, plan: Plan) -> None:
        """The plan's chunks are in the cache now."""
        for chunk in plan.chunks:
            if chunk.filler:
                self._edits.append(Truncate(chunk.job.slot, chunk.job.cached))
            else:
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
        if self._shapes == "fixed":  # a part of a prompt was read in pieces of its own
            keep = min(keep, job.prompt) if job.cached >= job.prompt else 0
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
        holders = [(slot, left, len(left), len(left)) for slot, left in self._left.items() if left]
        holders += [(other.slot, other.tokens, other.prompt, other.cached) for other in self._running]
        for slot, held, prompt, cached in holders:
            shared = self._common(job, held, prompt)
            if cached < shared:
                shared = 0 if self._shapes == "fixed" else cached
            if shared > best[1]:
                best = (slot, shared)
        return best

    def _common(self, job: Job, held: list[int], prompt: int) -> int:
        """How much of `held`, which began with a prompt of `prompt` tokens, the job may share."""
        most = len(job.tokens) - 1
        if self._shapes == "fixed":  # another prompt was read in other pieces
            return most if prompt == len(job.tokens) and held[:prompt] == job.tokens else 0
        return min(common_prefix(job.tokens, held), most)

    def _worth_waiting(self, job: Job, shared: int) -> bool:
        """Whether a prompt that is being read now will spare this job at least half of its own reading."""
        if not self._shares:
            return False
        least = 1 if self._shapes == "mixed" else WORTH_COPYING
        for other in self._running:
            if other.pending > 1:
                soon = min(self._common(job, other.tokens, other.prompt), len(other.tokens) - 1)
                if soon >= least and 2 * (soon - shared) >= len(job.tokens) - shared:
                    return True
        return False

    def _place(self, job: Job, source: int, shared: int) -> None:
        """Choose a slot: the idle source if most of it is of use, else an empty one, else the longest idle."""
        empty = next((slot for slot, left in sorted(self._left.items()) if not left), None)
        if source in self._left and 2 * shared >= len(self._left[source]):
            target = source
        else:
            target = empty if empty is not None else next(iter(self._left))
        if target != source and self._shapes != "mixed" and shared < WORTH_COPYING:
            shared = 0
        if target == source:
            self._edits.append(Truncate(target, shared))
        else:
            self._edits.append(Truncate(target, 0))
            if shared:
                self._edits.append(Copy(source, target, shared))
        del self._left[target]
        job.slot, job.cached = target, shared


def common_prefix(a: Sequence[object], b: Sequence[object]) -> int:
    """How many leading elements are equal; by halving, so that the comparing is done in C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
