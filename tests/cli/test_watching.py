"""What is seen of a run: on terminals of every width, in pipes, and at the end."""
from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.live import Live

from localthink.batch.figures import Figures
from localthink.cli.watching import Display, Lines, Quiet, summary, watching

HALF = Figures("running", items=100, items_done=40, samples=800, samples_done=400, errors=2, tokens=60_000, held=1234.5,
               graded=400, correct=300, slots=16, busy=15, seconds=60.0, speed_now=1100.0, speed=1000.0,
               seconds_left=61.0)


def screen(figures: Figures, width: int, *notes: str) -> list[str]:
    """The lines that a terminal of so many columns shows last."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    with Live(console=console, auto_refresh=False) as live:
        display = Display([], live)
        for note in notes:
            display.note(note)
        display.show(figures)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 300])
def test_the_display_fits_every_width_and_loses_no_figure(width):
    shown = screen(HALF, width)
    text = " ".join("".join(shown).split())
    for part in ("40/100", "1,100", "15/16", "1,234", "75.0%", "2"):
        assert part in text
    if width >= 60:
        assert "400/800 samples" in text and "1:01 left" in text


def test_a_note_cannot_move_the_cursor_or_be_taken_for_markup():
    shown = "\n".join(screen(HALF, 80, "line 3: \x1b[2J[bold]x[/bold]"))
    assert "\\x1b[2J[bold]x[/bold]" in shown


def test_reading_the_model_is_said():
    assert any("reading the model" in line for line in screen(replace(HALF, state="loading"), 80))


def test_a_pipe_gets_lines_and_quiet_gets_nothing(capsys):
    with watching([], quiet=False) as watcher:
        assert type(watcher) is Lines
        watcher.note("hello")
        watcher.show(HALF)  # the first line comes after half a minute
    with watching([], quiet=True) as watcher:
        assert type(watcher) is Quiet
        watcher.note("hello")
    assert capsys.readouterr().err == "hello\n"


def test_a_plain_line_comes_every_half_minute(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("localthink.cli.watching.time.monotonic", lambda: now[0])
    watcher = Lines([])
    for seconds in (10, 29, 31, 45, 62):
        now[0] = seconds
        watcher.show(HALF)
    assert capsys.readouterr().err.count("400 of 800 samples") == 2


def test_a_reader_who_went_away_does_not_end_the_night(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Gone())
    Lines([]).note("hello")


def test_to_be_stopped_is_to_have_received_a_signal():
    received: list[int] = []
    watcher = Quiet(received)
    assert not watcher.stopped()
    received.append(2)
    assert watcher.stopped()


def test_the_table_at_the_end_names_the_run_and_its_figures():
    table = summary(replace(HALF, state="stopped", cut_off=3), "runs/a", [("model", "r1\x1b[2J")])
    for part in ("stopped", "40 of 100", "400 of 800", "300 of 400 (75.0%)", "3 samples", "errors.jsonl", "runs/a"):
        assert part in table
    assert "\x1b" not in table
