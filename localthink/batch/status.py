"""How far a run is, seen from another terminal: from what the run writes down for that, or from its results."""
from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from localthink.batch.figures import Figures
from localthink.batch.jsonlines import read_lines
from localthink.batch.ledger import ERRORS, RESULTS, STATUS, Tally, checked_key, error_key
from localthink.batch.manifest import read_manifest, write_json
from localthink.errors import LocalthinkError, UsageError

STALE_SECONDS = 60.0  # without an update after which a run on another machine is taken to have stopped


def status_record(figures: Figures) -> dict[str, Any]:
    """What `status.json` holds: the figures, and who wrote them."""
    import psutil

    return {**asdict(figures), "pid": os.getpid(), "process_started": psutil.Process().create_time(),
            "host": platform.node(), "written": time.time()}


def write_status(folder: Path, figures: Figures) -> LocalthinkError | None:
    """Leave the figures for others to see. Returns what stood against it: no run fails for that."""
    try:
        write_json(folder / STATUS, status_record(figures), lasting=False)
    except LocalthinkError as error:
        return error
    return None


def read_figures(folder: Path) -> Figures:
    """The figures of a run that is going on, or of one that has stopped, from what is in its folder."""
    status = _read_status(folder)
    if _is_alive(status):
        names = [field.name for field in fields(Figures)]
        if all(name in status for name in names) and isinstance(status["slots"], int):
            return Figures(**{name: status[name] for name in names})
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} holds no run: give the folder that `localthink run -o` wrote")
    tally, items_done, keys = _count_results(folder / RESULTS)
    errors, given_up = 0, set()
    for number, error in read_lines(folder / ERRORS):
        errors += 1
        if (key := error_key(folder / ERRORS, number, error)) is not None:
            given_up.add(key)
    samples = manifest["data"].get("samples", 0)
    return Figures(
        state="complete" if tally.samples + len(given_up - keys) >= samples > 0 and not manifest.get("missing_shards")
        else "stopped",
        items=manifest["data"].get("items", 0), items_done=items_done, samples=samples,
        samples_done=tally.samples, errors=errors, tokens=tally.tokens, held=tally.held, graded=tally.graded,
        correct=tally.correct, cut_off=tally.cut_off, seconds=_number(status, "seconds"),
        speed=_number(status, "speed"))


def finished(folder: Path) -> tuple[int, int]:
    """How many samples the run in `folder` has finished over all its starts, and how many tokens they have."""
    tally, _, _ = _count_results(folder / RESULTS)
    return tally.samples, tally.tokens


def describe(folder: Path) -> list[tuple[str, str]]:
    """What the run in `folder` is, as names and values; nothing of one that has not begun."""
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    settings, data = manifest["settings"], manifest["data"]
    described = [("input", f"{data.get('source')} ({settings.get('samples')} samples of each item)"),
                 ("model", str(manifest["model"].get("name"))),
                 ("penalty", f"alpha {_shown(settings.get('alpha'))}, beta {_shown(settings.get('beta'))}")]
    if settings.get("shard"):
        described.append(("shard", str(settings["shard"])))
    if manifest.get("missing_shards"):
        described.append(("missing", "shard " + ", ".join(manifest["missing_shards"])))
    return described


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _count_results(path: Path) -> tuple[Tally, int, set[bytes]]:
    """The sums over all results, how many items have all the samples they asked for, and the keys."""
    tally, done, keys = Tally(), dict[Any, int](), set[bytes]()
    most = dict[Any, int]()  # a run that was extended has lines that knew of fewer
    for number, result in read_lines(path):
        keys.add(checked_key(path, number, result))
        tally.add(result)
        done[result["id"]] = done.get(result["id"], 0) + 1
        most[result["id"]] = max(most.get(result["id"], 0), result["settings"]["n"])
    return tally, sum(count >= most[item] for item, count in done.items()), keys


def _read_status(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(status: dict[str, Any], name: str) -> float:
    """A figure of a status that somebody else may have written."""
    value = status.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _is_alive(status: dict[str, Any]) -> bool:
    """Whether the process that wrote the status still works."""
    import psutil

    if status.get("state") not in ("checking", "loading", "running"):
        return False
    if status.get("host") != platform.node():
        return time.time() - _number(status, "written") < STALE_SECONDS
    try:
        return bool(abs(psutil.Process(status["pid"]).create_time() - status["process_started"]) < 1)
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False
