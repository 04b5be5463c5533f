"""A study runs every setting on the same problems, goes on where it stopped, and computes nothing twice."""
from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace

import pytest

from batch.running import Watch
from localthink.errors import UsageError
from localthink.study.choice import chosen_cell
from localthink.study.figures import drawings
from localthink.study.folder import StudyFolder, begin
from localthink.study.page import page
from localthink.study.report import html
from localthink.study.reported import report_on
from localthink.study.running import cells_of, lines, progress
from localthink.study.samples import by_cell, read_samples
from localthink.study.spec import Study
from study.making import SMALL, study
from study.running import begun, keys, run

ONE_SET = SMALL.replace('[choose]\nsource = "countdown"\nitems = 4\n', "")


def test_a_study_ends_with_every_sample_of_every_setting(finished):
    wanted, folder = finished
    choose, test = (read_samples(folder.results("countdown", name)) for name in ("choose", "test"))
    assert {cell: len(found) for cell, found in by_cell(choose).items()} == dict.fromkeys(
        ("plain", "alpha 1", "alpha 3", "inviting"), 8)
    chosen = chosen_cell(wanted, read_samples(folder.results("countdown", "choose")))
    assert {cell: len(found) for cell, found in by_cell(test).items()} == dict.fromkeys(
        ("plain", chosen.name, "inviting"), 18)
    assert [figures.state for _, _, figures in progress(wanted, folder)] == ["complete", "complete"]


def test_all_settings_of_a_problem_have_its_seeds(finished):
    _, folder = finished
    seeds = defaultdict(set)
    for sample in read_samples(folder.results("countdown", "choose")):
        seeds[sample.pair].add(sample.seed)
    assert len(seeds) == 8 and all(len(found) == 1 for found in seeds.values())
    assert len({seed for found in seeds.values() for seed in found}) == 8


def test_the_chosen_setting_is_the_best_of_the_grid_on_the_set_for_choosing(finished):
    wanted, folder = finished
    found = by_cell(read_samples(folder.results("countdown", "choose")))
    means = {cell: sum(sample.right for sample in found[cell]) / 8 for cell in ("alpha 1", "alpha 3")}
    assert means[chosen_cell(wanted, read_samples(folder.results("countdown", "choose"))).name] == max(means.values())


def test_where_the_penalty_acts_can_be_compared_and_each_sample_has_its_own(tmp_path):
    _, folder = begun(tmp_path, ONE_SET.replace("samples = 2", "samples = 1").replace("items = 9", "items = 1").replace(
        "[arms.inviting]\nalpha = -2", '[arms.answers]\nalpha = 3\nwhere = "everywhere"'))
    results = [json.loads(line) for line in folder.results("countdown", "test").read_text("utf-8").splitlines()]
    assert {each["item"]["study_cell"]: each["settings"]["where"] for each in results} == {
        "plain": "thinking", "alpha 1": "thinking", "alpha 3": "thinking", "answers": "everywhere"}


def test_a_study_that_is_done_runs_nothing_and_says_so(finished):
    wanted, folder = finished
    before = keys(folder)
    assert run(wanted, folder) == "complete"
    assert keys(folder) == before and len(set(before)) == len(before)


def test_lines_are_every_setting_of_one_problem_and_then_of_the_next(tmp_path):
    wanted = study()
    problems = begin(wanted, begun_folder(tmp_path))["choose"].problems
    written = list(lines(wanted, problems, wanted.cells))
    assert [line["study_cell"] for line in written[:5]] == ["plain", "alpha 1", "alpha 3", "inviting", "plain"]
    by_problem = [list(group) for _, group in itertools.groupby(written, lambda line: line["study_problem"])]
    assert len(by_problem) == 4 and all(len({line["seed"] for line in group}) == 1 for group in by_problem)


def begun_folder(tmp_path):
    return StudyFolder(tmp_path / "study")


def test_stopped_anywhere_a_study_has_its_settings_on_the_same_problems_and_goes_on(tmp_path):
    wanted, folder = begun(tmp_path, ONE_SET, Watch(stop_after=30))
    done = read_samples(folder.results("countdown", "test"))
    assert 30 <= len(done) < 72
    problems = {cell: {sample.problem for sample in found} for cell, found in by_cell(done).items()}
    assert max(map(len, problems.values())) - min(map(len, problems.values())) <= 4  # those that are under way
    assert run(wanted, folder) == "complete"
    assert len(keys(folder)) == len(set(keys(folder))) == 72


def test_the_budget_of_tokens_is_the_whole_studys(tmp_path):
    wanted, folder = study(f"{ONE_SET}[budget]\ntokens = 3000"), begun_folder(tmp_path)
    for _ in range(3):
        assert run(wanted, folder, slots=2) == "the budget of 3,000 tokens"
    spent = sum(sample.tokens for sample in read_samples(folder.results("countdown", "test")))
    assert 3000 - 2 * 400 < spent < 3000 + 2 * 400


@pytest.mark.slow
def test_the_budget_of_hours_is_of_one_start(tmp_path):
    clock = itertools.count(0, 600)  # ten minutes between two looks
    wanted, folder = begun(tmp_path, f"{ONE_SET}[budget]\nhours = 1", clock=lambda: float(next(clock)))
    assert len(keys(folder)) < 72
    assert run(wanted, folder) == "complete"


def test_the_test_set_sees_of_the_grid_only_what_was_chosen():
    wanted: Study = study()
    assert [cell.name for cell in cells_of(wanted, "test", wanted.cell("alpha 1"))] == ["plain", "alpha 1", "inviting"]
    assert len(cells_of(wanted, "choose", None)) == len(cells_of(study(ONE_SET), "test", None)) == 4


def test_a_study_that_was_edited_after_it_began_is_refused_with_the_difference(finished):
    _, folder = finished
    with pytest.raises(UsageError, match=r"seed was 3 and is now 4; grid.alpha was \[1, 3\] and is now \[2, 3\]: undo"):
        begin(study(SMALL.replace("seed = 3", "seed = 4").replace("[1, 3]", "[2, 3]")), folder)


def test_data_that_changed_after_a_study_began_is_refused(tmp_path):
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps({"question": "Use 1, 2 and 3 to make 9.", "numbers": [1, 2, 3], "target": 9}) + "\n")
    wanted, folder = study("[grid]\nalpha = 3\n[test]\nsource = 'data.jsonl'", tmp_path), begun_folder(tmp_path)
    begin(wanted, folder)
    data.write_text(data.read_text() + json.dumps({"question": "And 2?", "answer": 2}) + "\n")
    with pytest.raises(UsageError, match=r"are not those that .* was begun with: restore the data"):
        begin(wanted, folder)


def test_nothing_is_chosen_by_a_set_that_has_not_run():
    assert chosen_cell(study(), []) is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 as POSIX has it")
def test_killed_at_ten_moments_a_study_has_every_sample_once_and_the_report_of_one_that_was_not(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    killed, whole = ([sys.executable, "-m", "localthink", "study", "run", str(tmp_path / "small.toml"), "-o",
                      str(tmp_path / name / "study"), "--threads", "1", "--slots", "4", "--deterministic", "--quiet"]
                     for name in ("killed", "whole"))
    folder, rng = StudyFolder(tmp_path / "killed" / "study"), random.Random(8)
    for moment in range(10):
        process = subprocess.Popen(killed)
        while process.poll() is None and len(keys(folder)) < 8 * moment:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 0.5))
        process.kill()
        process.wait()
    for command in (killed, whole):
        subprocess.run(command, check=True)
    found = keys(folder)
    assert len(found) == len(set(found)) == 4 * 4 * 2 + 9 * 3 * 2
    reports = [report_on([str(tmp_path / name / "study")]) for name in ("killed", "whole")]
    assert page(reports[0].analyses) == page(reports[1].analyses)
    shown = [html(replace(each, facts=()), [drawings(analysis) for analysis in each.analyses], "now")
             for each in reports]
    assert shown[0] == shown[1]
