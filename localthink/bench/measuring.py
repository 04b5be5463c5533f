"""The rounds: an engine reads and writes, and is timed."""
from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence

from localthink.bench.figures import Figures
from localthink.bench.work import LEAST_EACH, LEAST_WRITTEN, SPARE, Work, chosen
from localthink.engine.engine import Engine
from localthink.errors import UsageError
from localthink.records import Generation, Request, Tip

PENALTY = Tip(alpha=3.0, beta=math.inf, where="everywhere")  # at every token, whatever the model writes
PLAIN = Tip(alpha=0.0, beta=math.inf, where="everywhere")
WARM_READ, WARM_WRITTEN = 32, 3  # tokens
ATTEMPTS = 8  # at writing all that is to be written: a model that does not think may end early
Told = Callable[[str], None]


class Bench:
    """Measures an engine with as many slots as the work has at most. `figures` grow while `run` goes on.

    `stopped` is asked between two steps; `told` hears in a few words what is going on.
    """

    def __init__(self, engine: Engine, work: Work, stopped: Callable[[], bool], told: Told, seed: int = 0) -> None:
        self._engine, self._stopped, self._told = engine, stopped, told
        self._random = random.Random(seed)
        vocabulary = engine.model.vocabulary
        self._head = [vocabulary.bos] if vocabulary.add_bos and vocabulary.bos is not None else []
        self._tail = list((engine.model.tags.ids or ())[:1])
        self.work = work
        self.figures = {slots: Figures(slots) for slots in work.slots}
        self._check_room()

    def _check_room(self) -> None:
        longest, slots = self._engine.longest, max(self.work.slots)
        asked = (self.work.prompt or self.work.least_prompt) + 2 * (self.work.tokens or LEAST_WRITTEN) + SPARE
        if asked > longest:
            raise UsageError(f"a slot holds {longest} tokens, and prompt and text take {asked}: give fewer "
                             f"--prompt-tokens or --tokens, or --context {slots * asked} where the model allows it")

    def run(self) -> None:
        """Warm up, choose what was left open, and measure every round, or until `stopped`."""
        self._warm_up()
        for number in range(1, self.work.rounds + 1):
            for figures in self.figures.values():
                if self._stopped():
                    return
                slots = f"{figures.slots} slot{'s' if figures.slots > 1 else ''}"
                self._measure(figures, self.work, f"round {number} of {self.work.rounds}, {slots}")

    def _warm_up(self) -> None:
        """A short round that is not counted, by which the others are chosen."""
        warm = [Figures(slots) for slots in self.work.slots]
        for figures in warm:
            reading = max(WARM_READ, LEAST_EACH * figures.slots)
            self._measure(figures, Work((figures.slots,), 1, reading, WARM_WRITTEN), "warming up")
        if all(figures.readings and figures.plain for figures in warm):
            self.work = chosen(self.work, warm, self._engine.longest)
        elif not self._stopped():
            raise UsageError(f"{self._engine.model.name} ends its text at once, whatever it reads: there is nothing "
                             "to measure")

    def _measure(self, figures: Figures, work: Work, title: str) -> None:
        """Read prompts of so many tokens together, then write so many each way."""
        assert work.prompt is not None and work.tokens is not None, "chosen by the warm-up"
        prompts = [self._prompt(work.prompt // figures.slots) for _ in range(figures.slots)]
        self._told(f"{title}: reading")
        seconds = self._read(prompts)
        if seconds is None:
            return
        figures.read = sum(map(len, prompts))
        figures.readings.append(seconds)
        written = attempts = 0
        while written < work.tokens and attempts < ATTEMPTS and not self._stopped():
            attempts += 1
            for plain, penalty in self._write(prompts, work.tokens - written):
                written += 1
                figures.plain.append(plain)
                figures.penalty.append(penalty)
                self._told(f"{title}: writing, {written} of {work.tokens}")

    def _prompt(self, length: int) -> tuple[int, ...]:
        """Tokens drawn at random, which no slot has read before; the thinking begins behind them."""
        model = self._engine.model
        body: list[int] = []
        tags = model.tags.ids or ()
        while len(self._head) + len(body) + len(self._tail) < length:
            token = self._random.randrange(model.native.n_vocab)
            if model.vocabulary.piece(token) and token not in tags and not model.vocabulary.ends_generation(token):
                body.append(token)
        return (*self._head, *body, *self._tail)

    def _read(self, prompts: Sequence[tuple[int, ...]]) -> float | None:
        """Seconds until all prompts are read and one token follows each; None where that was stopped."""
        start = time.perf_counter()
        requests = [self._engine.submit(Request(prompt, Generation(tip=PLAIN, max_tokens=1))) for prompt in prompts]
        try:
            while not self._engine.idle:
                if self._stopped():
                    return None
                self._engine.step()
            return time.perf_counter() - start
        finally:
            self._give_up(requests)

    def _write(self, prompts: Sequence[tuple[int, ...]], tokens: int) -> Iterator[tuple[float, float]]:
        """Seconds of a step without the penalty and of one beside it, until `tokens` pairs or one sample's end."""
        requests = [self._engine.submit(Request(prompt, Generation(tip=PLAIN), seed=self._random.getrandbits(31)))
                    for prompt in prompts]
        try:
            for request in requests:
                self._engine.steer(request, wish="think")  # a sample that ends its thinking would soon end itself
            if not self._first_tokens(requests):
                return
            for pair in range(tokens):
                order = (PLAIN, PENALTY) if pair % 2 == 0 else (PENALTY, PLAIN)
                taken = [self._step(requests, tip) for tip in order]
                if None in taken or self._stopped():
                    return
                first, second = (seconds for seconds in taken if seconds is not None)
                yield (first, second) if order[0] is PLAIN else (second, first)
        finally:
            self._give_up(requests)

    def _first_tokens(self, requests: Sequence[int]) -> bool:
        """Step until every sample has begun; what some write meanwhile is not measured. False where one has ended."""
        while True:
            self._engine.step()
            if self._stopped() or self._engine.busy < len(requests):
                return False
            if all(read == prompt for read, prompt in map(self._engine.reading, requests)):
                return True

    def _step(self, requests: Sequence[int], tip: Tip) -> float | None:
        """Seconds in which every slot wrote a token; None where one of them ended."""
        for request in requests:
            self._engine.steer(request, tip)
        start = time.perf_counter()
        self._engine.step()
        seconds = time.perf_counter() - start
        return seconds if self._engine.busy == len(requests) else None

    def _give_up(self, requests: Sequence[int]) -> None:
        for request in requests:
            self._engine.cancel(request)
