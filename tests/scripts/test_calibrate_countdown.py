"""The table of predictions has a row for each setting, and says nothing of what was not measured."""
from __future__ import annotations

import sys

import calibrate_countdown
from localthink.study.spec import find_study


def test_before_a_study_runs_there_are_predictions_alone(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["calibrate_countdown.py", "calibration"])
    monkeypatch.setattr(calibrate_countdown, "SAMPLES", 2)
    calibrate_countdown.main()
    _, _, *rows = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert [row[0] for row in cells] == [cell.name for cell in find_study("calibration").cells]
    assert all(row[1] and not row[2] for row in cells)
