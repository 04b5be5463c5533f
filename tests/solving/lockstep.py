"""An engine that is only played: all that runs writes one token a step, and each attempt ends as its pool says."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from localthink.records import Event, Generation, Intervention, Request, Sampling, Tip, Trace
from localthink.solving.attempts import Attempt


@dataclass
class LockstepEngine:
    """`pools` are attempts by question; attempt i of one is the i-th that was submitted. `log` is what happened."""

    pools: dict[str, Sequence[Attempt]]
    slots: int = 16
    log: list[tuple[Any, ...]] = field(default_factory=list)
    most: int = 0  # that ran side by side

    def __post_init__(self) -> None:
        self.model = SimpleNamespace(name="played")
        self._prompts = list(self.pools)
        self._given = dict.fromkeys(self._prompts, 0)
        self._running: dict[int, tuple[Attempt, Request, int]] = {}
        self._requests = 0

    def request(self, asked: Any, generation: Generation, *, seed: int = 0, raw: bool = False) -> Request:
        return Request((self._prompts.index(asked[-1].content) + 1,), generation, seed=seed)

    def submit(self, request: Request) -> int:
        question = self._prompts[request.prompt[0] - 1]
        attempt = self.pools[question][self._given[question]]
        self._given[question] += 1
        self._requests += 1
        self._running[self._requests] = attempt, request, 0
        self.most = max(self.most, len(self._running))
        self.log.append(("begun", question, attempt.number, request))
        return self._requests

    def step(self) -> list[Event]:
        assert self._running, "a step with nothing to do would be waited for for ever"
        events = []
        for number, (attempt, request, written) in list(self._running.items()):
            self._running[number] = attempt, request, written + 1
            ends = written + 1 == attempt.tokens
            if ends:
                del self._running[number]
            events.append(_event(number, 1, _trace(attempt, request, written + 1, "stop") if ends else None))
        return events

    def cancel(self, number: int) -> list[Event]:
        attempt, request, written = self._running.pop(number)
        self.log.append(("cancelled", attempt.number, written))
        return [_event(number, -1, _trace(attempt, request, written, "cancelled"))]


def _event(number: int, token: int, trace: Trace | None) -> Event:
    return Event(number, 0, token, "", "answer", -1, False, 0.0, 0.0, 0, trace=trace)


def _trace(attempt: Attempt, request: Request, tokens: int, reason: Any) -> Trace:
    answer = f"\\boxed{{{attempt.said.text}}}" if attempt.said is not None else ""
    told = (Intervention(0, "confidence", f"lowest group {attempt.confidence}"),) if attempt.confidence else ()
    return Trace(0, request.seed, 1, (1,) * tokens, "", answer, reason, (), 0, 0, Sampling(), Tip(), 0.1, 1.0, 1.0,
                 interventions=told)
