"""One recommendation: which distill, at which precision, with which context, on this machine, and why.

The rule, in full. Of the R1 family, the model with the best published scores whose usual precision fits with room
to work in, with at least `ENOUGH_CONTEXT` tokens, and writes at least `LEAST_SPEED` tokens a second; where none is so
fast, the fastest that fits. A GPU whose speed could not be measured counts as fast. Then the highest precision
that still writes `GOOD_SPEED` ones.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from localthink.fit.choice import Asked
from localthink.fit.report import FitReport, of_spec, report, reports
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import ModelSpec

USUAL = "Q4_K_M"  # the smallest precision at which little of what a model can do is lost
ENOUGH_CONTEXT = 8192  # tokens: most answers of R1 end before
LEAST_SPEED = 6.0  # tokens a second: an answer of 3,000 tokens takes eight minutes
GOOD_SPEED = 15.0  # tokens a second: where a better precision is as fast as this, it is worth its time
FAMILY = "r1"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`considered` are all models of the family at their usual precision, the best scores first; `why` is a line."""

    report: FitReport
    spec: ModelSpec
    why: str
    considered: tuple[FitReport, ...]


def recommend(catalogue: Sequence[ModelSpec], room: MemoryBudget, asked: Asked,
              bandwidth: Bandwidth) -> Recommendation | None:
    """None where nothing fits."""
    considered = [report(of_spec(spec, usual_precision(spec)), room, asked, bandwidth) for spec in catalogue
                  if spec.family == FAMILY]
    considered.sort(key=lambda each: -(each.candidate.score or 0.0))
    usable = [each for each in considered if fits_well(each, asked)]
    if not usable:
        return None
    quick = [each for each in usable if each.tokens_per_second is None or each.tokens_per_second >= LEAST_SPEED]
    best = quick[0] if quick else max(usable, key=lambda each: each.tokens_per_second or 0.0)
    spec = next(spec for spec in catalogue if spec.name == best.candidate.name)
    chosen = precision_for(spec, room, asked, bandwidth)
    return Recommendation(chosen, spec, _why(chosen, considered, asked, bool(quick)), tuple(considered))


def usual_precision(spec: ModelSpec) -> str:
    """The precision that a model is looked at first; the smallest it has where it has not the usual one."""
    return USUAL if USUAL in spec.precisions else next(iter(spec.precisions))


def precision_for(spec: ModelSpec, room: MemoryBudget, asked: Asked, bandwidth: Bandwidth) -> FitReport:
    """The precision of one model that suits this machine; see `suited`."""
    return suited(reports(spec, room, asked, bandwidth), spec, asked)


def suited(found: Sequence[FitReport], spec: ModelSpec, asked: Asked) -> FitReport:
    """Of all precisions of a model, the one that suits: as in the recommendation; where the usual one does not fit, the
    highest that does, and else the smallest there is.
    """
    fitting = [each for each in found if fits_well(each, asked)]
    usual = next(each for each in found if each.candidate.precision == usual_precision(spec))
    if usual not in fitting:
        return fitting[-1] if fitting else found[0]
    return _finest(fitting, usual)


def _finest(fitting: Sequence[FitReport], usual: FitReport) -> FitReport:
    """The highest precision that is still pleasant to wait for, or else the usual one."""
    finer = [each for each in fitting if each.candidate.weights.total > usual.candidate.weights.total
             and each.tokens_per_second is not None and each.tokens_per_second >= GOOD_SPEED]
    return finer[-1] if finer else usual


def fits_well(each: FitReport, asked: Asked) -> bool:
    """Whether it fits with room to work in, and with a context that most answers fit into."""
    return each.verdict == "fits" and each.choice.needs.context >= (asked.context or ENOUGH_CONTEXT * asked.slots)


def _why(chosen: FitReport, considered: Sequence[FitReport], asked: Asked, quick: bool) -> str:
    """What speaks for it, and what kept better ones out."""
    better = [each for each in considered if (each.candidate.score or 0.0) > (chosen.candidate.score or 0.0)]
    slow = [f"{each.candidate.name} ({each.tokens_per_second:.1f})" for each in better
            if fits_well(each, asked) and each.tokens_per_second is not None]
    large = [each.candidate.name for each in better if each.verdict == "too big"]
    cramped = [f"{each.candidate.name} ({each.choice.needs.context:,})" for each in better
               if each.verdict != "too big" and not fits_well(each, asked)]
    unknown = "the best published scores of what fits; speeds were not measured"
    parts = [unknown if chosen.tokens_per_second is None else
             "the best published scores of what fits and is quick enough" if quick
             else f"nothing that fits writes {LEAST_SPEED:.0f} tokens/s here, and this is the quickest"]
    if slow:
        parts.append(f"better but slower than {LEAST_SPEED:.0f} tokens/s: {', '.join(slow)}")
    if cramped:
        parts.append("better but without room to work in, or with less than "
                     f"{asked.context or ENOUGH_CONTEXT * asked.slots:,} tokens of context: {', '.join(cramped)}")
    if large:
        parts.append(f"better but too large: {', '.join(large)}")
    return "; ".join(parts)
