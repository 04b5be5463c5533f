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

        Cases of one question, and of one sample, are asked one after the other: their prompts begin alike, and each
        begins in the cache of the one before. Only the prompts that are under way are held. Closing the iterator gives
        those up.
        """
        waiting = sorted(range(len(cases)), key=lambda place: _near(cases[place], place), reverse=True)
        engine, under_way = self._engine, dict[int, tuple[int, Asked, Verdict]]()
        try:
            while waiting or under_way:
                found: list[tuple[int, Judgement]] = []
                while waiting and len(under_way) < AHEAD * engine.slots and len(found) < AHEAD * engine.slots:
                    place = waiting.pop()
                    try:
                        prompt = asked(engine.model, self._prompts, cases[place], engine.longest)
                    except PromptError as error:
                        found.append((place, Judgement(None, str(error))))
                        continue
                    verdict = Verdict(self._yes, self._no)
                    number = engine.submit(Request(prompt.tokens, PLAIN), own=[verdict])
                    under_way[number] = place, prompt, verdict
                ended = [event.request for event in engine.step() if event.trace is not None] if under_way else []
                asked_for = [under_way.pop(number) for number in ended if number in under_way]
                yield found + [(place, judgement(verdict.probability, prompt.cut, engine.longest))
                               for place, prompt, verdict in asked_for]
        finally:
            for number in under_way:
                engine.cancel(number)


def _near(case: Case, place: int) -> tuple[str, str, int]:
    """Sorts the cases of a question, and of a sample within it, together and in their order."""
    return case.question, case.key.rpartition(":")[0], place


def judgement(probability: float, cut: int, room: int) -> Judgement:
    room = room if cut else 0
    if math.isnan(probability):
        return Judgement(None, "the judge's logits are not finite, or its context is full", cut, room)
    return Judgement(probability, cut=cut, room=room)


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
