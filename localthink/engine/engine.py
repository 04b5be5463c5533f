"""The engine: requests in, events out; one llama.cpp context, many samples, one loop (`loop`).

A single question is a batch of one. Not thread-safe: one thread drives an engine.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType

from localthink.control.interface import Control
from localthink.engine.bindings import NativeContext
from localthink.engine.loop import Loop
from localthink.engine.model import Model, Question
from localthink.engine.sample import Sample
from localthink.engine.scheduler import Scheduler, Shapes
from localthink.engine.threads import Threads
from localthink.engine.trial import Trial
from localthink.errors import EngineError, UsageError
from localthink.prompt.messages import without_thinking
from localthink.records import BudgetRequest, Event, Generation, Prefix, Request, Tip, Trace
from localthink.thinking.markers import PARAPHRASE
from localthink.thinking.tags import KNOWN_TAGS
from localthink.thinking.tracker import NOTHING, ThoughtTracker


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
        self._loop = Loop(model, context, self._scheduler, self.longest, self._release, threads)
        self._samples: dict[int, list[Sample]] = {}
        self._inbox: dict[int, deque[Event]] = {}  # of requests that are being streamed
        self._requests = 0

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

    def submit(self, request: Request, own: Sequence[Control] = ()) -> int:
        """Queue a request; its number marks its events. Raises what `check` raises.

        `own` are controls of the caller's, which come after those that the request names: how a program looks at
        logits. They see one sample, and the request has one.
        """
        self.check(request)
        if own and request.samples > 1:
            raise ValueError("controls of the caller's own see one sample: submit a request for each")
        tip = request.generation.tip
        automaton = self.model.automaton(tip.groups)
        paraphrase = NOTHING if PARAPHRASE in tip.groups else self.model.paraphrases
        begins_thinking = self.model.begins_thinking(request.prompt)
        everywhere = tip.where == "everywhere"
        self._requests += 1
        samples = []
        for index in range(request.samples):
            tracker = ThoughtTracker(automaton, begins_thinking, everywhere, paraphrase)
            samples.append(Sample(self._requests, request, index, tracker, self.model.tags, self.model.words,
                                  own))
        self._check_forks(samples[0])
        for sample in samples:
            self._loop.events += sample.resume(self.model.vocabulary.piece)
            self._scheduler.submit(sample.job)
        self._samples[self._requests] = samples
        return self._requests

    def _check_forks(self, sample: Sample) -> None:
        """Raise UsageError where a control would fork a sample and cannot."""
        for control in sample.controls.controls:
            if control.forks and self.slots < 2:
                raise UsageError(f"the control {control.name} tries answers out beside a sample: it takes 2 slots")
            if control.forks and not self.model.native.shares_prefixes:
                raise UsageError(f"the control {control.name} tries answers out beside a sample, and the cache of a "
                                 f"{self.model.facts.architecture} model cannot be shared: leave it out")

    def step(self) -> list[Event]:
        """Decode one batch; returns the events of the samples in it, in the order of the batch.

        Empty while prompts are being read, and when there is nothing to do (see `idle`). After a step
        that ended in an exception, Ctrl+C for one, the next reads what still runs again.
        """
        self._loop.step()
        return self._hand_out()

    def _hand_out(self) -> list[Event]:
        """What is ready, also put where open streams find it."""
        events, self._loop.events = self._loop.events, []
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
        self._loop.decoding.give_up(request)

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
                self._loop.events += sample.finish("cancelled")
                self._scheduler.end(sample.job, len(sample.request.prompt))
                self._end_trials(sample)
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
        if self.idle and not self._loop.events:
            raise EngineError(f"request {requests[0]} has ended, and its last events were taken elsewhere")
        return self.step()

    def _release(self, sample: Sample) -> None:
        """Free the slot. Its prompt stays for others; R1's templates drop the rest from later turns anyway."""
        if isinstance(sample, Trial):
            self._scheduler.end(sample.job, 0)
            return
        thinks = self.model.thinks
        self._scheduler.end(sample.job, len(sample.request.prompt) if thinks else len(sample.job.tokens))
        self._end_trials(sample)
        if all(other.finished for other in self._samples[sample.request_id]):
            del self._samples[sample.request_id]

    def _end_trials(self, sample: Sample) -> None:
        """What a control has tried out beside a sample is of no use after it."""
        for trial in sample.trials:
            if trial.finished is None:
                trial.finish("cancelled")
                self._scheduler.end(trial.job, 0)

    def close(self) -> None:
        self._context.close()
        self.model.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()
