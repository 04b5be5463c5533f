"""Several shards of one run become one run: same settings, every key once, however often it is done."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localthink.batch.jsonlines import read_lines
from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS, Ledger, checked_key
from localthink.batch.manifest import differences, read_manifest, write_json
from localthink.batch.shard import Shard, read_shard
from localthink.errors import UsageError

WHOLE = str(None)  # the shard of a run that has none
AT_ONCE = 256  # results between two writings to the disk


@dataclass(frozen=True, slots=True)
class Merged:
    """Counts of samples: added now, there before, there now, and wanted by the shards that are there.

    `missing` names the shards that are not.
    """

    added: int
    known: int
    samples: int
    expected: int
    missing: tuple[str, ...] = ()


def merge(folders: Sequence[Path], target: Path) -> Merged:
    """Bring the results and errors of `folders` into `target`, which becomes a run that can be continued.

    Raises UsageError where a folder holds no run, or two of them differ in anything but their shard.
    """
    manifests = [_manifest(folder) for folder in folders]
    for folder, manifest in zip(folders, manifests, strict=True):
        if manifest["settings"]["shard"] is not None and target.exists() and folder.samefile(target):
            raise UsageError(f"{target} is one of the shards: give another folder with -o")
    whole = _whole(manifests)
    for folder, manifest in zip(folders, manifests, strict=True):
        _check_same(whole, manifest, folders[0], folder)
    with Ledger(target) as ledger:
        before = read_manifest(target)
        if before is not None:
            _check_same(whole, before, folders[0], target)
            whole = _whole([before, *manifests])
        elif ledger.done:
            raise UsageError(f"{target} has results and no {MANIFEST} beside them: give another folder with -o")
        write_json(target / MANIFEST, whole)
        there = len(ledger.done)
        for folder in folders:
            for results in _new_results(folder, ledger):
                ledger.append(results)
            ledger.append_errors([error for _, error in read_lines(folder / ERRORS)])
        return Merged(len(ledger.done) - there, there, len(ledger.done), whole["data"]["samples"],
                      tuple(whole["missing_shards"]))


def _new_results(folder: Path, ledger: Ledger) -> Iterator[list[dict[str, Any]]]:
    """What the target does not have, a handful at a time."""
    batch: dict[bytes, dict[str, Any]] = {}
    for number, result in read_lines(folder / RESULTS):
        key = checked_key(folder / RESULTS, number, result)
        if key not in ledger.done:
            batch[key] = result
        if len(batch) >= AT_ONCE:
            yield list(batch.values())
            batch = {}
    yield list(batch.values())


def _manifest(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} holds no run: give folders that `localthink run -o` wrote")
    return manifest


def _whole(manifests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The manifest of all shards together; its counts are theirs, each shard's once."""
    first = manifests[0]
    shards: dict[str, dict[str, Any]] = {}
    for manifest in manifests:
        for shard, data in (manifest.get("shards") or {str(manifest["settings"]["shard"]): manifest["data"]}).items():
            shards[shard] = {name: data.get(name, 0) for name in ("items", "samples", "bad_lines")}
    if WHOLE in shards:  # that has the items of all
        shards = {WHOLE: shards[WHOLE]}
    sums = {name: sum(data[name] for data in shards.values()) for name in ("items", "samples")}
    sums["bad_lines"] = max(data["bad_lines"] for data in shards.values())  # every shard reports all of them
    sessions = {str(session): session for manifest in manifests for session in manifest["sessions"]}
    return {**first, "settings": {**first["settings"], "shard": None}, "data": {**first["data"], **sums},
            "sessions": list(sessions.values()), "shards": shards, "missing_shards": _missing(shards)}


def _missing(named: Iterable[str]) -> list[str]:
    """The shards that make the others a whole. Raises UsageError where they are not parts of one division."""
    names = set(named)
    if WHOLE in names:
        return []
    shards = [read_shard(name) for name in names]
    count = shards[0].count
    if any(shard.count != count for shard in shards):
        raise UsageError(f"the shards {', '.join(sorted(names))} divide the items differently: merge those of one N")
    return [str(shard) for index in range(count) if str(shard := Shard(index + 1, count)) not in names]


def _check_same(whole: dict[str, Any], manifest: dict[str, Any], first: Path, folder: Path) -> None:
    found = differences(whole, {**manifest, "settings": {**manifest["settings"], "shard": None}})
    if found:
        name, (one, other) = next(iter(found.items()))
        raise UsageError(f"{folder} is not of the same run as {first}: its {name} is {other!r} and not {one!r}")
