"""One sample of a study as its measurements need it, read from a result of its run."""
from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from localthink.batch.export_files import checked_results
from localthink.errors import UsageError
from localthink.grade.countdown import Puzzle
from localthink.grade.countdown_thoughts import ideas, leads_on
from localthink.grade.exact import Gold
from localthink.grade.grading import known_answer
from localthink.solving.attempts import said_in

PROBLEM, CELL, LEVEL = "study_problem", "study_cell", "study_level"  # what a result carries, to be found again
Outcome = Literal["right", "wrong", "no answer", "cut off", "loop"]
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "no answer", "cut off", "loop")
CUT: tuple[Outcome, ...] = ("cut off", "loop")
_WAIT = re.compile(r"\b(?:wait|hold on)\b", re.IGNORECASE)
LONGEST_PERIOD, COPIES, LEAST_LOOPED = 128, 3, 12  # tokens of a loop, how often it stands there, and tokens in all


@dataclass(frozen=True, slots=True)
class ThoughtSpan:
    """`start` and `end` are offsets into the sample's tokens. `right` says whether the target can still be reached in
    it, and is None where nobody can tell. `ideas` are the first operations that it tries, of a Countdown puzzle.
    """

    start: int
    end: int
    held: int
    right: bool | None = None
    ideas: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of one sample of a problem under one setting, with the same `seed` under every other.

    `tokens` are all that were written, `thinking` and `answer` those of either part, tags left out. `said` is its
    final answer by the key that `said_in` gives it, None where there is none. `failure` says why it could not be
    graded. `waits` are the places where it says "wait" or "hold on", in thoughts and answer: a doubt that need not be a
    switch.
    """

    key: str
    problem: str
    cell: str
    number: int
    seed: int
    level: str
    outcome: Outcome
    said: object
    tokens: int
    thinking: int
    answer: int
    thoughts: tuple[ThoughtSpan, ...]
    switches: int
    paraphrases: int
    held: int
    seconds: float
    token_ids: array[int]
    failure: str = ""
    waits: int = 0

    @property
    def right(self) -> bool:
        return self.outcome == "right"

    @property
    def pair(self) -> tuple[str, int]:
        """By which it is compared with its like under another setting."""
        return self.problem, self.number


def read_samples(results: Path) -> list[Sample]:
    """The samples of a run, in the order in which they ended; those of a study know their setting and problem.

    Samples of a run that is no study's have the setting that their fields say. Raises UsageError for other files.
    """
    return [sample_of(result) for result in checked_results(results)]


def read_texts(results: Path, keys: set[str]) -> dict[str, Mapping[str, Any]]:
    """Whole results by their keys."""
    return {result["key"]: result for result in checked_results(results) if result["key"] in keys}


def sample_of(result: Mapping[str, Any]) -> Sample:
    """Raises UsageError for a result that was never graded: a study cannot say anything about it."""
    item = result["item"]
    if "correct" not in result:
        raise UsageError(f"the result {result['key']} was not graded: a report takes problems with known answers")
    known = known_answer(item)
    thoughts = tuple(_span(thought, known) for thought in result["thoughts"])
    thinking = _thinking_tokens(result)
    answer = said_in(result["answer"], known) if result["finish_reason"] == "stop" else None
    said = answer.key if answer else None
    return Sample(
        result["key"], str(item.get(PROBLEM, result["id"])), str(item.get(CELL) or setting_name(result["settings"])),
        result["sample"], result["seed"], str(item.get(LEVEL, "")), _outcome(result, said), said, result["tokens"],
        thinking, result["tokens"] - thinking, thoughts, result["switches"], result.get("paraphrases", 0),
        result["held"], result["seconds"], array("i", result["token_ids"]), result.get("grading_failure", ""),
        sum(len(_WAIT.findall(result[part])) for part in ("thinking", "answer")))


def setting_name(settings: Mapping[str, Any]) -> str:
    """What a run's setting is called where no study names it."""
    if settings.get("alpha") == 0:
        return "plain"
    groups = settings.get("groups", ["switch"])
    marked = "" if groups == ["switch"] else f", markers {'+'.join(groups)}"
    return f"alpha {_plain(settings.get('alpha'))}, beta {_plain(settings.get('beta'))}{marked}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _span(thought: Mapping[str, Any], known: Puzzle | Gold | None) -> ThoughtSpan:
    span = ThoughtSpan(thought["start"], thought["end"], thought["held"])
    if not isinstance(known, Puzzle):
        return span
    return replace(span, right=leads_on(thought["text"], known), ideas=ideas(thought["text"], known))


def _outcome(result: Mapping[str, Any], said: object) -> Outcome:
    if result["finish_reason"] != "stop":
        looped = result["finish_reason"] == "loop" or ends_in_loop(result["token_ids"])
        return "loop" if looped else "cut off"
    if result["correct"]:
        return "right"
    return "no answer" if said is None else "wrong"


def ends_in_loop(tokens: Sequence[int]) -> bool:
    """Whether the last tokens are the same few again and again: COPIES of up to LONGEST_PERIOD, or more of very few."""
    tail = list(tokens[-LONGEST_PERIOD * COPIES:])
    for period in range(1, LONGEST_PERIOD + 1):
        looped = period * max(COPIES, -(-LEAST_LOOPED // period))
        if looped > len(tail):
            continue
        end = tail[-looped:]
        if end[period:] == end[:-period]:
            return True
    return False


def _thinking_tokens(result: Mapping[str, Any]) -> int:
    """The tokens of the thoughts that lie in the thinking: where the penalty acts everywhere, answers have some too."""
    letters, tokens = _letters(result["thinking"]), 0
    for thought in result["thoughts"]:
        if letters <= 0:
            break
        tokens += thought["tokens"]
        letters -= _letters(thought["text"])
    return tokens


def _letters(text: str) -> int:
    """Without white space, of which some lies between thoughts."""
    return len("".join(text.split()))


def by_cell(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """Samples by their setting, in the order in which settings first come."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.cell, []).append(sample)
    return found


def complete_pairs(samples: Sequence[Sample], cells: Sequence[str]) -> Iterator[tuple[Sample, ...]]:
    """Of each problem and number of a sample, those of all `cells` in their order, where all are there."""
    found: dict[tuple[str, int], dict[str, Sample]] = {}
    for sample in samples:
        found.setdefault(sample.pair, {})[sample.cell] = sample
    for under in found.values():
        if all(cell in under for cell in cells):
            yield tuple(under[cell] for cell in cells)
