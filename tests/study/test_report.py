"""A report stands alone, says what it can support, and is made of half a study as of a whole one."""
from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from batch.running import Watch, execute, spec, write_puzzles
from localthink.errors import UsageError
from localthink.records import Tip
from localthink.study.analysis import analyse_set, points, verdict
from localthink.study.figures import drawings
from localthink.study.folder import REPORT, VERDICT
from localthink.study.metrics import Comparison, Figure
from localthink.study.page import bar, page
from localthink.study.report import html, write_report
from localthink.study.reported import report_on
from localthink.study.svg import COLOURS, standalone
from study.making import SMALL, sample
from study.running import begun


@pytest.fixture(scope="module")
def reported(finished):
    return report_on([str(finished[1].path)])


@pytest.fixture(scope="module")
def drawn(reported):
    return drawings(reported.analyses[1])


def test_a_report_is_one_file_that_asks_the_network_for_nothing(reported, tmp_path):
    target = tmp_path / "new" / "report.html"
    write_report(reported, target)
    text = target.read_text("utf-8")
    assert not re.search(r"(?:src|href)=[\"'](?!#)|@import|url\((?!#)", text)
    for part in ("alpha 3", "inviting", "sha256", "Against plain", "Problem by problem", "Outcomes", "can lead on"):
        assert part in text
    figures = sorted(path.name for path in (target.parent / "figures").iterdir())
    assert "countdown-test-outcomes.svg" in figures and len(figures) >= 10


def test_in_the_studys_own_folder_lies_the_verdict_of_its_test_and_nowhere_else(reported, tmp_path):
    write_report(reported, tmp_path / "elsewhere.html")
    assert not (tmp_path / VERDICT).exists()
    write_report(replace(reported, target=tmp_path / REPORT), tmp_path / REPORT)
    assert json.loads((tmp_path / VERDICT).read_text("utf-8"))["verdict"] == verdict(reported.analyses[-1])


def test_figures_are_svg_whose_colours_a_page_fills_in(drawn):
    for drawing in drawn:
        root = ET.fromstring(standalone(drawing.svg))
        assert root.tag.endswith("svg") and root.get("viewBox") and root.get("width") is None
        assert "var(--ink)" in drawing.svg and not any(colour in drawing.svg for colour in COLOURS.values())


def test_ids_of_several_figures_on_a_page_are_different(drawn):
    ids = [found for drawing in drawn for found in re.findall(r' id="([^"]+)"', drawing.svg)]
    assert len(ids) == len(set(ids))


def test_what_a_model_wrote_is_text_on_the_page_and_nothing_else(reported):
    [pair, *_] = next(pairs for pairs in reported.pairs if pairs)
    hostile = {**pair.left, "answer": "<script>alert(1)</script>\x1b[31m"}
    shown = html(replace(reported, pairs=((replace(pair, left=hostile),), ())), [[], []], "now")
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "\x1b" not in shown


def test_the_page_for_a_terminal_has_the_figures_of_every_setting(reported):
    shown = page(reported.analyses)
    for part in ("countdown [choose]", "countdown [test]", "plain", "inviting", "against plain", "outcomes", "pass@2"):
        assert part in shown


def test_half_a_study_is_reported_and_says_so(tmp_path):
    _, folder = begun(tmp_path, SMALL, Watch(stop_after=20))
    reported = report_on([str(folder.path)])
    assert len(reported.analyses) == 1 and not reported.analyses[0].done
    assert "not done yet" in page(reported.analyses)
    assert "This is a part of the study" in html(reported, [[]], "now")


def test_a_study_without_samples_has_no_report(tmp_path):
    (tmp_path / "s.toml").write_text(SMALL)
    with pytest.raises(UsageError, match="has no samples yet"):
        report_on([str(tmp_path / "s.toml")])


def test_private_problems_are_shown_in_no_report(finished):
    wanted, folder = finished
    record = folder.record.read_text("utf-8")
    try:
        assert wanted.test.private is False
        folder.record.write_text(record.replace('items = 9\\n', 'items = 9\\nprivate = true\\n'), encoding="utf-8")
        assert report_on([str(folder.path)]).pairs[1] == ()
    finally:
        folder.record.write_text(record, encoding="utf-8")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    source = write_puzzles(place / "puzzles.jsonl", 9)
    for name, alpha in (("plain", 0.0), ("held", 3.0)):
        execute(spec(source, place / name, tip=Tip(alpha)))
    other = write_puzzles(place / "others.jsonl", 3, first=20)
    execute(spec(other, place / "other", tip=Tip(3.0)))
    return place


def test_plain_runs_are_compared_with_the_first_as_the_baseline(runs):
    reported = report_on([str(runs / "plain"), str(runs / "held")])
    [analysis] = reported.analyses
    assert [cell.name for cell in analysis.cells] == ["plain (plain)", "held (alpha 3, beta 600)"]
    assert analysis.comparisons[0].pairs == 9 and not analysis.planned
    assert reported.target is None


@pytest.mark.parametrize(("names", "said"), [
    (["plain", "other"], "its data sha256 is"), (["plain"], "is one run: give at least two"),
    (["plain", "plain"], "is given twice"), (["plain", "nothing"], "holds no run")])
def test_runs_that_cannot_be_compared_are_refused(runs, names, said):
    with pytest.raises(UsageError, match=said):
        report_on([str(runs / name) for name in names])


def comparison(low, high, adjusted=None, among=1):
    value = (low + high) / 2
    none = Figure(0.0, None, 80)
    return Comparison("tip", "plain", 20, 80, Figure(value, (low, high), 80), none, none, 5, 5, 0.1, 0.9, 40.0, 0.08,
                      among, adjusted)


@pytest.mark.parametrize(("found", "said"), [
    (comparison(0.02, 0.10), "The setting helps. tip against plain: +6.0 points [+2.0, +10.0]"),
    (comparison(-0.10, -0.02), "The setting harms."),
    (comparison(-0.02, 0.06), "No difference is shown by this design, which shows one of 8 points or more 8 times in "
                              "10."),
    (comparison(-0.02, 0.06, 0.4, among=3), "which, with 3 settings tried, shows one of 8 points or more"),
    (comparison(0.02, 0.10, 0.2, among=3), "No difference is shown: its own interval leaves 0 out, but over the 3 "
                                           "settings that were tried together p is 0.20"),
    (comparison(0.02, 0.10, 0.03, among=3), "The setting helps."),
])
def test_the_verdict_says_what_the_interval_says(reported, found, said):
    analysis = reported.analyses[1]
    assert said in verdict(replace(analysis, comparisons=(found,), main="tip"))


def test_what_was_picked_after_looking_is_marked_and_what_was_planned_is_not(reported):
    choose, test = reported.analyses
    assert "the best of 2 settings, picked after looking" in verdict(choose)
    assert "exploratory" not in verdict(test)


def test_arms_without_a_grid_are_corrected_for_their_number_and_beside_a_grid_among_themselves(reported):
    choose, _ = reported.analyses
    cells = choose.settings
    arms = [replace(cell, role="arm" if cell.role == "grid" else cell.role) for cell in cells]
    alone = analyse_set("m", "test", samples_of(cells), arms, 1, "", planned=False)
    assert [each.among for each in alone.comparisons] == [3, 3, 3]
    beside = analyse_set("m", "test", samples_of(cells), cells, 1, "", planned=False)
    assert [each.among for each in beside.comparisons] == [2, 2, 1]
    for one, other in zip(alone.comparisons, beside.comparisons, strict=True):
        assert one.adjusted is not None and one.seen > other.seen
        assert other.adjusted is None or other.adjusted <= one.adjusted
    assert beside.comparisons[2].adjusted is None


def samples_of(cells):
    """Of twelve problems; a setting solves those below its place in the list that plain decoding does not."""
    return [sample(f"p{place}", cell.name, outcome="right" if place % 3 == 0 or place < 3 * index else "wrong")
            for place in range(12) for index, cell in enumerate(cells)]


@pytest.mark.parametrize(("value", "shown"), [(0.034, "+3.4 points"), (-0.1, "−10.0 points"), (0.0, "0.0 points")])
def test_points_are_signed(value, shown):
    assert points(value) == shown


def test_a_bar_is_as_long_as_its_share():
    assert (bar(0).strip(), bar(1).count("█"), bar(0.5).count("█"), len(bar(0.3))) == ("", 24, 12, 24)
