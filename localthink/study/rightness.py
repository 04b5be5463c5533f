"""Who says which thoughts are right: the exact oracle, a judge whose confusion matrix against it is known, a person.

A score rests on nobody else's word. Another source is another function that makes a `Source`, and a name in
`find_source`.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from localthink.batch.manifest import read_manifest
from localthink.clusters import LEAST
from localthink.errors import UsageError
from localthink.judge.calibration import Calibration
from localthink.judge.cases import case_key
from localthink.judge.interface import Case, Judgement
from localthink.judge.page import matrix_lines
from localthink.label.file import ME, labellers
from localthink.label.raters import read_labels
from localthink.study.judged import against_oracle, cases_of_run
from localthink.study.judgements import JudgeIdentity, find_judge, judges_of, said_by
from localthink.study.samples import Sample
from localthink.text.sizes import counted
from localthink.text.values import did_you_mean, quoted
from localthink.text.visible import shown_name

Says = Callable[[str, int], bool | None]  # the key of a sample, the place of a thought in it: whether that is right
SOURCES = ("auto", "oracle", "judge", "labels")
LEAST_CALIBRATED = 20  # thoughts: a matrix of fewer says nothing


@dataclass(frozen=True, slots=True)
class ThoughtsBy:
    """Whom a person wants to hear: one of SOURCES, `judge` also with a part of a judge's name, as `judge:qwen`, and
    `labels` with the name of who labelled, as `labels:anna`.

    `calibrated_by` are folders of runs on which a judge is held against the oracle.
    """

    source: str = "auto"
    calibrated_by: tuple[Path, ...] = ()


AUTOMATIC = ThoughtsBy()


@dataclass(frozen=True, slots=True)
class Source:
    """`name` is what a report calls it, and `lines` stand below the figures that rest on it.

    Where there is a `why_not`, nothing may rest on it. One that judges some responses `in_full`, and not all, has a
    score of those alone.
    """

    name: str
    says: Says
    lines: tuple[str, ...] = ()
    why_not: str = ""
    in_full: bool = False


def with_thoughts_by(source: Source | None, samples: Sequence[Sample]) -> list[Sample]:
    """The samples, their thoughts as right as the source says; where it may not be heard, nobody knows."""
    if source is None:
        return list(samples)
    says: Says = source.says if not source.why_not else lambda key, place: None
    return [replace(sample, thoughts=tuple(replace(thought, right=says(sample.key, place))
                                           for place, thought in enumerate(sample.thoughts))) for sample in samples]


def find_source(by: ThoughtsBy, samples: Sequence[Sample], runs: Sequence[Path]) -> Source | None:
    """Whom to ask about the thoughts of these samples, which are of these runs; None where nobody knows.

    Raises UsageError where somebody is asked for who has said nothing.
    """
    kind, _, name = by.source.partition(":")
    if kind not in SOURCES or (name and kind not in ("judge", "labels")):
        hint = did_you_mean(kind, SOURCES, f"give {', '.join(SOURCES)}, judge:NAME or labels:NAME")
        raise UsageError(f"nobody called {quoted(by.source)} judges thoughts: {hint}")
    if kind == "judge":
        return by_judge(runs, name, by.calibrated_by)
    if kind == "labels":
        return by_labels(runs, name or ME)
    if any(thought.right is not None for sample in samples for thought in sample.thoughts):
        return by_oracle(samples)
    if kind == "oracle":
        raise UsageError("the oracle knows thoughts of Countdown alone, and these are none: --thoughts-by judge asks "
                         "what localthink judge has left")
    return by_judge(runs, name, by.calibrated_by) if judges_of(runs, "thought") else None


def by_oracle(samples: Sequence[Sample]) -> Source:
    """As samples are read: of Countdown it is known."""
    known = {(sample.key, place): thought.right for sample in samples for place, thought in enumerate(sample.thoughts)}
    return Source("the exact oracle", lambda key, place: known.get((key, place)))


def by_labels(runs: Sequence[Path], name: str) -> Source:
    """As a person said of each thought, one by one; where that is of none, nothing may rest on it.

    Raises UsageError where labels of another run lie there.
    """
    said = {place: right for run in runs for place, right in read_labels(run, name).items()}
    others = ", ".join(dict.fromkeys(other for run in runs for other in labellers(run))) or "nobody"
    why_not = "" if said else f"{name} has labelled no thoughts of {shown_name(runs[0])}; who has labelled: {others}"
    return Source(f"labeller {name}", lambda key, place: said.get((key, place)), why_not=why_not,
                  in_full=True)


def by_judge(runs: Sequence[Path], name: str, calibrated_by: Sequence[Path]) -> Source:
    """A model's judgements of these runs, right from 0.5 on. Raises UsageError where there are none, or several judges.
    """
    judge = find_judge(runs, "thought", name)
    said = {key: judgement.right for run in runs for key, judgement in said_by(run, judge).items()}
    for run in calibrated_by:
        if read_manifest(run) is None:
            raise UsageError(f"{shown_name(run)} holds no run: give the folder of one that the judge has judged")
    calibration = calibration_of(judge, [*calibrated_by, *runs])
    why_not = _why_not(calibration)
    lines = () if calibration is None else (
        "  that judge against the exact oracle, on thoughts of Countdown:", *matrix_lines(calibration))
    return Source(str(judge), lambda key, place: said.get(case_key(key, "thought", place)), lines, why_not)


def calibration_of(judge: JudgeIdentity, runs: Sequence[Path]) -> Calibration | None:
    """A judge against the oracle, on all thoughts of these runs that it has judged; None where none is known."""
    found: dict[str, tuple[Case, Judgement]] = {}
    for run in runs:
        said = said_by(run, judge)
        found = {case.key: (case, said[case.key]) for case in (cases_of_run(run, "thought") if said else ())
                 if case.key in said} | found
    return against_oracle([case for case, _ in found.values()], [judgement for _, judgement in found.values()])


def _why_not(calibration: Calibration | None) -> str:
    """Why nothing may rest on a judge with this calibration; empty where it may.

    A judge that is right no more often than chance gives a score too, and that would say nothing.
    """
    more = (f"let it judge {LEAST_CALIBRATED} thoughts or more of Countdown, right ones and wrong ones of {LEAST} "
            "problems or more each, and name that run with --calibrated-by")
    if calibration is None:
        return f"its confusion matrix is not known: {more}"
    if calibration.cases < LEAST_CALIBRATED or calibration.youden_interval is None:
        return (f"its confusion matrix is known on {counted(calibration.cases, 'thought')} of "
                f"{counted(calibration.problems, 'problem')} alone: {more}")
    if not calibration.better_than_chance:
        low, high = calibration.youden_interval
        return ("it is not shown to be better than chance: the 95 % interval of sensitivity + specificity - 1 is "
                f"[{low:.2f}, {high:.2f}], and has to lie above 0: take another judge, or let it judge more")
    return ""
