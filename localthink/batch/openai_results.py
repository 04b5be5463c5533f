"""Results in the output form of OpenAI's batches: one line an item, with all its samples."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import BinaryIO

from localthink.batch.export_files import ERROR, Object, checked_lines, checked_results, exporting
from localthink.batch.jsonlines import json_line, json_text
from localthink.records import CUT_OFF

Place = tuple[int, str]  # of an item: its line in the input, its id as JSON


def export_openai(results: Path, errors: Path, target: Path, completed: int) -> int:
    """Write OpenAI's batch output, one line an item in the order of the input, and say how many there were.

    `completed` is when the run ended, in seconds since 1970. Where a sample has two results, the later
    counts. An item in `errors`, a file that need not exist, has a line if it has no result at all.
    Raises what `export` raises.
    """
    with exporting(target, results, errors) as file:
        samples = _samples(results)
        failures = {(error["line"], json_text(error.get("id"))): error for error in checked_lines(errors, ERROR)}
        known = samples.keys() | {(line, "null") for line, _ in samples}  # a line once without an id, since corrected
        places = sorted(samples.keys() | (failures.keys() - known))
        with results.open("rb") as source:
            for place in places:
                found = [_at(source, offset) for offset in samples.get(place, ())]
                file.write(json_line(_completed(found, completed) if found else _failed(failures[place])))
    return len(places)


def _samples(results: Path) -> dict[Place, list[int]]:
    """Where in the file the results of each item begin, in bytes."""
    found: dict[Place, list[int]] = {}
    objects, offset = checked_results(results), 0
    with results.open("rb") as file:
        for result, line in zip(objects, file, strict=False):
            found.setdefault((result["line"], json_text(result["id"])), []).append(offset)
            offset += len(line)
    return found


def _at(source: BinaryIO, offset: int) -> Object:
    source.seek(offset)
    result: Object = json.loads(source.readline())
    return result


def _completed(results: list[Object], completed: int) -> Object:
    ordered = [result for _, result in sorted({result["sample"]: result for result in results}.items())]
    first, tokens = ordered[0], sum(result["tokens"] for result in ordered)
    body = {
        "id": f"chatcmpl-{first['key']}", "object": "chat.completion", "created": completed, "model": first["model"],
        "choices": [_choice(result) for result in ordered],
        "usage": {"prompt_tokens": first["prompt_tokens"], "completion_tokens": tokens,
                  "total_tokens": first["prompt_tokens"] + tokens},
    }
    return {"id": f"batch_req_{first['key'][:24]}", "custom_id": str(first["id"]),
            "response": {"status_code": 200, "request_id": first["key"], "body": body}, "error": None}


def _choice(result: Object) -> Object:
    message = {"role": "assistant", "content": result["answer"], "reasoning_content": result["thinking"]}
    reason = "length" if result["finish_reason"] in CUT_OFF else result["finish_reason"]  # the form knows no other
    return {"index": result["sample"], "message": message, "logprobs": None, "finish_reason": reason}


def _failed(error: Object) -> Object:
    own = error.get("id")
    custom_id = f"line-{error['line']}" if own is None else own if isinstance(own, str) else json_text(own)
    name = hashlib.sha256(json_line({"line": error["line"], "id": own})).hexdigest()[:24]
    return {"id": f"batch_req_{name}", "custom_id": custom_id, "response": None,
            "error": {"code": error["kind"], "message": error["error"]}}
