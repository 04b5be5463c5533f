"""Judges of attempts for eval_solve: such that err with a stated probability, and such that say again what is kept."""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from localthink.judge.interface import Case, Judgement
from localthink.solving.attempts import Attempt, Said
from localthink.solving.judging import kinds_judged
from localthink.solving.pool import Pool
from localthink.study.judgements import read_judgements, said_by


def erring(pool: Pool, accuracy: float, alike: bool, seed: int = 0) -> Pool:
    """A pool that an oracle has judged, as a judge sees it that errs with the probability 1 - `accuracy`.

    It errs on each case by itself; or, `alike`, on an attempt as a whole: it then says of all its steps the opposite of
    what is true of its answer. Two cases of one attempt err together with a correlation of 0, or of 1; real judges are
    somewhere in between.
    """
    return pool.with_judged({each.number: _erring(pool, each, accuracy, alike, seed) for each in pool.attempts})


def _erring(pool: Pool, attempt: Attempt, accuracy: float, alike: bool, seed: int) -> tuple[float | None, ...]:
    found: list[float | None] = []
    for left, known in zip(range(len(attempt.judged), 0, -1), attempt.judged, strict=True):  # 1 is the answer
        errs = random.Random(f"{seed} {pool.problem} {attempt.number} {0 if alike else left}").random() >= accuracy
        right = known == 1 if not errs else attempt.number not in pool.right if alike else known == 0
        found.append(None if known is None else accuracy if right else 1 - accuracy)
    return tuple(found)


def with_giving_up(pool: Pool) -> Pool:
    """The pool with "I found no way" as the answer of each attempt that came to an end without one."""
    gave_up = Said("I found no way", ("text", "gave up"), "text")
    ended = {result["sample"] for result in pool.results if result["finish_reason"] == "stop"}
    return replace(pool, attempts=tuple(
        replace(each, said=gave_up) if each.said is None and each.number in ended else each for each in pool.attempts))


class Kept:
    """A judge that says again what is kept of a run; of a case that was never judged it says nothing.

    Of each kind of case one judge may have been asked: the same model file with the same prompt.
    """

    def __init__(self, folder: Path) -> None:
        judges = {kind: {each.judge for each in read_judgements(folder) if each.kind == kind}
                  for kind in kinds_judged("steps")}
        for kind, several in judges.items():
            if len(several) > 1:
                raise SystemExit(f"the {kind}s of {folder} were judged by {' and by '.join(map(str, several))}: keep "
                                 "one of them")
        self.kinds = {kind for kind, found in judges.items() if found}
        identities = [identity for found in judges.values() for identity in found]
        self.name = " and ".join(dict.fromkeys(identity.name for identity in identities))
        self._said = {key: said for identity in identities for key, said in said_by(folder, identity).items()}

    def judge(self, cases: Sequence[Case]) -> list[Judgement]:
        return [self._said.get(case.key, Judgement(None, "it was never judged")) for case in cases]
