"""What the first launch shows is measured, and is shown once."""
from __future__ import annotations

import hashlib
import json

import pytest

import localthink
from localthink import locations
from localthink.chat.demo import is_first_launch, read_demo, remember_shown
from localthink.errors import HistoryError
from localthink.grade.countdown import read_puzzle, solves
from localthink.history import History


@pytest.fixture
def history(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        yield history


def test_its_figures_are_those_of_the_evaluation():
    demo = read_demo()
    evaluation = json.loads((locations.bundled_models() / "countdown.eval.json").read_text(encoding="utf-8"))
    assert (demo.tip.alpha, demo.tip.beta) == (evaluation["chosen"]["alpha"], evaluation["chosen"]["beta"])
    assert demo.without / demo.puzzles == pytest.approx(evaluation["plain"]["accuracy"])
    assert demo.with_it / demo.puzzles == pytest.approx(evaluation["chosen_cell"]["accuracy"])
    assert f"{demo.without} were solved without it and {demo.with_it} with it" in demo.evidence


def test_it_was_chosen_for_this_very_model():
    chosen = json.loads((locations.bundled_models() / "demo.json").read_text(encoding="utf-8"))
    assert chosen["model_sha256"] == hashlib.sha256(locations.bundled_model().read_bytes()).hexdigest()
    assert sum(chosen["solved"].values()) == chosen["puzzles"]


def test_the_bundled_model_solves_it_with_the_penalty_only():
    demo = read_demo()
    puzzle = read_puzzle(demo.question)
    with localthink.load(slots=2, threads=1) as engine:
        traces = [engine.generate([demo.question], settings.generation, seed=demo.seed)[0][0]
                  for settings in demo.settings]
    assert [solves(trace.answer, puzzle.numbers, puzzle.target) for trace in traces] == [False, True]
    assert traces[1].held >= 2


def test_it_is_shown_at_the_first_launch_and_never_again(history):
    assert is_first_launch(history)
    remember_shown()
    remember_shown()
    assert not is_first_launch(history)


def test_who_has_talked_here_before_is_not_shown_it(history):
    history.add_message(history.create("a title"), None, "user", "hello")
    assert not is_first_launch(history)


def test_without_a_history_it_is_not_shown():
    assert not is_first_launch(None)


def test_a_history_that_cannot_be_read_is_no_reason_to_fail(history, monkeypatch):
    def fail():
        raise HistoryError("damaged")
    monkeypatch.setattr(history, "latest", fail)
    assert not is_first_launch(history)


def test_where_nothing_can_be_written_the_chat_still_opens(home):
    home.write_text("a file where the folder would be")
    remember_shown()
    assert not locations.demo_mark().exists()
