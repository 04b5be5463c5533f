"""Logs of a study are Inspect's own: it reads them, and finds in them what the study says."""
from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace

import pytest

from localthink.errors import UsageError
from localthink.study.folder import StudyFolder
from localthink.study.metrics import accuracy
from localthink.study.samples import by_cell, read_samples
from study.making import study

log = pytest.importorskip("inspect_ai.log")
from localthink.study.inspect_log import KEPT_BACK, export_logs  # noqa: E402


@pytest.fixture(scope="module")
def written(finished, tmp_path_factory):
    return export_logs(*finished, tmp_path_factory.mktemp("logs") / "out.eval")


def test_every_setting_of_a_set_is_a_log_that_inspect_reads_as_it_was_measured(finished, written):
    _, folder = finished
    found = {path.name: log.read_eval_log(path) for path in written}
    assert len(found) == 4 + 3
    for name in ("choose", "test"):
        for cell, samples in by_cell(read_samples(folder.results("countdown", name))).items():
            read = found[f"out-countdown-{name}-{cell.replace(' ', '-')}.eval"]
            assert read.status == "success" and len(read.samples) == len(samples)
            assert read.results.scores[0].metrics["accuracy"].value == pytest.approx(accuracy(samples).value)
            by_key = {each.uuid: each for each in read.samples}
            for sample in samples:
                each = by_key[sample.key]
                assert (each.scores["localthink"].value == "C") == sample.right
                assert (each.id, each.epoch) == (sample.problem, sample.number + 1)
                assert each.metadata["switches"] == sample.switches and each.metadata["seed"] == sample.seed
                assert each.output.usage.output_tokens == sample.tokens
                assert each.target == sample.problem.rpartition("-")[2]
                assert [part.type for part in each.messages[1].content] == ["reasoning", "text"]


def test_inspects_own_program_lists_and_shows_them(written):
    ran = subprocess.run([sys.executable, "-m", "inspect_ai", "log", "dump", "--header-only", str(written[0])],
                         capture_output=True, text=True, timeout=120, check=True)
    assert '"task": "small/choose/plain"' in ran.stdout


def test_settings_whose_names_are_one_in_a_file_have_a_log_each(finished, tmp_path, monkeypatch):
    wanted, folder = finished
    names = itertools.cycle(["Alpha-3", "alpha-3"])
    monkeypatch.setattr("localthink.study.inspect_log._plain", lambda cell: next(names))
    found = export_logs(wanted, folder, tmp_path / "out.json")
    assert len({path.name.casefold() for path in found}) == len(found) == 4 + 3
    assert all(path.is_file() for path in found)


def test_a_log_in_json_is_the_same(finished, written, tmp_path):
    [first, *_] = export_logs(*finished, tmp_path / "out.json")
    one, other = log.read_eval_log(first), log.read_eval_log(written[0])
    assert first.suffix == ".json" and one.eval.eval_id == other.eval.eval_id
    assert [each.input for each in one.samples] == [each.input for each in other.samples]


def test_what_is_private_is_kept_back_and_scored_all_the_same(finished, tmp_path):
    wanted, folder = finished
    hidden = replace(wanted, test=replace(wanted.test, private=True))
    for path in export_logs(hidden, folder, tmp_path / "out.eval"):
        if "-test-" in path.name:
            read = log.read_eval_log(path)
            assert {(each.input, each.target, each.messages[1].text) for each in read.samples} == {(KEPT_BACK,) * 3}
            assert {each.scores["localthink"].value for each in read.samples} <= {"C", "I"}


def test_half_a_study_is_told_from_a_whole_one(finished, tmp_path):
    wanted, folder = finished
    [first, *_] = export_logs(replace(wanted, samples=wanted.samples * 2), folder, tmp_path / "out.eval")
    assert log.read_eval_log(first).status == "cancelled"


def test_without_samples_there_is_no_log(tmp_path):
    with pytest.raises(UsageError, match="has no samples"):
        export_logs(study(), StudyFolder(tmp_path), tmp_path / "out.eval")
