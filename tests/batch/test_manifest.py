"""A manifest says what a run is, whole or not at all, and refuses what would be another run."""
from __future__ import annotations

import copy
import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.ledgers import MODEL, manifest
from localthink import locations
from localthink.batch import manifest as records
from localthink.batch.ledger import MANIFEST
from localthink.batch.manifest import FORMAT, check_same, model_record, read_manifest, session, write_json
from localthink.batch.settings import Settings
from localthink.errors import LocalthinkError, UsageError
from localthink.gguf.header import ModelFacts, read_facts
from localthink.records import ControlSpec, Generation, Sampling, Tip

FOLDER = Path("some/run")
BASE = Settings(Generation(Sampling(temperature=0.5), Tip(alpha=2.0, beta=300), max_tokens=100), samples=4, seed=7)


def generating(**changes: Any) -> Settings:
    return replace(BASE, generation=replace(BASE.generation, **changes))



class Changed:
    """A manifest to be, made where a test's own home folder is in force."""

    def __init__(self, settings: Settings, data: dict[str, Any] | None = None, **more: Any) -> None:
        self._settings, self._data, self._more = settings, data, more

    @property
    def manifest(self) -> dict[str, Any]:
        return manifest(self._settings, self._data, **self._more)


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    """A small model that a test may change."""
    path = tmp_path / "copy.gguf"
    shutil.copy(locations.bundled_model(), path)
    return read_facts(path)


def refusal(old: dict[str, Any], new: dict[str, Any], extend: bool = False) -> str:
    with pytest.raises(UsageError) as error:
        check_same(old, new, FOLDER, extend)
    assert str(FOLDER) in str(error.value)
    return str(error.value)


def test_the_same_run_goes_on_whatever_the_machine_the_time_and_the_counts_are() -> None:
    old, new = manifest(BASE), manifest(BASE, {"items": 9, "source": "elsewhere/questions.jsonl"})
    old["sessions"].append(session(slots=3))
    new["created"] = "another day"
    new["model"] |= {"path": "/elsewhere/tiny.gguf", "modified_ns": 1}
    for extend in (False, True):
        check_same(old, new, FOLDER, extend)
    assert records.differences(old, new) == {}


CHANGED: list[tuple[str, Changed, str, str]] = [
    ("temperature", Changed(generating(sampling=Sampling(temperature=0.7))), "0.5", "0.7"),
    ("top_p", Changed(generating(sampling=Sampling(temperature=0.5, top_p=0.9))), "0.95", "0.9"),
    ("top_k", Changed(generating(sampling=Sampling(temperature=0.5, top_k=40))), "0", "40"),
    ("min_p", Changed(generating(sampling=Sampling(temperature=0.5, min_p=0.1))), "0.0", "0.1"),
    ("alpha", Changed(generating(tip=Tip(3.0, 300))), "2.0", "3.0"),
    ("alpha", Changed(generating(tip=Tip(math.inf, 300))), "2.0", "inf"),
    ("beta", Changed(generating(tip=Tip(2.0, 600))), "300", "600"),
    ("beta", Changed(generating(tip=Tip(2.0, math.inf))), "300", "inf"),
    ("where", Changed(generating(tip=Tip(2.0, 300, "everywhere"))), "thinking", "everywhere"),
    ("groups", Changed(generating(tip=Tip(2.0, 300, groups=("check",)))), "switch", "check"),
    ("samples", Changed(replace(BASE, samples=5)), "4", "5"),
    ("seed", Changed(replace(BASE, seed=8)), "7", "8"),
    ("max_tokens", Changed(generating(max_tokens=None)), "100", "none"),
    ("max_thinking", Changed(generating(max_thinking=50)), "none", "50"),
    ("stop", Changed(generating(stop=("End",))), "[]", "End"),
    ("raw", Changed(replace(BASE, raw=True)), "false", "true"),
    ("think", Changed(generating(think="open")), "auto", "open"),
    ("grace", Changed(generating(tip=Tip(2.0, 300, grace=8))), "0", "8"),
    ("append", Changed(BASE, append="Think."), '""', "Think."),
    ("limit", Changed(BASE, limit=10), "none", "10"),
    ("shard", Changed(BASE, shard="1/2"), "none", "1/2"),
    ("cache", Changed(BASE, cache="q8_0"), "f16", "q8_0"),
    ("context", Changed(BASE, context=8192), "4096", "8192"),
    ("deterministic", Changed(BASE, deterministic=True), "false", "true"),
    ("slots", Changed(BASE, slots=8), "none", "8"),
    ("model sha256", Changed(BASE, model=MODEL | {"sha256": "0f" * 32}), "5e5e5e", "0f0f0f"),
    ("data sha256", Changed(BASE, {"sha256": "0f" * 32}), "dadada", "0f0f0f"),
]


@pytest.mark.parametrize(("name", "new", "was", "now"), CHANGED)
def test_every_change_is_refused_with_what_was_and_what_is_now(
        name: str, new: Changed, was: str, now: str) -> None:
    message = refusal(manifest(BASE), new.manifest)
    assert message.count(" was ") == 1
    before, after = message.split(f"{name} was ")[1].split(" and is now ")
    assert was in before
    assert now in after
    assert ("--extend" in message) == (name in ("samples", "data sha256"))


def test_the_changes_that_are_tested_are_of_all_settings() -> None:
    assert {*manifest(BASE)["settings"], "model sha256", "data sha256"} - {"markers_sha256"} == {
        name for name, *_ in CHANGED}


def test_a_run_that_was_begun_without_a_guard_says_how_it_goes_on() -> None:
    guarded = manifest(generating(controls=(ControlSpec("loop-guard"),)))
    assert refusal(manifest(BASE), guarded).endswith("--no-loop-guard goes on as it was begun")
    assert "--no-loop-guard" not in refusal(guarded, manifest(BASE))
    assert "--no-loop-guard" not in refusal(manifest(BASE), manifest(generating(controls=(ControlSpec("no-wait"),))))


def test_other_switch_expressions_are_refused() -> None:
    old = manifest(BASE)
    markers = locations.user_markers()
    markers.parent.mkdir(parents=True)
    markers.write_text('[switch]\nexpressions = ["Hold on"]\n')
    assert "markers_sha256 was " in refusal(old, manifest(BASE))


def test_several_changes_are_told_together() -> None:
    message = refusal(manifest(BASE), manifest(replace(BASE, seed=8, samples=9)))
    assert "seed was 7 and is now 8" in message
    assert "samples was 4 and is now 9" in message
    assert "--extend" not in message


@pytest.mark.parametrize("new", [
    Changed(replace(BASE, samples=5)), Changed(BASE, limit=11), Changed(BASE, limit=None),
    Changed(BASE, {"sha256": "0f" * 32}, limit=10), Changed(replace(BASE, samples=40), {"sha256": "0f" * 32}, limit=99),
])
def test_a_run_is_extended_by_more_samples_and_more_items(new: Changed) -> None:
    old = manifest(BASE, limit=10)
    check_same(old, new.manifest, FOLDER, extend=True)
    assert "--extend" in refusal(old, new.manifest)


@pytest.mark.parametrize(("old", "new", "told"), [
    (Changed(BASE), Changed(replace(BASE, samples=3)), "samples was 4 and is now 3"),
    (Changed(BASE, limit=10), Changed(BASE, limit=9), "limit was 10 and is now 9"),
    (Changed(BASE), Changed(BASE, limit=10**9), "limit was none and is now 1000000000"),
    (Changed(BASE), Changed(replace(BASE, samples=9, seed=8)), "seed was 7 and is now 8"),
    (Changed(BASE), Changed(BASE, model=MODEL | {"sha256": "0f" * 32}), "model sha256 was 5e5e5e"),
])
def test_no_run_is_extended_by_less_or_by_something_else(old: Changed, new: Changed, told: str) -> None:
    message = refusal(old.manifest, new.manifest, extend=True)
    assert told in message
    assert message.count(" was ") == 1
    assert "--extend" not in message


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = manifest(generating(stop=("</s>", "é 思", "\ud800")), {"items": 3}, append="Think, é!")
    written["sessions"].append(session(slots=3, backend="CPU"))
    write_json(tmp_path / MANIFEST, written)
    assert read_manifest(tmp_path) == written


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, math.inf), (math.inf, 300), (math.inf, math.inf)])
def test_infinity_is_written_as_json_has_it_and_is_the_same_setting_when_read(
        tmp_path: Path, alpha: float, beta: float) -> None:
    written = manifest(generating(tip=Tip(alpha, beta)))
    write_json(tmp_path / MANIFEST, written)
    assert "Infinity" not in (tmp_path / MANIFEST).read_text()
    found = read_manifest(tmp_path)
    assert found == written
    check_same(found, manifest(generating(tip=Tip(alpha, beta))), FOLDER, extend=False)


@pytest.mark.parametrize("fail", ["fsync", "replace"])
@pytest.mark.parametrize("old", ["none", "one"])
def test_a_writing_that_fails_leaves_what_was_there(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: str, old: str) -> None:
    path = tmp_path / MANIFEST
    if old == "one":
        write_json(path, {"old": True})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(LocalthinkError) as error:
        patch.setattr(*((os, "fsync", full) if fail == "fsync" else (Path, "replace", full)))
        write_json(path, {"new": "x" * 100_000})
    assert str(path) in str(error.value)
    assert os.strerror(errno.ENOSPC) in str(error.value)
    assert json.loads(path.read_text()) == {"old": True} if old == "one" else not path.exists()
    write_json(path, {"new": True})
    assert json.loads(path.read_text()) == {"new": True}
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [MANIFEST]


def test_a_file_is_replaced_only_by_one_that_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / MANIFEST
    write_json(path, {"old": True})
    seen, real = [], os.fsync

    def record(descriptor: int) -> None:
        real(descriptor)
        seen.append((json.loads(path.read_text()), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", record)
    write_json(path, {"new": True})
    assert seen[0] == ({"old": True}, path.stat().st_size)


@pytest.mark.parametrize("folder", ["there", "not there", "a file"])
def test_where_there_is_no_manifest_there_is_none(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder
    if folder == "there":
        path.mkdir()
    elif folder == "a file":
        path.write_text("")
    assert read_manifest(path) is None


CUTS: list[Callable[[dict[str, Any]], object]] = [
    lambda whole: whole.pop("format"), lambda whole: whole.pop("settings"), lambda whole: whole.pop("model"),
    lambda whole: whole.pop("data"), lambda whole: whole.pop("sessions"), lambda whole: whole["model"].pop("sha256"),
    lambda whole: whole["data"].pop("sha256"), lambda whole: whole.update(settings=[]),
    lambda whole: whole.update(sessions={}), lambda whole: whole.update(model=None),
]


@pytest.mark.parametrize("cut", CUTS)
def test_a_manifest_that_lacks_something_is_refused(tmp_path: Path, cut: Callable[[dict[str, Any]], object]) -> None:
    whole = copy.deepcopy(manifest(BASE))
    cut(whole)
    write_json(tmp_path / MANIFEST, whole)
    with pytest.raises(UsageError, match="is not a manifest that localthink wrote") as error:
        read_manifest(tmp_path)
    assert str(tmp_path / MANIFEST) in str(error.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\0" * 50, b'{"format": 1}',
                                  b'{"name": "somebody-elses-package"}'])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(data)
    with pytest.raises(UsageError, match="is not a manifest that localthink wrote") as error:
        read_manifest(tmp_path)
    assert str(tmp_path / MANIFEST) in str(error.value)


@pytest.mark.parametrize("version", [0, FORMAT + 1, 99, "2", None])
def test_another_format_is_refused_with_its_number(tmp_path: Path, version: object) -> None:
    write_json(tmp_path / MANIFEST, manifest(BASE) | {"format": version})
    with pytest.raises(UsageError) as error:
        read_manifest(tmp_path)
    assert f"{tmp_path / MANIFEST} has the format {version!r}, and this localthink knows {FORMAT}" in str(error.value)


def test_a_manifest_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(LocalthinkError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_models_record_has_its_checksum_and_survives_json(facts: ModelFacts) -> None:
    record = model_record(facts, {})
    assert record["sha256"] == hashlib.sha256(facts.path.read_bytes()).hexdigest()
    assert record["name"] == "copy"
    assert json.loads(json.dumps(record)) == record


def test_an_unchanged_model_keeps_its_checksum_unread(facts: ModelFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    record = json.loads(json.dumps(model_record(facts, {})))
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert model_record(facts, record) == record
    assert model_record(facts, record | {"sha256": "what was known"})["sha256"] == "what was known"


def test_a_model_of_another_time_size_or_place_is_read_again(facts: ModelFacts, tmp_path: Path) -> None:
    record = model_record(facts, {}) | {"sha256": "what was known"}
    moved = tmp_path / "moved.gguf"
    shutil.copy2(facts.path, moved)
    later = facts.path.stat().st_mtime_ns + 1_000_000_000
    for changed in (replace(facts, path=moved, parts=(moved,)), replace(facts, file_bytes=facts.file_bytes + 1)):
        assert len(model_record(changed, record)["sha256"]) == 64
    os.utime(facts.path, ns=(later, later))
    assert model_record(facts, record)["sha256"] == records.file_sha256(facts)


def test_a_split_models_checksum_is_of_all_its_parts_in_their_order(facts: ModelFacts, tmp_path: Path) -> None:
    parts = tuple(tmp_path / f"{number}.gguf" for number in "12")
    for part in parts:
        part.write_bytes(part.name.encode())
    split = replace(facts, path=parts[0], parts=parts)
    digests = {records.file_sha256(split), records.file_sha256(replace(split, parts=parts[::-1])),
               records.file_sha256(replace(split, parts=parts[:1]))}
    parts[1].write_bytes(b"another")
    assert len({*digests, records.file_sha256(split)}) == 4


def test_a_later_part_that_has_changed_is_read_again(facts: ModelFacts, tmp_path: Path) -> None:
    parts = tuple(tmp_path / f"{number}.gguf" for number in "12")
    for part in parts:
        part.write_bytes(b"weights")
    split = replace(facts, path=parts[0], parts=parts)
    record = model_record(split, {})
    parts[1].write_bytes(b"Weights")
    later = parts[1].stat().st_mtime_ns + 1_000_000_000
    os.utime(parts[1], ns=(later, later))
    assert model_record(split, record)["sha256"] == records.file_sha256(split) != record["sha256"]


def test_a_model_that_has_gone_is_named(facts: ModelFacts) -> None:
    facts.path.unlink()
    with pytest.raises(UsageError, match="cannot be read") as error:
        records.file_sha256(facts)
    assert str(facts.path) in str(error.value)


def test_the_digest_of_the_markers_is_that_of_the_shipped_ones_until_there_are_others() -> None:
    shipped = records.markers_sha256()
    assert shipped == records.markers_sha256()
    assert manifest()["settings"]["markers_sha256"] == shipped


NOW = {"localthink": "0.9", "llama-cpp-python": "0.3.40", "numpy": "2.1"}


@pytest.mark.parametrize(("earlier", "note"), [
    ([], ""), ([{}], ""), ([{}, {}], ""), ([{"python": "3.10", "gguf": "0.1"}], ""),
    ([{"llama-cpp-python": "0.3.36"}], "this run was written with llama-cpp-python 0.3.36 and goes on with 0.3.40: "
                                       "samples may round differently"),
    ([{}, {"llama-cpp-python": "0.3.36"}], "this run was written with llama-cpp-python 0.3.36 and goes on with 0.3.40: "
                                           "samples may round differently"),
    ([{"localthink": "0.8", "numpy": None}], "this run was written with localthink 0.8, numpy None and goes on with "
                                             "0.9, 2.1: samples may round differently, and thoughts be told by other "
                                             "rules"),
])
def test_other_versions_than_now_are_told(
        monkeypatch: pytest.MonkeyPatch, earlier: list[dict[str, Any]], note: str) -> None:
    monkeypatch.setattr(records, "_version", NOW.get)
    assert records.version_note([{"versions": {**NOW, **each}} for each in earlier]) == note


def test_a_session_says_what_it_ran_and_is_json() -> None:
    found = session(slots=3, layout="split")
    assert json.loads(json.dumps(found)) == found
    assert (found["slots"], found["layout"]) == (3, "split")
    assert found["versions"]["python"].startswith("3.")
    assert found["machine"]["memory_bytes"] > 0
