"""Shards become one run with every sample once, however often and in whatever steps they are merged."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from batch.ledgers import DATA, engine_error, input_error, key, manifest, result, write_run
from localthink.batch import merge as module
from localthink.batch.jsonlines import read_lines
from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS, Ledger
from localthink.batch.manifest import check_same, read_manifest, session, write_json
from localthink.batch.merge import Merged, merge
from localthink.batch.settings import Settings
from localthink.batch.status import read_figures
from localthink.errors import UsageError
from localthink.records import Generation, Tip

FIRST = [result("a", n, n=2) for n in range(2)] + [result("b", n, n=2) for n in range(2)]
SECOND = [result("c", 0, n=2)]
BAD = [input_error(3), input_error(8)]


def shard_of(name: str, items: int, samples: int, settings: Settings | None = None, **more: Any) -> dict[str, Any]:
    data = {"items": items, "samples": samples, "bad_lines": len(BAD)}
    about = manifest(settings, data, **{"shard": name, **more})
    about["sessions"].append(session(shard=name))
    return about


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    """Two shards, of 2 and 1 items with 2 samples each; one sample of the second is not done."""
    return [write_run(tmp_path / "one", shard_of("1/2", 2, 4), FIRST, BAD),
            write_run(tmp_path / "two", shard_of("2/2", 1, 2), SECOND, [*BAD, engine_error("c", 1)])]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "merged"


def contents(folder: Path) -> tuple[list[str], list[str], dict[str, Any]]:
    """Results and errors whatever their order, and the manifest."""
    results, errors = (sorted(json.dumps(value, sort_keys=True) for _, value in read_lines(folder / name))
                       for name in (RESULTS, ERRORS))
    about = read_manifest(folder)
    assert about is not None
    return results, errors, about


def written(values: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def test_two_shards_become_one_run(shards: list[Path], target: Path) -> None:
    before = [contents(folder) for folder in shards]
    assert merge(shards, target) == Merged(added=5, known=0, samples=5, expected=6)
    results, errors, about = contents(target)
    assert results == written(FIRST + SECOND)
    assert errors == written([*BAD, engine_error("c", 1)])
    assert about["settings"] == manifest()["settings"]
    assert about["data"] == {**DATA, "items": 3, "samples": 6, "bad_lines": 2}
    assert [one["shard"] for one in about["sessions"]] == ["1/2", "2/2"]
    assert [contents(folder) for folder in shards] == before


def test_a_merged_run_can_be_continued_and_looked_at(shards: list[Path], target: Path) -> None:
    merge(shards, target)
    about = read_manifest(target)
    assert about is not None
    check_same(about, manifest(), target, extend=False)
    with Ledger(target) as ledger:
        assert (ledger.tally.samples, ledger.errors) == (5, 3)
        assert ledger.has(key("c", 1))
    figures = read_figures(target)
    assert (figures.state, figures.items, figures.items_done, figures.samples_done) == ("complete", 3, 2, 5)


def test_merging_again_adds_nothing(shards: list[Path], target: Path) -> None:
    merge(shards, target)
    before, data = contents(target), (target / RESULTS).read_bytes()
    for again in (shards, shards[::-1], shards[:1], [*shards, target]):
        assert merge(again, target) == Merged(added=0, known=5, samples=5, expected=6)
        assert contents(target)[:2] == before[:2]
        assert contents(target)[2]["data"] == before[2]["data"]
        assert len(contents(target)[2]["sessions"]) == 2
        assert (target / RESULTS).read_bytes() == data


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_after_the_other_is_the_same_as_both_at_once(
        shards: list[Path], target: Path, tmp_path: Path, order: tuple[int, int]) -> None:
    ordered = [shards[number] for number in order]
    merge(ordered, target)
    steps = tmp_path / "steps"
    added = [asdict(merge([folder], steps)) for folder in ordered]
    assert [one["added"] for one in added] == ([4, 1] if order == (0, 1) else [1, 4])
    assert [one["expected"] for one in added] == ([4, 6] if order == (0, 1) else [2, 6])
    assert contents(steps) == contents(target)


def test_a_shard_that_has_gone_on_since_brings_what_is_new(shards: list[Path], target: Path) -> None:
    merge(shards, target)
    with Ledger(shards[1]) as ledger:
        ledger.append([result("c", 1, n=2)])
    assert merge(shards, target) == Merged(added=1, known=5, samples=6, expected=6)
    assert contents(target)[0] == written([*FIRST, *SECOND, result("c", 1, n=2)])


def test_a_merge_that_was_interrupted_goes_on(
        shards: list[Path], target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    real, calls = Ledger.append, []

    def append(ledger: Ledger, results: Sequence[dict[str, Any]]) -> None:
        calls.append(results)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(ledger, results)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Ledger, "append", append)
        merge(shards, target)
    assert merge(shards, target) == Merged(added=3, known=2, samples=5, expected=6)
    merge(shards, tmp_path / "whole")
    assert contents(target) == contents(tmp_path / "whole")


@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
def test_a_sample_of_both_shards_is_there_once(
        shards: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    with Ledger(shards[1]) as ledger:
        ledger.append(FIRST[1:3])
    assert merge(shards, target).added == 5
    assert contents(target)[0] == written(FIRST + SECOND)


def test_a_torn_last_line_of_a_shard_is_left_out_and_left_alone(shards: list[Path], target: Path) -> None:
    with (shards[0] / RESULTS).open("ab") as file:
        file.write(b'{"key": "12')
    data = (shards[0] / RESULTS).read_bytes()
    assert merge(shards, target).added == 5
    assert (shards[0] / RESULTS).read_bytes() == data


def test_a_shard_is_not_made_the_whole(shards: list[Path]) -> None:
    before = contents(shards[0])
    with pytest.raises(UsageError, match="one of the shards"):
        merge(shards, shards[0])
    assert contents(shards[0]) == before


def test_a_merged_run_that_was_continued_counts_its_shards_once(shards: list[Path], target: Path) -> None:
    merge(shards, target)
    write_json(target / MANIFEST, manifest(data={"items": 3, "samples": 6, "bad_lines": 2}))  # as a run writes it
    assert merge(shards, target) == Merged(added=0, known=5, samples=5, expected=6)
    assert contents(target)[2]["data"]["items"] == 3


def test_a_whole_run_and_one_of_its_shards_are_as_much_as_the_whole(
        shards: list[Path], target: Path, tmp_path: Path) -> None:
    whole = write_run(tmp_path / "whole", manifest(data={"items": 3, "samples": 6, "bad_lines": 2}), FIRST[:2], BAD)
    assert merge([whole, shards[0]], target) == Merged(added=4, known=0, samples=4, expected=6)


@pytest.mark.parametrize("into", ["a new folder", "the other's folder"])
def test_another_alpha_is_refused_with_both_values(
        shards: list[Path], target: Path, tmp_path: Path, into: str) -> None:
    other = write_run(tmp_path / "other", shard_of("2/2", 1, 2, Settings(Generation(tip=Tip(alpha=7.25)))), SECOND)
    before = contents(other)
    folders = [shards[0], other] if into == "a new folder" else [shards[0]]
    with pytest.raises(UsageError) as error:
        merge(folders, target if into == "a new folder" else other)
    assert f"{other} is not of the same run as {shards[0]}: its alpha is 7.25 and not 3.0" in str(error.value)
    assert not target.exists()
    assert contents(other) == before


@pytest.mark.parametrize(("name", "changed"), [
    ("seed", {"settings": Settings(seed=1)}), ("samples", {"settings": Settings(samples=9)}),
    ("context", {"context": 512}), ("limit", {"limit": 7}),
])
def test_shards_of_two_runs_are_refused(
        shards: list[Path], target: Path, tmp_path: Path, name: str, changed: dict[str, Any]) -> None:
    other = write_run(tmp_path / "other", shard_of("2/2", 1, 2, **changed))
    with pytest.raises(UsageError, match=f"its {name} is"):
        merge([shards[0], other], target)


def test_a_folder_without_a_run_is_refused_and_nothing_is_made(
        shards: list[Path], target: Path, tmp_path: Path) -> None:
    for name in ("empty", "not there"):
        folder = tmp_path / name
        if name == "empty":
            folder.mkdir()
        with pytest.raises(UsageError, match="holds no run") as error:
            merge([shards[0], folder], target)
        assert str(folder) in str(error.value)
        assert not target.exists()


def test_a_target_with_results_of_unknown_origin_is_refused(shards: list[Path], target: Path) -> None:
    with Ledger(target) as ledger:
        ledger.append(SECOND)
    with pytest.raises(UsageError, match=MANIFEST) as error:
        merge(shards, target)
    assert str(target) in str(error.value)
    assert not (target / MANIFEST).exists()


def test_a_target_in_use_is_refused(shards: list[Path], target: Path) -> None:
    with Ledger(target), pytest.raises(UsageError, match="another process is writing"):
        merge(shards, target)


@pytest.mark.parametrize("line", [b"nonsense", b'{"key": "abcd"}'])
def test_a_damaged_line_of_a_shard_is_named(shards: list[Path], target: Path, line: bytes) -> None:
    with (shards[1] / RESULTS).open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(UsageError) as error:
        merge(shards, target)
    assert f"{shards[1] / RESULTS}, line 2" in str(error.value)


def test_shards_that_are_missing_are_named_and_the_run_is_not_complete(tmp_path: Path, target: Path) -> None:
    some = [write_run(tmp_path / str(n), shard_of(f"{n}/4", 1, 1), [result(n)]) for n in (1, 3)]
    assert merge(some, target).missing == ("2/4", "4/4")
    assert read_figures(target).state == "stopped"


def test_shards_of_different_divisions_are_refused(tmp_path: Path, target: Path) -> None:
    some = [write_run(tmp_path / name.replace("/", "-"), shard_of(name, 1, 1)) for name in ("1/2", "1/3")]
    with pytest.raises(UsageError, match="1/2, 1/3"):
        merge(some, target)
