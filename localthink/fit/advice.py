"""What to say to a person who asks which model to take, or whether one fits."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localthink.fit.choice import Asked
from localthink.fit.recommend import USUAL, recommend, suited
from localthink.fit.report import FitReport, of_file, report, reports
from localthink.gguf.header import ModelFacts
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import ModelSpec


@dataclass(frozen=True, slots=True)
class Advice:
    """`report` is of the model that is meant, None where none fits; `others` are what else was weighed.

    `pull` is what `localthink models pull` would be given, empty for a file that is here.
    """

    report: FitReport | None
    headline: str
    why: str
    others: tuple[FitReport, ...] = ()
    pull: str = ""

    def as_object(self) -> dict[str, Any]:
        main = self.report.as_object() if self.report is not None else {}
        return {**main, "headline": self.headline, "why": self.why, "pull": self.pull,
                "others": [each.as_object() for each in self.others]}


def advise(catalogue: Sequence[ModelSpec], room: MemoryBudget, asked: Asked, bandwidth: Bandwidth) -> Advice:
    """One recommendation for this machine, and what the other models of the family would take."""
    found = recommend(catalogue, room, asked, bandwidth)
    if found is None:
        return Advice(None, "None of the distilled R1 models fits",
                      f"there is {room.described()}: close other programs, or ask for a smaller context")
    candidate = found.report.candidate
    others = tuple(each for each in found.considered if each.candidate.name != candidate.name)
    headline = f"Recommended: {found.spec.title} ({candidate.name}) at {candidate.precision}"
    return Advice(found.report, headline, found.why, others, f"{candidate.name}:{candidate.precision}")


def advise_on_spec(spec: ModelSpec, precision: str | None, room: MemoryBudget, asked: Asked,
                   bandwidth: Bandwidth) -> Advice:
    """Whether a model of the catalogue fits, at a named precision or at the one that suits."""
    every = reports(spec, room, asked, bandwidth)
    chosen = (next(each for each in every if each.candidate.precision == precision) if precision is not None
              else suited(every, spec, asked))
    why = "as asked" if precision is not None else _precision_reason(chosen)
    others = tuple(each for each in every if each is not chosen)
    return Advice(chosen, f"{spec.title} ({spec.name}) at {chosen.candidate.precision}", why, others,
                  f"{spec.name}:{chosen.candidate.precision}")


def advise_on_file(facts: ModelFacts, room: MemoryBudget, asked: Asked, bandwidth: Bandwidth) -> Advice:
    """Whether a file that is here fits, by its own header."""
    return Advice(report(of_file(facts), room, asked, bandwidth), f"{facts.path.stem} at {facts.quantization}",
                  "by its header")


def _precision_reason(chosen: FitReport) -> str:
    precision = chosen.candidate.precision
    if chosen.verdict == "too big":
        return "no precision fits, and this is the smallest"
    if precision == USUAL and chosen.tokens_per_second is None:
        return "the usual precision; speeds were not measured"
    if precision == USUAL:
        return "the usual precision: higher ones are slower here, or do not fit"
    small = chosen.verdict == "tight" or precision < USUAL
    return ("the usual precision does not fit with room to work in" if small
            else "the highest precision that is pleasant to wait for here")
