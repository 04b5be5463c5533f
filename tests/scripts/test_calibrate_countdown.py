"""The tables of predictions have a row for each setting of each model, and say nothing of what was not measured."""
from __future__ import annotations

import sys
from dataclasses import replace

import pytest

import calibrate_countdown
from calibrate_countdown import baseline_of
from localthink.study.spec import find_study


def tables(monkeypatch, capsys, study):
    """Of each model, the cells of its rows."""
    monkeypatch.setattr(sys, "argv", ["calibrate_countdown.py", study])
    monkeypatch.setattr(calibrate_countdown, "SAMPLES", 2)
    calibrate_countdown.main()
    found = {}
    for table in capsys.readouterr().out.split("### ")[1:]:
        name, _, _, _, *rows = table.strip().splitlines()
        found[name] = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    return found


@pytest.mark.parametrize("study", ["calibration", "family", "family-4"])
def test_before_a_study_runs_there_are_predictions_alone(monkeypatch, capsys, study):
    found = tables(monkeypatch, capsys, study)
    assert list(found) == list(find_study(study).models)
    for rows in found.values():
        assert [row[0] for row in rows] == [cell.name for cell in find_study(study).cells]
        assert all(row[1] and not row[2] for row in rows)


def test_waits_are_told_of_the_model_that_writes_them(monkeypatch, capsys):
    found = tables(monkeypatch, capsys, "family")
    assert {name: len(rows[0]) for name, rows in found.items() if len(rows[0]) > 11} == {"countdown-wait": 13}


def test_a_setting_is_compared_with_plain_decoding_under_the_same_limit():
    study = find_study("family")
    assert baseline_of(study.cell("short-held"), study.cells).name == "short"
    assert baseline_of(study.cell("inviting"), study.cells).name == baseline_of(study.cell("short"), study.cells).name
    assert baseline_of(replace(study.cell("inviting")), study.cells) is study.cells[0]
