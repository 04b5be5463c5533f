"""Studies are listed with what their reports say, the newest first, and a report is opened or its place is told."""
from __future__ import annotations

import webbrowser

import pytest

from localthink.chat import reports
from localthink.chat.reports import latest_reports, opened
from localthink.study.folder import VERDICT
from study.reports import write_reports


@pytest.fixture
def begun():
    write_reports()


def test_the_newest_is_first_with_the_verdict_of_its_test(begun):
    newest, newer, old = latest_reports()
    assert (newest.name, newest.path) == ("newest", None)
    assert newest.verdict == "no report yet: localthink study report newest"
    assert newer.verdict == "The setting helps. alpha 3 against plain: +6.0 points [+2.0, +9.9] <b>"
    assert old.verdict == "" and old.day < newer.day < newest.day


@pytest.mark.parametrize("damaged", [b"", b"[1]", b"{}", b"\xff", b"null"])
def test_a_verdict_that_cannot_be_read_leaves_the_report_in_the_list(begun, damaged):
    report = latest_reports()[1]
    (report.path.parent / VERDICT).write_bytes(damaged)
    assert [(each.name, each.verdict) for each in latest_reports()][1] == (report.name, "")


def test_where_no_study_was_begun_there_is_nothing():
    assert latest_reports() == []


@pytest.mark.parametrize(("windows", "browser", "said"), [
    (True, True, "in the browser: "), (True, False, "no browser was found; the report is "),
    (False, True, "no browser was found; the report is ")])
def test_a_report_is_opened_where_a_browser_has_a_window_and_else_its_place_is_told(
        begun, monkeypatch, windows, browser, said):
    asked = []
    monkeypatch.setattr(webbrowser, "open", lambda address: asked.append(address) or browser)
    monkeypatch.setattr(reports.sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0" if windows else "")
    report = latest_reports()[1]
    assert opened(report) == f"{said}{report.path}"
    assert asked == ([report.path.resolve().as_uri()] if windows else [])


def test_what_has_no_report_yet_says_how_to_make_one(begun):
    assert opened(latest_reports()[0]) == "newest has no report yet: localthink study report newest"
