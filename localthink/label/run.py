"""A run as it is labelled: its samples with their thoughts, and by what its labels know it again."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from localthink.batch.export_files import checked_results
from localthink.batch.jsonlines import wrong_field
from localthink.batch.ledger import RESULTS
from localthink.batch.manifest import read_manifest
from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle
from localthink.grade.exact import Gold
from localthink.grade.grading import known_answer
from localthink.label.labels import Unit, UnitKind
from localthink.records import CUT_OFF
from localthink.text.values import json_sha256
from localthink.text.visible import shown_name
from localthink.thinking.steps import steps_of

Only = Literal["right", "wrong", "cut"]
ONLY: tuple[Only, ...] = get_args(Only)
IDENTITY = 16  # hexadecimal digits


@dataclass(frozen=True)
class Sample:
    """One sample of a run. `correct` is None where it was not graded; `thoughts` are their texts, in their order."""

    key: str
    id: str
    number: int
    question: str
    known: Puzzle | Gold | None
    thoughts: tuple[str, ...]
    answer: str
    correct: bool | None
    cut_off: bool

    @cached_property
    def _steps(self) -> tuple[tuple[str, ...], ...]:
        return tuple(steps_of(thought) for thought in self.thoughts)

    @cached_property
    def _thought_units(self) -> tuple[Unit, ...]:
        return tuple(Unit(self.key, thought) for thought in range(len(self.thoughts)))

    @cached_property
    def _step_units(self) -> tuple[Unit, ...]:
        return tuple(Unit(self.key, thought, step) for thought, steps in enumerate(self._steps)
                     for step in range(len(steps)))

    def units(self, kind: UnitKind) -> tuple[Unit, ...]:
        """Everything in it that gets a rating. Texts are split into steps only where steps are asked for."""
        return self._thought_units if kind == "thoughts" else self._step_units

    def text(self, unit: Unit) -> str:
        return self.thoughts[unit.thought].strip() if unit.step < 0 else self._steps[unit.thought][unit.step]

    def is_outcome(self, only: Only) -> bool:
        """Whether this is what came of it: a right answer, a wrong one, or none since it was cut off."""
        return self.cut_off if only == "cut" else self.correct is (only == "right") and not self.cut_off

    @property
    def known_text(self) -> str:
        """What is known of the right answer, in one line; empty where nothing is."""
        if isinstance(self.known, Puzzle):
            return f"{self.known.target}, of {', '.join(map(str, self.known.numbers))}"
        if isinstance(self.known, Gold):
            return self.known.text or (str(self.known.number.value) if self.known.number else "")
        return ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run whose thoughts are labelled; `identity` stays the same when it goes on or is extended, or is moved."""

    folder: Path
    identity: str
    name: str
    samples: tuple[Sample, ...]

    def only(self, only: Only | None) -> tuple[Sample, ...]:
        """The samples of which this came. Raises UsageError where there is none."""
        if only in ("right", "wrong") and all(sample.correct is None for sample in self.samples):
            raise UsageError(f"the samples of {shown_name(self.folder)} were not graded, so none is known to be "
                             f"{only}: leave --only out, or give --only cut")
        found = tuple(sample for sample in self.samples if only is None or sample.is_outcome(only))
        if not found:
            what = {"right": "right", "wrong": "wrong", "cut": "cut off"}[only] if only else "there"
            raise UsageError(f"no sample of {shown_name(self.folder)} is {what}: leave --only out, or give another")
        return found


def read_run(folder: Path) -> Run:
    """A run with the samples that it has by now, question by question.

    Samples of one question stand in the order of their keys, which tells nothing of the settings they were written
    with. Raises UsageError where the folder holds no run, or none of its samples has thoughts.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{shown_name(folder)} holds no run: give the folder that `localthink run -o` wrote")
    first: dict[str, int] = {}
    samples = []
    for result in checked_results(folder / RESULTS):
        if (sample := sample_of(result, folder)).thoughts:
            samples.append(sample)
            first[sample.question] = min(result["line"], first.get(sample.question, result["line"]))
    if not samples:
        raise UsageError(f"no sample of {shown_name(folder)} has thoughts: there is nothing to be labelled")
    samples.sort(key=lambda sample: (first[sample.question], sample.key))
    return Run(folder, identity_of(manifest), f"{manifest['model'].get('name')}, begun {manifest.get('created')}",
               tuple(samples))


def identity_of(manifest: Mapping[str, Any]) -> str:
    """What a run keeps from its first sample to its last, whatever it is extended by."""
    settings = manifest["settings"]
    return json_sha256([manifest.get("created"), manifest["model"]["sha256"], settings.get("seed"),
                        settings.get("markers_sha256")])[:IDENTITY]


def sample_of(result: Mapping[str, Any], folder: Path = Path()) -> Sample:
    """Raises UsageError for thoughts that localthink did not write."""
    thoughts = result["thoughts"]
    if any(not isinstance(thought, dict) or wrong_field(thought, {"text": str}) for thought in thoughts):
        raise UsageError(f"{folder / RESULTS}: the result {result['key']} has thoughts without a text: restore it")
    correct = result.get("correct")
    return Sample(result["key"], str(result["id"]), result["sample"], str(result.get("question", "")),
                  known_answer(result["item"]), tuple(thought["text"] for thought in thoughts), result["answer"],
                  correct if isinstance(correct, bool) else None, result["finish_reason"] in CUT_OFF)


def by_key(samples: Sequence[Sample]) -> dict[str, Sample]:
    return {sample.key: sample for sample in samples}
