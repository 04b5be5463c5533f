"""A KV cache and a model without weights: cells are counted, positions checked, tokens follow from what came before."""
from __future__ import annotations

import zlib

from localthink.engine.scheduler import Copy, Job, Plan, Scheduler, Shapes


class CellCache:
    """A unified cache: a cell holds one token at one position for one or more slots."""

    def __init__(self, cells: int, slots: int) -> None:
        self.cells = cells
        self.held: list[list[tuple[int, int]]] = [[] for _ in range(slots)]  # per slot: (cell, token) by position
        self._fresh = 0

    @property
    def used(self) -> int:
        return len({cell for held in self.held for cell, _ in held})

    def edit(self, plan: Plan) -> None:
        for edit in plan.edits:
            if isinstance(edit, Copy):
                assert not self.held[edit.target], "a copy goes into an empty slot"
                assert len(self.held[edit.source]) >= edit.length, "what is copied must be there"
                self.held[edit.target] = self.held[edit.source][:edit.length]
            else:
                assert len(self.held[edit.slot]) >= edit.length, "a slot cannot be cut longer than it is"
                del self.held[edit.slot][edit.length:]

    def decode(self, plan: Plan) -> bool:
        """False, and nothing changed, where the chunks do not fit."""
        if self.used + sum(chunk.count for chunk in plan.chunks) > self.cells:
            return False
        for chunk in plan.chunks:
            job = chunk.job
            held = self.held[job.slot]
            assert len(held) == job.cached, "positions are contiguous"
            assert [token for _, token in held] == job.tokens[:job.cached], "a slot holds its job's own tokens"
            for token in job.tokens[job.cached:job.cached + chunk.count]:
                held.append((self._fresh, token))
                self._fresh += 1
        return True


class SplitCache(CellCache):
    """A split cache: every slot has `cells` of its own, and a copy takes as many as its source.

    `shapes` says of every cell in which shape of batch it was computed: how many rows, how many of them its own.
    """

    def __init__(self, cells: int, slots: int) -> None:
        super().__init__(cells * slots, slots)
        self.shapes: dict[int, tuple[int, int]] = {}
        self.copied = 0

    def edit(self, plan: Plan) -> None:
        for edit in plan.edits:
            super().edit(Plan([edit]))
            if isinstance(edit, Copy):
                self.copied += 1
                self.held[edit.target] = [(self._twin(cell), token) for cell, token in self.held[edit.target]]

    def _twin(self, cell: int) -> int:
        self._fresh += 1
        self.shapes[self._fresh - 1] = self.shapes[cell]
        return self._fresh - 1

    def decode(self, plan: Plan) -> bool:
        slots = [chunk.job.slot for chunk in plan.chunks]
        assert slots == sorted(slots), "rows stand in the order of their slots"
        first, done = self._fresh, super().decode(plan)
        assert done, "a slot has room for the longest sample"
        rows = sum(chunk.count for chunk in plan.chunks)
        shapes = [(rows, chunk.count) for chunk in plan.chunks for _ in range(chunk.count)]
        self.shapes.update(zip(range(first, self._fresh), shapes, strict=True))
        return True

    def rounding(self, slot: int) -> int:
        """Differs where any of a slot's tokens was computed in another shape."""
        return zlib.crc32(repr([self.shapes[cell] for cell, _ in self.held[slot]]).encode())


class ScriptedEngine:
    """The engine's loop without llama.cpp: every job writes `wanted[job]` tokens, each a hash of those before.

    With a split cache the hash is also one of the shapes in which they were computed, as a sum in floats is.
    """

    def __init__(self, cells: int, slots: int, batch: int, shares: bool = True, shapes: Shapes = "mixed") -> None:
        self.cache = CellCache(cells, slots) if shapes == "mixed" else SplitCache(cells, slots)
        self.scheduler = Scheduler(slots, batch, shares, shapes)
        self.batch = batch
        self.wanted: dict[Job, int] = {}
        self.prompts: dict[Job, list[int]] = {}
        self.ended: dict[Job, str] = {}
        self.decoded = 0
        self.batches: list[list[tuple[int, int, bool]]] = []  # of each step: (slot, rows, whether for nobody)

    def submit(self, prompt: list[int], wanted: int) -> Job:
        job = Job(list(prompt))
        self.wanted[job], self.prompts[job] = wanted, list(prompt)
        self.scheduler.submit(job)
        return job

    def step(self) -> None:
        plan = self._plan()
        while plan.chunks:
            assert sum(chunk.count for chunk in plan.chunks) <= self.batch
            assert len({chunk.job.slot for chunk in plan.chunks}) == len(plan.chunks), "one chunk a slot"
            if self.cache.decode(plan):
                break
            alone = self.scheduler.make_room()
            if alone is not None:
                self.end(alone, "length")
                return
            plan = self._plan()
        self.decoded += sum(chunk.count for chunk in plan.chunks if not chunk.filler)
        self.batches.append([(chunk.job.slot, chunk.count, chunk.filler) for chunk in plan.chunks])
        self.scheduler.decoded(plan)
        for chunk in plan.chunks:
            if chunk.output and not chunk.filler:
                job = chunk.job
                assert job.pending == 0, "an output follows the last token"
                rounding = self.cache.rounding(job.slot) if isinstance(self.cache, SplitCache) else 0
                job.tokens.append(follower(job.tokens, rounding))
                if len(job.tokens) - len(self.prompts[job]) >= self.wanted[job]:
                    self.end(job, "stop")

    def _plan(self) -> Plan:
        plan = self.scheduler.plan()
        self.cache.edit(plan)
        return plan

    def end(self, job: Job, reason: str) -> None:
        assert job not in self.ended
        self.ended[job] = reason
        self.scheduler.end(job, len(self.prompts[job]))

    def run(self, steps: int = 100_000) -> None:
        while not self.scheduler.idle:
            self.step()
            steps -= 1
            assert steps > 0, "somebody starves"


def follower(tokens: list[int], rounding: int = 0) -> int:
    return (zlib.crc32(repr(tokens).encode()) + rounding) % 7
