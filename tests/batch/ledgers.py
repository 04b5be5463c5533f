"""Folders as runs leave them, written by hand."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS
from localthink.batch.manifest import new_manifest
from localthink.batch.settings import Settings

MODEL = {"name": "tiny", "sha256": "5e" * 32}
DATA = {"source": "questions.jsonl", "form": "jsonl", "revision": None, "sha256": "da" * 32}
MORE = {"append": "", "limit": None, "shard": None, "cache": "f16", "context": 4096, "deterministic": False,
        "slots": None}


def key(item: object, sample: int = 0) -> str:
    return hashlib.sha256(f"{item}/{sample}".encode()).hexdigest()[:32]


def result(item: str | int, sample: int = 0, /, n: int = 1, **more: Any) -> dict[str, Any]:
    """A result that has what every result has, and `more`."""
    return {"key": key(item, sample), "id": item, "line": 1, "sample": sample, "tokens": 10, "held": 0.5,
            "finish_reason": "stop", "settings": {"n": n}, **more}


def engine_error(item: str | int, sample: int = 0, reason: str = "given up") -> dict[str, Any]:
    return {"kind": "engine", "line": 1, "id": item, "sample": sample, "key": key(item, sample), "error": reason}


def input_error(line: int, reason: str = "not JSON") -> dict[str, Any]:
    return {"kind": "input", "line": line, "id": None, "error": reason}


def manifest(settings: Settings | None = None, data: Mapping[str, Any] | None = None, *,
             model: Mapping[str, Any] = MODEL, **more: Any) -> dict[str, Any]:
    return new_manifest(settings or Settings(), model, {**DATA, **(data or {})}, {**MORE, **more})


def lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in objects)


def write_run(folder: Path, about: Mapping[str, Any], results: Sequence[Mapping[str, Any]] = (),
              errors: Sequence[Mapping[str, Any]] = ()) -> Path:
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps(about))
    (folder / RESULTS).write_bytes(lines(results))
    (folder / ERRORS).write_bytes(lines(errors))
    return folder
