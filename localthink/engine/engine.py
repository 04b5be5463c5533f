"""The engine: one llama.cpp context, many samples, one loop.

    submit -> [plan -> decode -> penalise, draw, observe] -> events -> trace

A single question is a batch of one. Not thread-safe: one thread drives an engine.
"""
from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import cast

from localthink.engine.bindings import ABORTED, NativeContext
from localthink.engine.decoding import Decoding
from localthink.engine.model import Model, Question
from localthink.engine.sample import Sample
from localthink.engine.sampler import Draw, FloatRow, Sampler
from localthink.engine.scheduler import Copy, Plan, Scheduler, Shapes
from localthink.engine.threads import Threads
from localthink.errors import EngineError
from localthink.prompt.messages import without_thinking
from localthink.records import Alternative, BudgetRequest, Event, Generation, Prefix, Request, Tip, Trace
from localthink.thinking.markers import PARAPHRASE
from localthink.thinking.tags import KNOWN_TAGS
from localthink.thinking.tracker import NOTHING, ThoughtTracker

SURE = 0.99  # from this probability on, a token has no alternatives worth a look: most have not


class Engine:
    """Runs requests on a model. Close it, or use it in a `with`, to free the memory."""

    def __init__(self, model: Model, context: NativeContext, longest: int | None = None,
                 fixed_shapes: bool = False, threads: Threads | None = None) -> None:
        """`longest` is the most tokens that one sample may have; with `fixed_shapes` its text never depends on others.

        The latter takes a split cache. `threads` has their number follow what the processor has to spare.
        """
        self.model, self._context = model, context
        self.slots, self.cells, self.cache = context.slots, context.cells, context.cache
        trained = model.facts.context_length or context.cells
        self.longest = min(context.longest, trained, longest or trained)
        if fixed_shapes and not context.split:
            raise ValueError("shapes can be fixed only where the cache is split")
        shapes: Shapes = "fixed" if fixed_shapes else "ordered" if context.split else "mixed"
        self._scheduler = Scheduler(context.slots, context.batch, model.native.shares_prefixes, shapes)
        self._decoding = Decoding(context, can_undo=model.native.shares_prefixes)
        self._sampler = Sampler(model.native.n_vocab)
        self._threads = threads
        self._samples: dict[int, list[Sample]] = {}
        self._inbox: dict[int, deque[Event]] = {}  # of requests that are being streamed
        self._requests = 0
        self._cut_short = False
        self._ready: list[Event] = []  # drawn and not handed out yet

    def request(self, question: Question, generation: Generation | None = None, *, n: int = 1, seed: int = 0,
                raw: bool = False) -> Request:
        """A request for `submit`: the question as this model's prompt, how it is answered, and how often.

        Of messages, those of the assistant lose the block of thinking that they may begin with.
        """
        asked = question if isinstance(question, str) else without_thinking(question, (self.model.tags, *KNOWN_TAGS))
        generation = generation or Generation()
        return Request(self.model.prompt(asked, raw, generation.think, self.longest), generation, n, seed)

    def check(self, request: Request) -> None:
        """Raise PromptError if the prompt leaves no room, UsageError if a token or a marker group does not exist."""
        self.model.check(request, self.longest)

    def submit(self, request: Request) -> int:
        """Queue a request; its number marks its events. Raises what `check` raises."""
        self.check(request)
        tip = request.generation.tip
        automaton = self.model.automaton(tip.groups)
        paraphrase = NOTHING if PARAPHRASE in tip.groups else self.model.paraphrases
        begins_thinking = self.model.begins_thinking(request.prompt)
        everywhere = tip.where == "everywhere"
        self._requests += 1
        samples = []
        for index in range(request.samples):
            tracker = ThoughtTracker(automaton, begins_thinking, everywhere, paraphrase)
            samples.append(Sample(self._requests, request, index, tracker, self.model.tags))
            self._ready += samples[-1].resume(self.model.vocabulary.piece)
            self._scheduler.submit(samples[-1].job)
        self._samples[self._requests] = samples
        return self._requests

    def step(self) -> list[Event]:
        """Decode one batch; returns the events of the samples in it, in the order of the batch.

        Empty while prompts are being read, and when there is nothing to do (see `idle`). After a step
        that ended in an exception, Ctrl+C for one, the next reads what still runs again.
        """
        if self._cut_short:
            self._recover()
        self._cut_short = True
        self._step()
        self._cut_short = False
        return self._hand_out()

    def _recover(self) -> None:
        for job in self._scheduler.running:
            sample = cast(Sample, job.owner)
            if sample.finished is not None:
                self._release(sample)
        self._scheduler.forget()

    def _step(self) -> None:
        if self._threads is not None and self._threads.look():
            self._context.use_threads(self._threads.count)
        now = time.perf_counter()
        plan = self._plan()
        while plan.chunks:
            for chunk in plan.chunks:
                if not chunk.filler:
                    cast(Sample, chunk.job.owner).admitted(now, chunk.job.cached)
            status = self._decoding.decode(plan, self._fill(plan), self._scheduler.running)
            if status == 0:
                self._draw(plan)
                return
            if status == ABORTED:
                self._undo(plan)
                return
            alone = self._scheduler.make_room()
            if alone is not None:
                self._finish(cast(Sample, alone.owner))
                return
            plan = self._plan()

    def _undo(self, plan: Plan) -> None:
        """As if the plan had not been tried. A state that cannot be cut back is cleared, and its tokens read again."""
        if not self.model.native.shares_prefixes:
            self._scheduler.forget()
            return
        for chunk in plan.chunks:
            self._context.truncate(chunk.job.slot, chunk.job.cached)

    def _hand_out(self) -> list[Event]:
        """What is ready, also put where open streams find it."""
        events, self._ready = self._ready, []
        for event in events:
            if event.request in self._inbox:
                self._inbox[event.request].append(event)
        return events

    @property
    def idle(self) -> bool:
        return self._scheduler.idle

    @property
    def busy(self) -> int:
        """How many slots are in use."""
        return len(self._scheduler.running)

    def give_up(self, request: int) -> None:
        """From any thread: have `step` come back at once where it is mostly for such a request; `cancel` it then."""
        self._decoding.give_up(request)

    def reading(self, request: int) -> tuple[int, int]:
        """How many tokens of an unfinished request's prompt have been read, and of how many."""
        job = self._samples[request][0].job
        return min(job.cached, job.prompt), job.prompt

    def written(self, request: int, start: int) -> Prefix:
        """What an unfinished request's first sample has written from its token `start` on."""
        return self._samples[request][0].written(start)

    def steer(self, request: int, tip: Tip | None = None, wish: BudgetRequest | None = None) -> None:
        """Change a request between two steps, from the next token on.

        Of `tip`, strength and duration count; markers stay as they were. The `wish` "answer" closes the
        thinking at the next sentence end, "think" keeps it from closing, "free" takes either back.
        """
        for sample in self._samples.get(request, ()):
            if sample.finished is None:
                sample.steer(tip or sample.tip, wish or sample.wish)

    def cancel(self, request: int) -> list[Event]:
        """Give up a request between two steps; returns the closing event of each unfinished sample."""
        for sample in self._samples.pop(request, []):
            if sample.finished is None:
                self._ready += sample.finish("cancelled")
                self._scheduler.end(sample.job, len(sample.request.prompt))
        return self._hand_out()

    def stream(self, question: Question, generation: Generation | None = None, *, n: int = 1, seed: int = 0,
               raw: bool = False) -> Iterator[Event]:
        """Answer one question, a token at a time; the last event of each of the `n` samples has its trace.

        A text is one user message; with `raw` it is the prompt itself. Closing the iterator cancels the request.
        Several streams may be read by turns: they share every batch.
        """
        request = self.request(question, generation, n=n, seed=seed, raw=raw)
        self.check(request)
        return self._events(request)

    def _events(self, accepted: Request) -> Iterator[Event]:
        request = self.submit(accepted)
        inbox = self._inbox[request] = deque()
        unfinished = len(self._samples[request])
        try:
            while unfinished:
                while not inbox:
                    self._step_for(request)
                event = inbox.popleft()
                unfinished -= event.trace is not None
                yield event
        finally:
            self.cancel(request)
            del self._inbox[request]

    def generate(self, questions: Iterable[Question], generation: Generation | None = None, *, n: int = 1,
                 seed: int = 0, raw: bool = False) -> list[list[Trace]]:
        """Answer many questions, `n` samples each, as many at once as there are slots; traces in order."""
        if isinstance(questions, str):
            raise TypeError("questions is one text: give a list of them")
        requests = [self.request(question, generation, n=n, seed=seed, raw=raw) for question in questions]
        for request in requests:
            self.check(request)
        numbers = [self.submit(request) for request in requests]
        traces: dict[int, list[Trace]] = {number: [] for number in numbers}
        missing = n * len(numbers)
        try:
            while missing:
                for event in self._step_for(*numbers):
                    if event.trace is not None and event.request in traces:
                        traces[event.request].append(event.trace)
                        missing -= 1
        finally:
            for number in numbers:
                self.cancel(number)
        return [sorted(traces[number], key=lambda trace: trace.sample) for number in numbers]

    def _step_for(self, *requests: int) -> list[Event]:
        """A step that somebody waits for; an end that nobody will see is an error, not a wait for ever."""
        if self.idle and not self._ready:
            raise EngineError(f"request {requests[0]} has ended, and its last events were taken elsewhere")
        return self.step()

    def _plan(self) -> Plan:
        """The next plan, with the cache made ready for it."""
        plan = self._scheduler.plan()
        for edit in plan.edits:
            if isinstance(edit, Copy):
                self._context.copy(edit.source, edit.target, edit.length)
            else:
                self._context.truncate(edit.slot, edit.length)
        return plan

    def _fill(self, plan: Plan) -> int:
        """Write the plan's chunks into the batch; returns the number of rows."""
        context, row = self._context, 0
        for chunk in plan.chunks:
            job, end = chunk.job, row + chunk.count
            start = job.cached
            if chunk.count == 1:
                context.tokens[row], context.positions[row] = job.tokens[start], start
                context.slots_of[row] = job.slot
            else:
                context.tokens[row:end] = job.tokens[start:start + chunk.count]
                context.positions[row:end] = range(start, start + chunk.count)
                context.slots_of[row:end] = job.slot
                context.outputs[row:end] = 0
            context.outputs[end - 1] = chunk.output
            row = end
        return row

    def _draw(self, plan: Plan) -> None:
        """After the decode: one token for every chunk that reached the end of its job."""
        self._scheduler.decoded(plan)
        row = -1
        for chunk in plan.chunks:
            row += chunk.count
            if chunk.output and not chunk.filler:
                self._next_token(cast(Sample, chunk.job.owner), row)

    def _next_token(self, sample: Sample, row: int) -> None:
        request, vocabulary, job = sample.request, self.model.vocabulary, sample.job
        logits, steer = self._context.logits(row), None
        if sample.steers:
            closing, go_on = self.model.closing, self.model.go_on

            def steer(token: int) -> int:
                return sample.forced(token, vocabulary.ends_generation(token), closing, go_on)

        generation = request.generation
        draw = self._sampler.draw(logits, sample.switch_tokens, sample.penalty, generation.sampling, sample.key, steer)
        written = len(job.tokens) + 1 - len(request.prompt)
        last = written >= (generation.max_tokens or math.inf) or len(job.tokens) + 1 >= self.longest
        self._ready += sample.accept(draw, vocabulary.piece(draw.token), time.perf_counter(),
                                     vocabulary.ends_generation(draw.token), last,
                                     self._alternatives(logits, draw, request.alternatives))
        if sample.finished is not None:
            self._release(sample)

    def _alternatives(self, logits: FloatRow, draw: Draw, count: int) -> tuple[Alternative, ...]:
        """What was likely in the row of this draw, and what would have come without the penalty.

        Where nothing else was likely, the token itself.
        """
        if not count:
            return ()
        likely = [(draw.token, math.exp(draw.raw_logprob), math.exp(draw.logprob))]
        if min(likely[0][1:]) < SURE:
            likely = self._sampler.alternatives(logits, count)
        if draw.instead is not None and all(token != draw.instead for token, *_ in likely):
            likely = [*likely[:count - 1], self._sampler.chances(logits, draw.instead)]
        piece = self.model.vocabulary.piece
        return tuple(Alternative(token, piece(token).decode("utf-8", "replace"), before, after)
                     for token, before, after in likely)

    def _finish(self, sample: Sample) -> None:
        """The cache cannot hold the only running sample any more."""
        self._ready += sample.finish("length")
        self._release(sample)

    def _release(self, sample: Sample) -> None:
        """Free the slot. Its prompt stays for others; R1's templates drop the rest from later turns anyway."""
        thinks = self.model.thinks
        self._scheduler.end(sample.job, len(sample.request.prompt) if thinks else len(sample.job.tokens))
        if all(other.finished for other in self._samples[sample.request_id]):
            del self._samples[sample.request_id]

    def close(self) -> None:
        self._context.close()
        self.model.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
