"""A KV cache and a model without weights: cells are counted, positions checked, tokens follow from what came before."""
from __future__ import annotations

import zlib

from localthink.engine.scheduler import Copy, Job, Plan, Scheduler


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


class ScriptedEngine:
    """The engine's loop without llama.cpp: every job writes `wanted[job]` tokens, each a hash of those before."""

    def __init__(self, cells: int, slots: int, batch: int, shares: bool = True) -> None:
        self.cache = CellCache(cells, slots)
        self.scheduler = Scheduler(slots, batch, shares)
        self.batch = batch
        self.wanted: dict[Job, int] = {}
        self.prompts: dict[Job, list[int]] = {}
        self.ended: dict[Job, str] = {}
        self.decoded = 0
        self.widths: list[int] = []

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
        self.decoded += sum(chunk.count for chunk in plan.chunks)
        self.widths.append(len(plan.chunks))
        self.scheduler.decoded(plan)
        for chunk in plan.chunks:
            if chunk.output:
                job = chunk.job
                assert job.pending == 0, "an output follows the last token"
                job.tokens.append(follower(job.tokens))
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


def follower(tokens: list[int]) -> int:
    return zlib.crc32(repr(tokens).encode()) % 7
