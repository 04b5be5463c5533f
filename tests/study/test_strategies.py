"""Strategies replayed over the samples of a study."""
from __future__ import annotations

import json
from dataclasses import replace

import pytest

from localthink.errors import UsageError
from localthink.study.page import page
from localthink.study.report import html
from localthink.study.reported import report_on
from localthink.study.samples import CELL, PROBLEM
from localthink.study.strategies import read_strategies, replayed
from study.making import SMALL, study


def line(problem, cell, sample, answer, tokens, right):
    return {"key": f"{problem}{cell}{sample}", "id": f"{problem}-{cell}", "sample": sample, "line": 1, "model": "m",
            "prompt_tokens": 1, "tokens": tokens, "thinking": "", "answer": f"\\boxed{{{answer}}}",
            "finish_reason": "stop", "thoughts": [], "settings": {}, "question": "Q", "correct": right,
            "item": {CELL: cell, PROBLEM: problem, "answer": 1}}


def write(path, *lines):
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def test_every_setting_has_its_figures_over_its_problems(tmp_path):
    results = write(
        tmp_path / "results.jsonl",
        line("p", "plain", 0, 1, 10, True), line("p", "plain", 1, 2, 4, False), line("p", "plain", 2, 1, 8, True),
        line("q", "plain", 0, 2, 6, False), line("q", "plain", 1, 2, 6, False), line("q", "plain", 2, 2, 6, False),
        line("p", "held", 0, 1, 3, True), line("p", "held", 1, 1, 3, True), line("p", "held", 2, 1, 3, True))
    found = {(each.cell, each.written): each for each in replayed(
        results, read_strategies(["single", "consensus", "shortest", "short-2"], 3, "s.toml"))}
    accuracies = {key: each.accuracy.value for key, each in found.items()}
    assert accuracies["plain", "single"] == pytest.approx((2 / 3 + 0) / 2), "every attempt is the first once"
    assert (accuracies["plain", "consensus"], accuracies["plain", "shortest"]) == (0.5, 0)
    assert found["plain", "shortest"].tokens.value == (3 * 4 + 3 * 6) / 2
    assert found["plain", "shortest"].steps.value == (4 + 6) / 2
    assert accuracies["held", "short-2"] == 1 and found["held", "single"].problems == 1
    assert found["held", "consensus"].begun == 2, "two of three that agree cannot be overtaken"


def test_settings_come_in_the_order_that_is_asked_for(tmp_path):
    results = write(tmp_path / "results.jsonl", line("p", "held", 0, 1, 3, True), line("p", "plain", 0, 1, 3, True))
    strategies = read_strategies(["single"], 1, "s.toml")
    assert [each.cell for each in replayed(results, strategies, ["plain", "held"])] == ["plain", "held"]


def test_problems_with_too_few_samples_so_far_are_left_out(tmp_path):
    results = write(tmp_path / "results.jsonl", line("p", "plain", 0, 1, 3, True), line("p", "plain", 1, 1, 3, True),
                    line("q", "plain", 0, 1, 3, True))
    [figures] = replayed(results, read_strategies(["consensus"], 2, "s.toml"))
    assert figures.problems == 1
    assert replayed(results, read_strategies(["consensus"], 3, "s.toml")) == ()


def test_nothing_is_said_of_confidence_where_nobody_measured_it(tmp_path):
    lines = [line("p", "plain", sample, 1, 3, True) for sample in range(4)]
    strategies = read_strategies(["confident"], 4, "s.toml")
    assert replayed(write(tmp_path / "results.jsonl", *lines), strategies) == ()
    for each in lines:
        each["interventions"] = [{"control": "confidence", "why": "lowest group 2.5", "position": 3}]
    [figures] = replayed(write(tmp_path / "results.jsonl", *lines), strategies)
    assert (figures.accuracy.value, figures.tokens, figures.steps) == (1, None, None), "a replay cannot know its cost"


@pytest.mark.parametrize(("written", "told"), [
    ("consensu", "did you mean consensus?"), ("steps", "which takes a verifier"), ("best", "best is pass@n"),
    ("short-2@8", "takes 8 attempts, and a problem has 4 samples"), ("short-4", "n is 4: short-4 takes 5"),
])
def test_a_strategy_that_a_study_cannot_replay_is_refused(written, told):
    with pytest.raises(UsageError) as refused:
        study(SMALL.replace("samples = 2", f'samples = 4\nstrategies = ["{written}"]'))
    assert told in str(refused.value)


def test_strategies_may_be_added_to_a_study_that_has_begun():
    assert study('strategies = ["consensus"]\n' + SMALL).sha256 == study().sha256


def test_the_report_has_a_table_of_them_here_and_in_html(finished):
    _, folder = finished
    reported = report_on([str(folder.path)])
    strategies = replayed(folder.results("countdown", "test"), read_strategies(["shortest", "single"], 2, "s.toml"))
    cells = {cell.name for cell in reported.analyses[-1].cells}
    assert {each.cell for each in strategies} == cells and len(strategies) == 2 * len(cells)
    assert all(each.problems == 9 for each in strategies)
    analyses = (*reported.analyses[:-1], replace(reported.analyses[-1], strategies=strategies))
    assert "strategies, by replay" in page(analyses)
    shown = html(replace(reported, analyses=analyses), [[] for _ in analyses], "now")
    assert shown.count("<td>shortest</td>") == len(cells) and "replayed over these samples" in shown
