"""A judge that is any GGUF: what it thinks of a case is the probability that its answer begins with yes."""
from __future__ import annotations

import math
from collections.abc import Generator, Sequence

from localthink.engine.engine import Engine
from localthink.engine.model import Model
from localthink.errors import PromptError, UsageError
from localthink.judge.asking import Asked, asked
from localthink.judge.interface import Case, Judgement
from localthink.judge.prompts import Prompts, bundled_prompts
from localthink.judge.verdict import Verdict
from localthink.records import Generation, Request, Tip
from localthink.thinking.automaton import TokenIds

AHEAD = 4  # requests for every slot that wait in the engine
PLAIN = Generation(tip=Tip(alpha=0))


class ModelJudge:
    """Asks the model of an engine, which others may use in between. Raises UsageError where it knows no yes or no."""

    def __init__(self, engine: Engine, prompts: Prompts | None = None) -> None:
        self._engine, self._prompts = engine, prompts or bundled_prompts()
        self._yes, self._no = verdict_tokens(engine.model, self._prompts)

    @property
    def name(self) -> str:
        return self._engine.model.name

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        found = dict(each for step in self.steps(cases) for each in step)
        return [found[place] for place in range(len(cases))]

    def steps(self, cases: Sequence[Case]) -> Generator[list[tuple[int, Judgement]]]:
        """What every step of the engine brings, often nothing: judgements with the places of their cases.

        Prompts that begin alike are asked one after the other, so that each begins in the cache of the one before.
        """
        prompts: list[tuple[int, Asked]] = []
        for place, case in enumerate(cases):
            try:
                prompts.append((place, asked(self._engine.model, self._prompts, case, self._engine.longest)))
            except PromptError as error:
                yield [(place, Judgement(None, str(error)))]
        yield from self._ask(sorted(prompts, key=lambda each: each[1].tokens, reverse=True))

    def _ask(self, waiting: list[tuple[int, Asked]]) -> Generator[list[tuple[int, Judgement]]]:
        """Ask all, the last first; closing the iterator gives up those that are under way."""
        engine, under_way = self._engine, dict[int, tuple[int, Asked, Verdict]]()
        try:
            while waiting or under_way:
                while waiting and len(under_way) < AHEAD * engine.slots:
                    place, prompt = waiting.pop()
                    verdict = Verdict(self._yes, self._no)
                    number = engine.submit(Request(prompt.tokens, PLAIN), own=[verdict])
                    under_way[number] = place, prompt, verdict
                ended = [event.request for event in engine.step() if event.trace is not None]
                found = [under_way.pop(number) for number in ended if number in under_way]
                yield [(place, judgement(verdict.probability, prompt.cut)) for place, prompt, verdict in found]
        finally:
            for number in under_way:
                engine.cancel(number)


def judgement(probability: float, cut: int) -> Judgement:
    if math.isnan(probability):
        return Judgement(None, "the judge's logits are not finite, or its context is full", cut)
    return Judgement(probability, cut=cut)


def verdict_tokens(model: Model, prompts: Prompts) -> tuple[TokenIds, TokenIds]:
    """The tokens that say yes as a whole, and those that say no. Raises UsageError where the vocabulary has none."""
    found = []
    for verdict, words in (("yes", prompts.yes), ("no", prompts.no)):
        ids = model.words.forms(words)
        if not ids.size:
            raise UsageError(f"{model.name} cannot judge: its vocabulary has no token for {verdict} "
                             f"({', '.join(words)}): take another model")
        found.append(ids)
    return found[0], found[1]
