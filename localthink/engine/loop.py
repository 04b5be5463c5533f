"""The loop, in order: plan -> decode -> control -> draw -> emit. One batch a step, many samples at once.

Which sample runs in which slot is the scheduler's to say, what a token means the sample's, what is done to the logits
the controls'. Here they meet, and nowhere else.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from localthink.control.controls import Step
from localthink.control.interface import Finish, Fork
from localthink.engine.alternatives import alternatives
from localthink.engine.bindings import ABORTED, NativeContext
from localthink.engine.decoding import Decoding
from localthink.engine.model import Model
from localthink.engine.sample import Sample
from localthink.engine.sampler import Draw, FloatRow, Sampler
from localthink.engine.scheduler import Copy, Plan, Scheduler
from localthink.engine.threads import Threads
from localthink.engine.trial import Trial
from localthink.records import Event, FinishReason

DECODED = 0


class Loop:
    """Runs the samples of `scheduler`, `longest` tokens each at most; `release` is told of each that has ended.

    `events` are those that nobody has taken yet.
    """

    def __init__(self, model: Model, context: NativeContext, scheduler: Scheduler, longest: int,
                 release: Callable[[Sample], None], threads: Threads | None = None) -> None:
        self.events: list[Event] = []
        self.decoding = Decoding(context, can_undo=model.native.shares_prefixes)
        self.sampler = Sampler(model.native.n_vocab)
        self._model, self._context, self._scheduler, self._threads = model, context, scheduler, threads
        self._longest, self._release = longest, release
        self._cut_short = False

    def step(self) -> None:
        """One batch. After a step that ended in an exception, Ctrl+C for one, the next reads what still runs again."""
        if self._cut_short:
            self._recover()
        self._cut_short = True
        if self._threads is not None and self._threads.look():
            self._context.use_threads(self._threads.count)
        while (plan := self._plan()).chunks:
            status = self._decode(plan)
            if status == DECODED:
                for sample, logits in self._rows(plan):
                    step = self._control(sample, logits)
                    if sample.finished is None:
                        self._emit(sample, logits, self._draw(sample, logits, step))
            elif status == ABORTED:
                self._undo(plan)
            elif (alone := self._scheduler.make_room()) is not None:
                self._end(cast(Sample, alone.owner), "length")  # the cache cannot hold the only one any more
            else:
                continue
            break
        self._cut_short = False

    def _plan(self) -> Plan:
        """Who runs: the scheduler's next batch, with the cache made ready for it."""
        plan = self._scheduler.plan()
        for edit in plan.edits:
            if isinstance(edit, Copy):
                self._context.copy(edit.source, edit.target, edit.length)
            else:
                self._context.truncate(edit.slot, edit.length)
        return plan

    def _decode(self, plan: Plan) -> int:
        """Write the plan's chunks into the batch, and decode it. Returns DECODED, CACHE_IS_FULL or ABORTED."""
        context, row, now = self._context, 0, time.perf_counter()
        for chunk in plan.chunks:
            job, end = chunk.job, row + chunk.count
            start = job.cached
            if not chunk.filler:
                cast(Sample, job.owner).admitted(now, start)
            context.slots_of[row:end] = job.slot
            if chunk.count == 1:
                context.tokens[row], context.positions[row] = job.tokens[start], start
            else:
                context.tokens[row:end] = job.tokens[start:start + chunk.count]
                context.positions[row:end] = range(start, start + chunk.count)
                context.outputs[row:end] = 0
            context.outputs[end - 1] = chunk.output
            row = end
        return self.decoding.decode(plan, row, self._scheduler.running)

    def _rows(self, plan: Plan) -> Iterator[tuple[Sample, FloatRow]]:
        """Every sample that waits for a token, with the logits [V] of that token."""
        self._scheduler.decoded(plan)
        row = -1
        for chunk in plan.chunks:
            row += chunk.count
            if chunk.output and not chunk.filler:
                yield cast(Sample, chunk.job.owner), self._context.logits(row)

    def _control(self, sample: Sample, logits: FloatRow) -> Step:
        """What the sample's controls want of its next token."""
        sample.view.logits, sample.view.room = logits, sample.room(self._longest)
        step = sample.controls.plan()
        if isinstance(step.request, Finish):
            self._end(sample, step.request.reason)
        elif isinstance(step.request, Fork) and step.asker is not None and sample.view.room > step.request.room:
            sample.trials.append(Trial(sample, step.asker, step.request))
            self._scheduler.submit(sample.trials[-1].job, first=True)
        return step

    def _draw(self, sample: Sample, logits: FloatRow, step: Step) -> Draw:
        """One token, from the logits with the biases on them; or the one that a control forces in its place."""
        sampling, controls = sample.request.generation.sampling, sample.controls
        if step.temperature != 1:
            sampling = replace(sampling, temperature=sampling.temperature * step.temperature)
        return self.sampler.draw(logits, step.bias, sample.switch_tokens if step.mixed else None, sampling, sample.key,
                                 controls.choose if controls.steers else None)

    def _emit(self, sample: Sample, logits: FloatRow, draw: Draw) -> None:
        """The sample takes the token; what that completes becomes events."""
        vocabulary, token = self._model.vocabulary, draw.token
        likely = alternatives(self.sampler, vocabulary, logits, draw, sample.request.alternatives)
        self.events += sample.accept(draw, vocabulary.piece(token), time.perf_counter(),
                                     vocabulary.ends_generation(token), sample.view.room <= 1, likely)
        if sample.finished is not None:
            self._release(sample)

    def _end(self, sample: Sample, reason: FinishReason) -> None:
        self.events += sample.finish(reason)
        self._release(sample)

    def _undo(self, plan: Plan) -> None:
        """As if the plan had not been tried. A state that cannot be cut back is cleared, and its tokens read again."""
        for chunk in plan.chunks if self._model.native.shares_prefixes else ():
            self._context.truncate(chunk.job.slot, chunk.job.cached)
        if not self._model.native.shares_prefixes:
            self._scheduler.forget()

    def _recover(self) -> None:
        """A step was cut short: what had ended in it is released, and all that still runs is read again."""
        for sample in [cast(Sample, job.owner) for job in self._scheduler.running]:
            if sample.finished is not None:
                self._release(sample)
        self._scheduler.forget()
