"""What a study will take and what it can see, before anything runs."""
from __future__ import annotations

import time
from dataclasses import dataclass, replace

from localthink.shelf.local_models import find_model
from localthink.study.cells import families
from localthink.study.folder import StudyFolder, model_name
from localthink.study.problems import ASKING, Problems
from localthink.study.running import cells_of, done_so_far, progress
from localthink.study.spec import SetName, Study
from localthink.study.statistics import detectable

SLOTS, CELLS, MEASURED = 16, 2048, 64  # samples at once, the tokens that each may hold, and those that are written


@dataclass(frozen=True, slots=True)
class SetPlan:
    """One set under one model: `cells` settings of `problems`, each `samples` times.

    `comparisons` are how many settings each family has that is tried together (`cells.families`), that of the verdict
    first.
    """

    name: SetName
    problems: int
    cells: int
    samples: int
    comparisons: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.problems * self.cells * self.samples

    @property
    def detectable(self) -> tuple[float, ...]:
        """By family, the smallest difference from the baseline, from 0 to 1, that it sees with a power of 80 %; the
        level is divided among the settings of a family.
        """
        return tuple(detectable(self.problems, self.samples, count) for count in self.comparisons)


@dataclass(frozen=True, slots=True)
class Plan:
    """`each` is how many tokens a sample has: as measured so far, else as the study expects, else None.

    `done` samples are finished. `speed` is in tokens a second, as measured here; None before the study's first start.
    """

    sets: tuple[SetPlan, ...]
    models: int
    done: int
    each: float | None
    speed: float | None

    @property
    def samples(self) -> int:
        return self.models * sum(each.total for each in self.sets)

    @property
    def tokens(self) -> float | None:
        return self.each * self.samples if self.each is not None else None

    @property
    def hours(self) -> float | None:
        """For what is left."""
        return self.each * (self.samples - self.done) / self.speed / 3600 if self.each and self.speed else None


def plan(study: Study, problems: dict[SetName, int], folder: StudyFolder, speed: float | None = None) -> Plan:
    """The plan of a study; what its folder holds already says how long samples are and how fast they come.

    `problems` says how many a set has. `speed` is in tokens a second, for a study that has not begun.
    """
    done, tokens = done_so_far(study, folder)
    speeds = [figures.speed for _, _, figures in progress(study, folder) if figures.speed]
    sets = tuple(_set_plan(study, name, count) for name, count in problems.items())
    return Plan(sets, len(study.models), done, tokens / done if done else study.expected,
                speeds[-1] if speeds else speed)


def measured_speed(study: Study, problems: Problems) -> float:
    """Tokens a second, all slots together, of the first problems under the baseline: the model writes some of each."""
    import localthink

    generation = replace(study.cells[0].generation, max_tokens=MEASURED)
    questions = [str(next(problem.line[name] for name in ASKING if name in problem.line))
                 for problem in problems.problems[:SLOTS]]
    with localthink.load(find_model(model_name(study.models[0])), slots=SLOTS, context=SLOTS * CELLS) as engine:
        start = time.perf_counter()
        tokens = sum(trace.tokens for [trace] in engine.generate(questions, generation))
        return tokens / (time.perf_counter() - start)


def _set_plan(study: Study, name: SetName, problems: int) -> SetPlan:
    a_choice = next((cell for cell in study.cells if cell.role == "grid"), None)  # any stands for the one chosen
    cells = cells_of(study, name, a_choice)
    return SetPlan(name, problems, len(cells), study.samples, tuple(map(len, families(cells))))


def plan_lines(study: Study, planned: Plan) -> list[str]:
    """The plan in words."""
    lines = []
    for each in planned.sets:
        lines.append(f"[{each.name}] {each.problems:,} problems × {each.cells} settings × {each.samples} samples = "
                     f"{each.total:,} samples")
        for place, (count, least) in enumerate(zip(each.comparisons, each.detectable, strict=True)):
            many = (" (any of {} {})" if count > 1 else "").format(count, "arms" if place else "settings")
            lines.append(f"       sees differences of {100 * least:.1f} points or more{many}")
    if planned.models > 1:
        lines.append(f"all of it for {planned.models} models")
    if planned.tokens is None:
        lines.append("tokens: not known; say in [budget] what you expect of a sample, as expected_tokens = 6000")
    else:
        how = "measured so far" if planned.done else "expected"
        lines.append(f"tokens: {planned.samples:,} samples of {planned.each:,.0f} ({how}) = {planned.tokens:,.0f}")
    if planned.done or planned.hours is not None:
        lines.append(f"time:   {left(planned)}")
    if study.budget.tokens is not None:
        lines.append(f"budget: it stops after {study.budget.tokens:,} tokens")
    if study.budget.hours is not None:
        lines.append(f"budget: every start stops after {study.budget.hours:g} hours")
    lines.append("Such differences are seen 8 times in 10, at the 5 % level, if problems are anything from hopeless to "
                 "certain and the two texts of a pair are independent.")
    return lines


def left(planned: Plan) -> str:
    """How much there is to do, and how long that takes where it is known."""
    remaining = planned.samples - planned.done
    if remaining <= 0:
        return f"all {planned.samples:,} samples are done"
    if planned.hours is None or planned.speed is None:
        return f"{remaining:,} of {planned.samples:,} samples are left"
    what = f" for the {remaining:,} of {planned.samples:,} samples that are left" if planned.done else ""
    return f"{_duration(planned.hours)}{what}, at {planned.speed:,.0f} tokens/s, as measured here"


def _duration(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(hours * 60))} minutes"
