"""A pull beside a conversation: its state from its news, its speed, its end."""
from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.pulled import DONE, FAILED, FOUND, MIB, PATH, SIZE, ScriptedPull, here
from chat.scripted import Clock
from localthink.chat.pulling import Pulls
from localthink.errors import UsageError
from localthink.hub.news import Checking, Note, PullNews, PullProgress, Waiting
from localthink.hub.wanted import Wanted, parse_wanted

WANTED = parse_wanted("r1-qwen-7b:Q4_K_M")


class Desk:
    """Pulls, and what a test does to them."""

    def __init__(self) -> None:
        self.made: list[ScriptedPull] = []
        self.clock = Clock()
        self.pulls = Pulls(self.clock, self._make)

    def _make(self, wanted: Wanted, prefer: Sequence[str]) -> ScriptedPull:
        self.made.append(ScriptedPull(wanted, prefer))
        return self.made[-1]

    def tell(self, *news: PullNews) -> str:
        """Returns how it stands then, in words."""
        self.made[-1].tell(*news)
        self.pulls.pump()
        return self.pulls.state.figures


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.pulls.begin(WANTED, ("Q4_K_M",))
    return made


def test_it_is_started_with_what_is_wanted_and_asks_the_hub(desk: Desk) -> None:
    (pull,) = desk.made
    assert pull.started and (pull.wanted, pull.prefer) == (WANTED, ("Q4_K_M",))
    state = desk.pulls.state
    assert (state.phase, state.name, state.model, state.figures) == (
        "asking", "r1-qwen-7b:Q4_K_M", "r1-qwen-7b", "asking the Hub")
    assert state.running and state.done == 0.0


def test_share_time_left_speed_and_size_are_said(desk: Desk) -> None:
    assert desk.tell(FOUND, here(0.0)) == "0% · 0 B of 0.98 GiB"
    desk.clock.wait(2)
    assert desk.tell(here(0.25)) == "25% · 6 s left · 125 MiB/s · 250 MiB of 0.98 GiB"


def test_the_speed_is_that_of_the_last_seconds(desk: Desk) -> None:
    desk.tell(FOUND, here(0.0))
    desk.clock.wait(5)
    desk.tell(here(0.5))
    for share in (0.51, 0.52, 0.53, 0.54):
        desk.clock.wait(3)
        desk.tell(here(share))
    assert desk.pulls.state.speed == pytest.approx(0.03 * SIZE / 9)


def test_what_begins_anew_or_waits_has_no_speed_for_a_while(desk: Desk) -> None:
    desk.tell(FOUND, here(0.0))
    desk.clock.wait(5)
    desk.tell(here(0.5))
    desk.clock.wait(1)
    desk.tell(here(0.1))
    assert desk.pulls.state.speed == 0.0
    assert desk.tell(Waiting(8.0, "the connection broke off")) == (
        "waiting: the connection broke off · 100 MiB of 0.98 GiB")
    desk.clock.wait(60)
    desk.tell(here(0.2))
    assert desk.pulls.state.speed == 0.0 and desk.pulls.state.phase == "loading"


def test_what_is_here_already_is_checked_first(desk: Desk) -> None:
    assert desk.tell(FOUND, Checking(0.4)) == "checking what is here · 40%"
    assert desk.pulls.state.running


def test_at_its_end_there_is_a_path_and_the_process_is_closed(desk: Desk) -> None:
    assert desk.tell(FOUND, here(1.0), DONE) == "here, 0.98 GiB"
    assert desk.pulls.state.path == PATH and not desk.pulls.state.running
    assert desk.made[0].cancelled and not desk.pulls.pump()


def test_a_failure_says_why_and_that_nothing_is_loaded_twice(desk: Desk) -> None:
    assert desk.tell(FAILED) == "not pulled: the Hub cannot be reached"
    desk.pulls.begin(WANTED)
    assert desk.tell(FOUND, here(0.5), FAILED) == (
        "not pulled: the Hub cannot be reached; pull it again: what is here is not loaded twice")


def test_stopping_ends_it_at_once_and_says_how_far_it_was(desk: Desk) -> None:
    desk.tell(FOUND, here(0.3))
    desk.pulls.stop()
    assert desk.made[0].cancelled
    assert desk.pulls.state.figures == "stopped at 30%: pulling it again goes on from there"
    desk.pulls.begin(WANTED)
    assert len(desk.made) == 2 and desk.pulls.state.phase == "asking"


def test_a_second_pull_is_refused_in_words(desk: Desk) -> None:
    with pytest.raises(UsageError, match="r1-qwen-7b:Q4_K_M is being pulled: wait for it, or stop it first"):
        desk.pulls.begin(parse_wanted("hf:me/other"))
    assert len(desk.made) == 1


def test_a_process_that_cannot_be_started_is_a_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: ScriptedPull) -> None:
        raise OSError("Cannot allocate memory")

    desk.pulls.stop()
    monkeypatch.setattr(ScriptedPull, "start", start)
    desk.pulls.begin(WANTED)
    assert desk.pulls.state.figures == "not pulled: the download's process cannot be started: Cannot allocate memory"


def test_notes_are_for_the_person(desk: Desk) -> None:
    desk.tell(Note("a.gguf changed on the Hub: its download starts again"))
    assert desk.pulls.said == ["a.gguf changed on the Hub: its download starts again"]


def test_closing_ends_whatever_there_is(desk: Desk) -> None:
    desk.pulls.close()
    assert desk.made[0].cancelled
    desk.pulls.close()


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, SIZE))))
def test_figures_can_always_be_said(steps: list[tuple[float, int]]) -> None:
    desk = Desk()
    desk.pulls.begin(WANTED)
    desk.tell(FOUND)
    for seconds, bytes in steps:
        desk.clock.wait(seconds)
        assert desk.tell(PullProgress(bytes, SIZE)).startswith(f"{bytes / SIZE:.0%} · ")
        assert desk.pulls.state.speed >= 0 and 0 <= desk.pulls.state.done <= 1
    assert SIZE == 1000 * MIB
