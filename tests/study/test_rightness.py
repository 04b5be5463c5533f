"""A score of underthinking rests on the oracle, or on a judge who was held against it; on nobody else."""
from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest

from localthink.batch.ledger import RESULTS
from localthink.errors import UsageError
from localthink.judge.interface import Judgement
from localthink.records import Generation
from localthink.study.analysis import analyse_set
from localthink.study.cells import BASELINE, Cell
from localthink.study.judgements import JUDGEMENTS
from localthink.study.page import page
from localthink.study.reported import report_on
from localthink.study.rightness import ThoughtsBy, calibration_of, find_source, with_thoughts_by
from localthink.study.samples import read_samples
from study.judging import JUDGE, judge_it, puzzles, right_in, without_oracle

JUDGES = ThoughtsBy("judge")
OTHER = replace(JUDGE, name="other", prompt="c" * 64)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return puzzles(tmp_path_factory.mktemp("judged"))


@pytest.fixture
def puzzle_run(run, tmp_path):
    return shutil.copytree(run, tmp_path / "puzzles")


@pytest.fixture
def other_run(run, tmp_path):
    return without_oracle(run, tmp_path / "others")


def analysed(folder, by=JUDGES):
    samples = read_samples(folder / RESULTS)
    cells = [Cell(samples[0].cell, BASELINE, {}, Generation())]
    return analyse_set("m", "test", samples, cells, len(samples), "", True, find_source(by, samples, [folder]))


def scores(analysis):
    return [(each.score, each.wrong) for each in analysis.underthinking.values()]


def test_of_countdown_the_oracle_is_asked_unless_somebody_else_is_wanted(puzzle_run):
    judge_it(puzzle_run, right_in(0.7))
    known = analysed(puzzle_run, ThoughtsBy())
    assert known.source.name == "the exact oracle" and len(scores(known)) == 1
    assert "thoughts judged by the exact oracle: " in page([known])
    assert scores(analysed(puzzle_run)) != scores(known)


def test_a_judge_that_is_always_right_gives_the_oracles_score(puzzle_run):
    judge_it(puzzle_run, right_in(1.0))
    judged = analysed(puzzle_run)
    assert scores(judged) == scores(analysed(puzzle_run, ThoughtsBy("oracle"))) != []
    shown = page([judged])
    assert "thoughts judged by somebody (aaaaaaaa, prompt bbbbbbbb): " in shown
    assert "right by the oracle" in shown and "accuracy 100.0 %" in shown


def test_without_a_matrix_a_judge_has_no_score_and_the_report_says_why(puzzle_run, other_run):
    judge_it(other_run, right_in(0.9), of=puzzle_run)
    analysis = analysed(other_run, ThoughtsBy())
    assert scores(analysis) == [] and analysis.index == {}
    assert "no score is made of that: its confusion matrix is not known: let it judge 20 thoughts" in page([analysis])
    assert all(thought.right is None for sample in analysis.samples for thought in sample.thoughts)


@pytest.mark.parametrize("judge", [right_in(0.5), lambda oracle: Never()], ids=["a die", "who never says right"])
def test_a_judge_no_better_than_chance_has_a_matrix_and_no_score(puzzle_run, judge):
    judge_it(puzzle_run, judge)
    analysis = analysed(puzzle_run)
    shown = page([analysis])
    assert scores(analysis) == [] and "right by the oracle" in shown
    assert "no score is made of that: it is not shown to be better than chance: the 95 % interval of" in shown


class Never:
    """Calls everything wrong, which is most often so."""

    name = "never"

    def judge(self, cases):
        return [Judgement(0.1)] * len(cases)


def test_a_matrix_may_come_from_another_run_that_the_same_judge_has_judged(puzzle_run, other_run):
    for folder in (puzzle_run, other_run):
        judge_it(folder, right_in(0.9), of=puzzle_run)
    analysis = analysed(other_run, ThoughtsBy(calibrated_by=(puzzle_run,)))
    calibration = calibration_of(JUDGE, [puzzle_run])
    assert len(scores(analysis)) == 1 and f"over {calibration.cases:,} cases" in page([analysis])
    assert 0.75 < calibration.accuracy.share < 1


def test_the_matrix_of_another_judge_is_none_of_this_one(puzzle_run, other_run):
    judge_it(puzzle_run, right_in(0.9), by=OTHER)
    judge_it(other_run, right_in(0.9), of=puzzle_run)
    assert scores(analysed(other_run, ThoughtsBy(calibrated_by=(puzzle_run,)))) == []


def test_a_run_that_nobody_has_judged_has_no_source(other_run):
    assert analysed(other_run, ThoughtsBy()).source is None


def test_two_judges_are_told_apart_by_a_part_of_their_names(puzzle_run):
    judge_it(puzzle_run, right_in(1.0))
    judge_it(puzzle_run, right_in(0.6), by=OTHER)
    with pytest.raises(UsageError, match=r"judged by somebody .* and by other .*say which, as judge:NAME"):
        analysed(puzzle_run)
    assert analysed(puzzle_run, ThoughtsBy("judge:some")).source.name == str(JUDGE)
    assert analysed(puzzle_run, ThoughtsBy("judge:cccc")).source.name == str(OTHER)


def test_a_judge_who_has_seen_too_little_has_a_matrix_and_no_score(puzzle_run):
    judge_it(puzzle_run, right_in(0.9))
    path = puzzle_run / JUDGEMENTS
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:40]))
    analysis = analysed(puzzle_run)
    shown = page([analysis])
    assert scores(analysis) == [] and "over 40 cases of" in shown
    assert ": 40 of " in shown and f"no score of {analysis.baseline.name}: that takes 20" in shown


def test_of_thoughts_that_were_not_judged_nobody_knows(puzzle_run):
    judge_it(puzzle_run, right_in(1.0))
    source = find_source(JUDGES, [], [puzzle_run])
    samples = [replace(sample, key="unknown") for sample in read_samples(puzzle_run / RESULTS)]
    assert all(thought.right is None for sample in with_thoughts_by(source, samples) for thought in sample.thoughts)


def test_a_report_on_runs_hears_whom_it_is_told_to(puzzle_run, tmp_path):
    judge_it(puzzle_run, right_in(1.0))
    second = shutil.copytree(puzzle_run, tmp_path / "second")
    reported = report_on([str(puzzle_run), str(second)], by=JUDGES)
    assert reported.analyses[0].source.name == str(JUDGE)


@pytest.mark.parametrize(("by", "said"), [
    (ThoughtsBy("jugde"), "nobody called \"jugde\" judges thoughts: did you mean judge?"),
    (ThoughtsBy("oracle:x"), "nobody called"),
    (ThoughtsBy("judge"), "no thoughts of .* were judged: localthink judge --kind thought does that"),
    (ThoughtsBy("oracle"), "the oracle knows thoughts of Countdown alone"),
])
def test_whoever_has_said_nothing_cannot_be_asked(other_run, by, said):
    with pytest.raises(UsageError, match=said):
        analysed(other_run, by)


def test_what_calibrates_a_judge_is_a_run(puzzle_run, other_run, tmp_path):
    judge_it(other_run, right_in(1.0), of=puzzle_run)
    with pytest.raises(UsageError, match=re.escape(f"{tmp_path / 'none'} holds no run")):
        analysed(other_run, ThoughtsBy(calibrated_by=(tmp_path / "none",)))
