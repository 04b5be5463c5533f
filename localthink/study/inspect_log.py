"""A study as eval logs of Inspect (inspect.aisi.org.uk), which `inspect view` opens: one for each setting of a set.

In Inspect a log is one model under one configuration, which is what a setting is; the samples of a problem are its
epochs.
The one user of inspect_ai.
"""
from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from localthink.batch.export_files import checked_results, exporting
from localthink.errors import UsageError
from localthink.generation import generation_object
from localthink.grade.countdown import Puzzle
from localthink.grade.grading import ANSWERS, known_answer
from localthink.study.folder import StudyFolder, read_record
from localthink.study.metrics import accuracy
from localthink.study.samples import CUT, Sample, by_cell, sample_of
from localthink.study.spec import SETS, SetName, Study, stem
from localthink.text.values import json_sha256

try:
    from inspect_ai.log import (
        EvalConfig,
        EvalDataset,
        EvalLog,
        EvalMetric,
        EvalResults,
        EvalSample,
        EvalScore,
        EvalSpec,
        EvalStats,
        write_eval_log,
    )
    from inspect_ai.model import (
        ChatMessageAssistant,
        ChatMessageUser,
        ContentReasoning,
        ContentText,
        GenerateConfig,
        ModelOutput,
        ModelUsage,
    )
    from inspect_ai.scorer import CORRECT, INCORRECT, Score
except ImportError:
    raise UsageError("logs for Inspect need its package: pip install 'localthink[inspect]'") from None

SCORER = "localthink"
KEPT_BACK = "(kept back: the study says that its problems are private)"
Pair = tuple[Mapping[str, Any], Sample]  # a result, and what the study makes of it


def export_logs(study: Study, folder: StudyFolder, target: Path) -> list[Path]:
    """Write a log for each setting that has samples, named after `target`, and say where. Raises UsageError.

    Texts of a set that is private are left out.
    """
    written: list[Path] = []
    for model in study.models:
        for name in SETS:
            if not (results := folder.results(model, name)).is_file():
                continue
            pairs = {sample.key: (result, sample) for result in checked_results(results)
                     for sample in (sample_of(result),)}
            for cell, samples in by_cell([sample for _, sample in pairs.values()]).items():
                place = _free("-".join([target.stem, stem(model), name, _plain(cell)]), target, written)
                log = _log(study, folder, model, name, cell, [pairs[sample.key] for sample in samples])
                _write(log, place)
                written.append(place)
    if not written:
        raise UsageError(f"{study.name} has no samples in {folder.path}: run it first")
    return written


def _plain(cell: str) -> str:
    """A setting's name as part of a file's."""
    return re.sub(r"[^\w.+-]+", "-", cell).strip("-")


def _free(name: str, target: Path, written: Sequence[Path]) -> Path:
    """A file beside the target that none of those written is, also where capital and small letters are one."""
    taken = {place.name.casefold() for place in written}
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(target.with_name(each + target.suffix) for each in names
                if (each + target.suffix).casefold() not in taken)


def _write(log: EvalLog, place: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / f"log{place.suffix}"
        write_eval_log(log, made)
        with exporting(place) as file, made.open("rb") as whole:
            shutil.copyfileobj(whole, file)


def _log(study: Study, folder: StudyFolder, model: str, name: SetName, cell: str, pairs: Sequence[Pair]) -> EvalLog:
    data, generation = study.data(name), study.cell(cell).generation
    record = read_record(folder)
    assert data is not None and record is not None, "it has results"
    samples = [sample for _, sample in pairs]
    problems = list(dict.fromkeys(sample.problem for sample in samples))
    wanted = record["data"][name]["problems"] * study.samples
    own_id = json_sha256([study.sha256, model, name, cell])[:22]  # as long as Inspect's own
    return EvalLog(
        status="success" if len(samples) >= wanted else "cancelled",
        eval=EvalSpec(
            eval_id=own_id, run_id=json_sha256([study.sha256, model])[:22], task_id=own_id, created=record["created"],
            task=f"{study.name}/{name}/{cell}", model=f"localthink/{stem(model)}", tags=[cell, name],
            task_args=generation_object(generation), metadata={"study": study.name, "setting": cell, "set": name},
            dataset=EvalDataset(name=data.source, samples=len(problems), sample_ids=list(problems), shuffled=True),
            config=EvalConfig(epochs=study.samples), packages={"localthink": version("localthink")},
            model_generate_config=GenerateConfig(
                temperature=generation.sampling.temperature, top_p=generation.sampling.top_p,
                max_tokens=generation.max_tokens, seed=study.seed)),
        results=_results(samples, wanted), stats=EvalStats(),
        samples=list(_samples(pairs, f"localthink/{stem(model)}", data.private)))


def _results(samples: Sequence[Sample], wanted: int) -> EvalResults:
    """Accuracy as a report has it, and its standard error over problems."""
    problems: dict[str, list[bool]] = {}
    for sample in samples:
        problems.setdefault(sample.problem, []).append(sample.right)
    means = np.array([np.mean(own) for own in problems.values()])
    metrics = {"accuracy": EvalMetric(name="accuracy", value=accuracy(samples).value)}
    if len(means) > 1:
        metrics["stderr"] = EvalMetric(name="stderr", value=float(means.std(ddof=1) / len(means)**0.5))
    return EvalResults(total_samples=wanted, completed_samples=len(samples),
                       scores=[EvalScore(name=SCORER, scorer=SCORER, metrics=metrics, scored_samples=len(samples))])


def _samples(pairs: Sequence[Pair], model: str, private: bool) -> Iterator[EvalSample]:
    for result, sample in pairs:
        question = KEPT_BACK if private else result["question"]
        thinking, answer = ("", KEPT_BACK) if private else (result["thinking"], result["answer"])
        said = ChatMessageAssistant(model=model, source="generate", content=[
            *([ContentReasoning(reasoning=thinking)] if thinking else []), ContentText(text=answer)])
        usage = ModelUsage(input_tokens=result["prompt_tokens"], output_tokens=sample.tokens,
                           total_tokens=result["prompt_tokens"] + sample.tokens, reasoning_tokens=sample.thinking)
        output = ModelOutput.from_message(said, "max_tokens" if sample.outcome in CUT else "stop")
        yield EvalSample(
            id=sample.problem, epoch=sample.number + 1, input=question, target=KEPT_BACK if private else _known(result),
            messages=[ChatMessageUser(content=question), said], output=output.model_copy(update={"usage": usage}),
            scores={SCORER: Score(value=CORRECT if sample.right else INCORRECT,
                                  answer=None if private else answer, explanation=sample.failure or sample.outcome)},
            metadata=_metadata(sample), model_usage={model: usage}, total_time=sample.seconds, uuid=sample.key)


def _known(result: Mapping[str, Any]) -> str:
    known, item = known_answer(result["item"]), result["item"]
    if isinstance(known, Puzzle):
        return str(known.target)
    written = (str(value) for name, value in item.items() if name.lower() in ANSWERS)
    return next(written, known.text if known is not None else "")


def _metadata(sample: Sample) -> dict[str, Any]:
    return {"setting": sample.cell, "seed": sample.seed, "level": sample.level, "outcome": sample.outcome,
            "switches": sample.switches, "paraphrases": sample.paraphrases, "held": sample.held,
            "thoughts": [{"start": each.start, "end": each.end, "held": each.held, "right": each.right}
                         for each in sample.thoughts]}
