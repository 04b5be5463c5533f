"""A model judges what runs have left: what is missing is asked, and kept as it comes."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from localthink.judge.interface import Case, Judgement, Kind
from localthink.judge.model_judge import ModelJudge, verdict_tokens
from localthink.judge.prompts import Prompts
from localthink.offload import Offload
from localthink.study.folder import StudyFolder, find, read_record
from localthink.study.judgements import JudgeIdentity, Judgements
from localthink.study.spec import SETS
from localthink.text.visible import shown_name

SLOTS = 4  # prompts at once
LONGEST = 8192  # tokens of a prompt, unless another limit is asked for
MARGIN = 16  # tokens by which a case with fewer letters may be the longer one of its sample


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

    def room(self) -> int:
        """The most tokens that a prompt may have: `longest`, or fewer where the model has no more context."""
        return min(self.longest, read_facts(self.model).context_length or self.longest)


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


def opened(wanted: Wanted, cases: Sequence[Case], on_choice: Callable[[str], None],
           stopped: Callable[[], bool] = lambda: False) -> Engine:
    """The judge's engine, with room for the longest of these cases. Raises UsageError, with the sum, where the model
    does not fit, and where it cannot judge; KeyboardInterrupt once `stopped` says so.
    """
    vocabulary = Model(wanted.model, vocabulary_only=True)
    try:
        verdict_tokens(vocabulary, wanted.prompts)
        longest = _longest(vocabulary, wanted.prompts, cases, wanted.room(), stopped)
    finally:
        vocabulary.close()
    return load(wanted.model, slots=SLOTS, context=max(SLOTS * longest, LEAST_CONTEXT), longest=longest,
                cache=wanted.cache, threads=wanted.threads, offload=wanted.offload, force=wanted.force,
                on_choice=on_choice)


def _longest(model: Model, prompts: Prompts, cases: Sequence[Case], most: int, stopped: Callable[[], bool]) -> int:
    """The tokens that the longest case takes, its verdict included; `most` where something has to be cut.

    Of each sample only its longest case is looked at, the longest of all first: tokens are counted in few of the cases
    of a long study.
    """
    longest_of: dict[str, Case] = {}
    for case in cases:
        sample = case.key.rpartition(":")[0]
        if sample not in longest_of or _letters(case) > _letters(longest_of[sample]):
            longest_of[sample] = case
    found = 0
    for case in sorted(longest_of.values(), key=_letters, reverse=True):
        if stopped():
            raise KeyboardInterrupt
        try:
            prompt = asked(model, prompts, case, most)
        except PromptError:  # it is told when it is asked
            return most
        if prompt.cut:
            return most
        found = max(found, len(prompt.tokens) + 1 + MARGIN)
    return min(found, most)


def _letters(case: Case) -> int:
    return len(case.question) + len(case.before) + len(case.text)


def missing(cases: Sequence[Case], said: Mapping[str, Judgement], room: int) -> list[Case]:
    """Those about which nothing was said, or nothing that stands where a prompt may have so many tokens."""
    return [case for case in cases if case.key not in said or not said[case.key].stands(room)]


def judge_missing(judge: ModelJudge, cases: Sequence[Case], kept: Judgements, room: int,
                  stopped: Callable[[], bool]) -> Iterator[int]:
    """Ask what is `missing`, and keep every verdict at once; yields after every step how many have come.

    Ends early, between two steps, once `stopped` says so.
    """
    wanted = missing(cases, kept.said, room)
    with closing(judge.steps(wanted)) as steps:
        for found in steps:
            kept.append([(wanted[place], judgement) for place, judgement in found])
            yield len(found)
            if stopped():
                return
