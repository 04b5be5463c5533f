"""What is written for a sample, and for what could not be one."""
from __future__ import annotations

from typing import Any

from localthink.batch.dispatch import Work
from localthink.batch.items import BadLine
from localthink.grade.grading import Grader, known_answer
from localthink.records import Trace
from localthink.trace_json import trace_object


def result_object(work: Work, trace: Trace, model: str, engine_settings: dict[str, Any],
                  grader: Grader | None) -> dict[str, Any]:
    """A line of results.jsonl: the object of `ask --json`, with what names it before and what it carries after.

    Where there is a grader and the item knows its answer, `correct` says whether the sample found it; one that was cut
    off did not. Where the grader could not tell, `correct` is false and `grading_failure` says why.
    """
    item, settings = work.item, work.item.settings
    more = {"raw": settings.raw, "n": settings.samples, **engine_settings}
    result: dict[str, Any] = {
        "key": work.key, "id": item.id if item.own_id is None else item.own_id, "line": item.line,
        "question": item.messages[-1].content, **trace_object(trace, model, settings.generation, more),
        "sample": work.sample}
    known = known_answer(item.carried)
    if grader is not None and known is not None:
        verdict = grader.grade(known, trace.answer if trace.finish_reason == "stop" else "")
        result |= {"correct": verdict.correct, "grader": verdict.grader}
        if verdict.failure:
            result["grading_failure"] = verdict.failure
    result["item"] = dict(item.carried)
    return result


def input_error(line: BadLine) -> dict[str, Any]:
    return {"kind": "input", "line": line.line, "id": line.id, "error": line.reason}


def engine_error(work: Work, reason: str) -> dict[str, Any]:
    """A sample that is given up: the engine did not survive it."""
    item = work.item
    return {"kind": "engine", "line": item.line, "id": item.id if item.own_id is None else item.own_id,
            "sample": work.sample, "key": work.key, "error": reason}
