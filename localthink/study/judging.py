"""A model judges what runs have left: what is missing is asked, and kept as it comes."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from localthink.batch.ledger import RESULTS
from localthink.batch.manifest import file_sha256, read_manifest
from localthink.engine.engine import Engine
from localthink.engine.loading import load
from localthink.engine.model import Model
from localthink.errors import PromptError, UsageError
from localthink.fit.memory import LEAST_CONTEXT
from localthink.gguf.header import read_facts
from localthink.judge.asking import asked
from localthink.judge.interface import Case, Kind
from localthink.judge.model_judge import ModelJudge, verdict_tokens
from localthink.judge.prompts import Prompts
from localthink.offload import Offload
from localthink.study.folder import StudyFolder, find, read_record
from localthink.study.judgements import JudgeIdentity, Judgements
from localthink.study.spec import SETS
from localthink.text.visible import shown_name

SLOTS = 4  # prompts at once
LONGEST = 8192  # tokens of a prompt, unless another limit is asked for


@dataclass(frozen=True, slots=True)
class Wanted:
    """The model that judges, by the path of its file, what it is asked, and of which kind of cases.

    Of every run, the first `limit` results are looked at; None is all. `longest` is the most tokens of a prompt.
    """

    model: Path
    prompts: Prompts
    kind: Kind = "thought"
    limit: int | None = None
    longest: int = LONGEST
    cache: str | None = None
    threads: int | None = None
    offload: Offload = field(default_factory=Offload)
    force: bool = False

    def identity(self) -> JudgeIdentity:
        """Reads the whole file of the model."""
        facts = read_facts(self.model)
        return JudgeIdentity(facts.path.stem, file_sha256(facts), self.prompts.sha256(self.kind))


def runs_of(name: str) -> list[Path]:
    """The folders of a run, or of all runs of a study (its folder, file or name) that have results.

    Raises UsageError where there is nothing to judge.
    """
    if read_manifest(Path(name)) is not None:
        runs = [Path(name)]
    elif Path(name).is_dir() and read_record(StudyFolder(Path(name))) is None:
        raise UsageError(f"{shown_name(name)} holds no run and no study: give the folder of one that was begun")
    else:
        study, folder = find(name)
        runs = [folder.run(model, which) for model in study.models for which in SETS]
    found = [run for run in runs if (run / RESULTS).is_file()]
    if not found:
        raise UsageError(f"{shown_name(name)} has no results yet: there is nothing to judge")
    return found


def opened(wanted: Wanted, cases: Sequence[Case], on_choice: Callable[[str], None]) -> Engine:
    """The judge's engine, with room for the longest of these cases. Raises UsageError, with the sum, where the model
    does not fit, and where it cannot judge.
    """
    vocabulary = Model(wanted.model, vocabulary_only=True)
    try:
        verdict_tokens(vocabulary, wanted.prompts)
        most = min(wanted.longest, vocabulary.facts.context_length or wanted.longest)
        longest = max(_length(vocabulary, wanted.prompts, case, most) for case in cases)
    finally:
        vocabulary.close()
    return load(wanted.model, slots=SLOTS, context=max(SLOTS * longest, LEAST_CONTEXT), longest=longest,
                cache=wanted.cache, threads=wanted.threads, offload=wanted.offload, force=wanted.force,
                on_choice=on_choice)


def _length(model: Model, prompts: Prompts, case: Case, most: int) -> int:
    """The tokens that a case takes, its verdict included."""
    try:
        return len(asked(model, prompts, case, most).tokens) + 1
    except PromptError:  # it is told when it is asked
        return most


def judge_missing(judge: ModelJudge, cases: Sequence[Case], kept: Judgements,
                  stopped: Callable[[], bool]) -> Iterator[int]:
    """Ask what was not asked before, and keep every verdict at once; yields after every step how many have come.

    Ends early, between two steps, once `stopped` says so.
    """
    missing = [case for case in cases if case.key not in kept.said]
    with closing(judge.steps(missing)) as steps:
        for found in steps:
            kept.append([(missing[place], judgement) for place, judgement in found])
            yield len(found)
            if stopped():
                return
