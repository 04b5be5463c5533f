"""What is measured of one setting, each figure with an interval over problems; and of one setting against another."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from localthink.clusters import Floats, Interval, ratio_interval
from localthink.study.samples import CUT, OUTCOMES, Outcome, Sample, complete_pairs
from localthink.study.statistics import (
    majority_at,
    mean_interval,
    observed_detectable,
    pass_at,
    share_interval,
)

OF_THOUGHTS = ("thoughts", "switches", "paraphrases", "held")  # mean nothing beside those of other markers
COUNTS: tuple[tuple[str, Callable[[Sample], float]], ...] = (  # means over samples
    ("tokens", lambda sample: sample.tokens), ("thinking tokens", lambda sample: sample.thinking),
    ("answer tokens", lambda sample: sample.answer), ("thoughts", lambda sample: len(sample.thoughts)),
    ("switches", lambda sample: sample.switches), ("paraphrases", lambda sample: sample.paraphrases),
    ("held", lambda sample: sample.held), ("waits", lambda sample: sample.waits))


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean, its 95 % interval where there is one, and over how many samples it is; NaN over none."""

    value: float
    interval: Interval | None
    samples: int


@dataclass(frozen=True, slots=True)
class Group:
    """The means of COUNTS over some of a setting's samples: those that are right, or those of one level."""

    name: str
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class CellFigures:
    """One setting. `accuracy` is avg@k, the mean over problems of the mean over a problem's samples; `finished` is the
    accuracy of the samples that were not cut off. `passed` and `majority` are by k. `intervals` are the tokens between
    two switches. `ungraded` counts what the grader could not tell, which is counted as wrong.
    """

    name: str
    problems: int
    samples: int
    accuracy: Figure
    finished: Figure
    passed: dict[int, float]
    majority: dict[int, float]
    outcomes: dict[Outcome, int]
    counts: dict[str, Figure]
    groups: tuple[Group, ...]
    intervals: tuple[int, ...]
    ungraded: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A setting against the baseline, over the pairs of samples with one problem and one seed that both have.

    `difference` is of accuracy, from -1 to 1; `tokens` and `switches` are differences of means. `gained` counts pairs
    that only the setting solves, `lost` those that only the baseline does. `alike` is the share of pairs that are one
    text; of the others, `at_held` is the share that parts within a thought in which a switch was held, and `parted` the
    median place, in tokens. `among` is how many settings were tried together, with itself. For so many are corrected
    `adjusted`, the p-value where there are several, and `seen`, the smallest true difference that this many problems,
    with this spread, show with a power of 80 %.
    """

    name: str
    baseline: str
    problems: int
    pairs: int
    difference: Figure
    tokens: Figure
    switches: Figure
    gained: int
    lost: int
    alike: float
    at_held: float
    parted: float
    seen: float | None
    among: int = 1
    adjusted: float | None = None

    @property
    def significant(self) -> bool:
        """Whether the interval leaves 0 out and, among several settings, the adjusted p-value says the same."""
        return self.leaves_out_zero and (self.adjusted is None or self.adjusted < 0.05)

    @property
    def leaves_out_zero(self) -> bool:
        """Whether the interval does, which is of this setting alone."""
        ends = self.difference.interval
        return ends is not None and not ends[0] <= 0 <= ends[1]


def figure(samples: Sequence[Sample], value: Callable[[Sample], float]) -> Figure:
    """The mean of a value over samples, with its interval over problems."""
    sums, counts = _sums(samples, value)
    if not counts.sum():
        return Figure(float("nan"), None, 0)
    return Figure(float(sums.sum() / counts.sum()), ratio_interval(sums, counts), len(samples))


def _sums(samples: Sequence[Sample], value: Callable[[Sample], float]) -> tuple[Floats, Floats]:
    """The sum of the value and the number of samples, for each problem."""
    places: dict[str, int] = {}
    rows = [(places.setdefault(sample.problem, len(places)), value(sample)) for sample in samples]
    sums, counts = np.zeros(len(places)), np.zeros(len(places))
    for place, each in rows:
        sums[place] += each
        counts[place] += 1
    return sums, counts


def accuracy(samples: Sequence[Sample]) -> Figure:
    """avg@k: every problem counts the same, however many samples it has."""
    sums, counts = _sums(samples, lambda sample: sample.right)
    if not len(counts):
        return Figure(float("nan"), None, 0)
    return Figure(float(np.mean(sums / counts)), share_interval(sums / counts), len(samples))


def cell_figures(name: str, samples: Sequence[Sample], follows: bool = True) -> CellFigures:
    """Without figures of thoughts where the setting does not follow the same markers as the baseline."""
    finished = [sample for sample in samples if sample.outcome not in CUT]
    groups = [("right", [s for s in samples if s.right]), ("not right", [s for s in samples if not s.right])]
    groups += [(f"level {level}", [s for s in samples if s.level == level])
               for level in sorted({sample.level for sample in samples if sample.level})]
    passed, majority = _by_k(samples)
    return CellFigures(
        name, len({sample.problem for sample in samples}), len(samples), accuracy(samples), accuracy(finished), passed,
        majority, {outcome: sum(sample.outcome == outcome for sample in samples) for outcome in OUTCOMES},
        _counts(samples, follows), tuple(Group(title, _counts(some, follows)) for title, some in groups),
        tuple(thought.tokens for sample in samples for thought in sample.thoughts[:-1]) if follows else (),
        sum(bool(sample.failure) for sample in samples))


def _counts(samples: Sequence[Sample], follows: bool) -> dict[str, Figure]:
    return {name: figure(samples if follows or name not in OF_THOUGHTS else (), value) for name, value in COUNTS}


def _by_k(samples: Sequence[Sample]) -> tuple[dict[int, float], dict[int, float]]:
    """pass@k and maj@k for the powers of two that every problem has samples for."""
    problems: dict[str, list[Sample]] = {}
    for sample in samples:
        problems.setdefault(sample.problem, []).append(sample)
    least = min(map(len, problems.values()), default=0)
    ks = [2**power for power in range(least.bit_length())] if least else []
    passed = {k: float(np.mean([pass_at(sum(s.right for s in own), len(own), k) for own in problems.values()]))
              for k in ks}
    majority = {k: float(np.mean([majority_at([s.said for s in own], [s.right for s in own], k)
                                  for own in problems.values()])) for k in ks}
    return passed, majority


def problem_differences(pairs: Sequence[tuple[Sample, ...]], value: Callable[[Sample], float]) -> Floats:
    """For each problem, the mean over its pairs of the second's value less the first's."""
    found: dict[str, list[float]] = {}
    for left, right in pairs:
        found.setdefault(left.problem, []).append(value(right) - value(left))
    return np.array([np.mean(each) for each in found.values()])


def compare(name: str, baseline: str, samples: Sequence[Sample], follows: bool = True,
            among: int = 1) -> Comparison | None:
    """None where not one pair is complete. With other markers (not `follows`) no switches are compared."""
    pairs = list(complete_pairs(samples, (baseline, name)))
    if not pairs:
        return None
    differences = {what: problem_differences(pairs, value) for what, value in (
        ("right", lambda s: s.right), ("tokens", lambda s: s.tokens), ("switches", lambda s: s.switches))}
    figures = {what: Figure(float(values.mean()), mean_interval(values), len(pairs))
               for what, values in differences.items()}
    figures["right"] = replace(figures["right"], interval=share_interval(differences["right"], least=-1.0))
    if not follows:
        figures["switches"] = figure((), lambda sample: 0)
    partings = [place for left, right in pairs if (place := parting(left, right)) is not None]
    held = sum(held_at(left, right) for left, right in pairs)
    return Comparison(
        name, baseline, len(differences["right"]), len(pairs), figures["right"], figures["tokens"], figures["switches"],
        sum(right.right and not left.right for left, right in pairs),
        sum(left.right and not right.right for left, right in pairs), 1 - len(partings) / len(pairs),
        held / len(partings) if partings else float("nan"), float(np.median(partings)) if partings else float("nan"),
        observed_detectable(differences["right"], among), among)


def parting(left: Sample, right: Sample) -> int | None:
    """The first token at which two texts differ; None where they are one."""
    for place, (one, other) in enumerate(zip(left.token_ids, right.token_ids, strict=False)):
        if one != other:
            return place
    shorter, longer = sorted((len(left.token_ids), len(right.token_ids)))
    return None if shorter == longer else shorter


def held_at(left: Sample, right: Sample) -> bool:
    """Whether they part in a thought in which the penalty held a switch of either or, negative, drew one."""
    place = parting(left, right)
    return place is not None and any(thought.held != 0 and thought.start <= place <= thought.end
                                     for sample in (left, right) for thought in sample.thoughts)
