"""A pull while the chat goes on: one line of progress, its end in words, and the model opened at the right moment."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chat.pulled import DONE, FAILED, FOUND, PATH, ScriptedPull, here
from chat.scripted import Clock, session
from localthink.chat.asking import Opening
from localthink.chat.pulling import PullState
from localthink.engine.messages import Loaded, Loading
from localthink.hub.news import PullNews
from localthink.hub.wanted import Wanted, parse_wanted
from localthink.tui.app import ChatApp
from localthink.tui.screens.models import ModelsScreen
from localthink.tui.widgets.opened_line import OpenedLine
from localthink.tui.widgets.pull_line import PullLine, drawn
from tui.chatting import Person, running

NAME = "r1-qwen-7b:Q4_K_M"


class Pulling:
    """A chat, and the pull that a person has begun in it."""

    def __init__(self) -> None:
        self.made: list[ScriptedPull] = []
        self.session = session(None, ready=False, make_pull=self._make)
        self.app = ChatApp(self.session, Opening())

    def _make(self, wanted: Wanted, prefer: Sequence[str]) -> ScriptedPull:
        self.made.append(ScriptedPull(wanted, prefer))
        return self.made[-1]

    def begin(self, *news: PullNews) -> None:
        self.session.arrivals.begin(parse_wanted(NAME), Opening())
        self.made[-1].tell(*news)


@pytest.fixture
def pulling() -> Pulling:
    return Pulling()


def notes(person: Person) -> list[str]:
    return [note.message for note in person.app._notifications]


def test_the_line_is_there_while_it_comes_and_the_answer_is_written_beside_it(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        line = person.screen.query_one(PullLine)
        assert not line.display
        pulling.begin(FOUND, here(0.25))
        await person.wait(lambda: "━━────────" in person.text)
        assert f"↓ {NAME}" in person.text and "25% · 250 MiB of 0.98 GiB" in person.text
        await person.ask()
        await person.write(12)
        assert pulling.session.live.turn.tokens and line.display
        await person.finish()
        pulling.made[-1].tell(here(1.0), DONE)
        await person.wait(lambda: f"{NAME}: here, and is being opened" in notes(person))
        await person.wait(lambda: not line.display)

    running(pulling.app, steps)
    assert [order.model for order in pulling.session.asker._client.orders if isinstance(order, Loading)] == [
        None, str(PATH)]


def test_what_arrives_during_an_answer_waits_for_it_and_says_so(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        await person.ask()
        pulling.begin(FOUND, here(1.0), DONE)
        await person.wait(lambda: "opened when this has ended" in person.text)
        assert any("opened when what is under way has ended" in note for note in notes(person))
        await person.finish()
        await person.wait(lambda: pulling.session.asker.opening.model == str(PATH))

    running(pulling.app, steps, (140, 30))


def test_a_comparison_keeps_its_model_until_it_is_left(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        await person.answered()
        await person.press("f5")
        await person.wait(lambda: person.app.screen is not person.screen)
        pulling.begin(FOUND, here(1.0), DONE)
        await person.wait(lambda: pulling.session.arrivals.waiting)
        person.client.finish()
        await person.wait(lambda: not pulling.session.asker.busy)
        assert pulling.session.asker.opening.model is None
        await person.press("escape")
        await person.wait(lambda: pulling.session.asker.opening.model == str(PATH))

    running(pulling.app, steps)


def test_a_failure_is_one_line_and_nothing_stays(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        pulling.begin(FAILED)
        await person.wait(lambda: f"{NAME}: not pulled: the Hub cannot be reached" in notes(person))
        assert not person.screen.query_one(PullLine).display

    running(pulling.app, steps)


def test_a_click_on_the_line_leads_to_where_it_can_be_stopped(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        pulling.begin(FOUND, here(0.5))
        await person.wait(lambda: "50%" in person.text)
        await person.pilot.click(PullLine)
        await person.wait(lambda: isinstance(person.app.screen, ModelsScreen))
        await person.press("f9")
        await person.wait(lambda: not pulling.session.arrivals.pending)
        await person.press("escape")
        await person.wait(lambda: person.app.screen is person.screen)
        assert notes(person) == []  # it was told there
        assert not person.screen.query_one(PullLine).display

    running(pulling.app, steps)


def test_quitting_ends_the_pull(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        pulling.begin(FOUND, here(0.5))
        await person.shown()
        await person.press("ctrl+q")

    running(pulling.app, steps)
    assert pulling.made[0].cancelled


def test_the_line_is_drawn_twice_a_second_at_most() -> None:
    drawings: list[float] = []

    class Counted(PullLine):
        def refresh(self, *regions: object, **more: object) -> PullLine:  # type: ignore[override]
            drawings.append(0)
            return self

    line, clock = Counted(), Clock(0.0)
    state = PullState("loading", NAME, total=1000)
    for number in range(1, 101):
        clock.wait(0.1)
        line.show(replace(state, bytes=number), True, False, clock())
    assert 18 <= len(drawings) <= 22
    line.show(replace(state, phase="waiting"), True, False, clock())
    assert len(drawings) <= 23


@pytest.mark.parametrize(("state", "text"), [
    (PullState(), ""),
    (PullState("asking", NAME), f"↓ {NAME} asking the Hub"),
    (PullState("loading", NAME, bytes=1, total=1000), f"↓ {NAME} ━───────── 0% · 1 B of 0.977 KiB"),
    (PullState("here", NAME, total=2**30), f"✓ {NAME} here, 1.00 GiB"),
    (PullState("failed", "hf:someone/with-a-very-long-name", reason="[b]no[/b]\x1b"),
     "✕ hf:someone/…ry-long-name not pulled: [b]no[/b]\\x1b"),
])
def test_a_pull_in_a_line(state: PullState, text: str) -> None:
    assert drawn(state).plain == text


def test_how_the_model_was_opened_is_said_until_something_is_asked(pulling: Pulling) -> None:
    async def steps(person: Person) -> None:
        line = person.screen.query_one(OpenedLine)
        assert not line.display  # the scripted engine says nothing of it
        loaded = pulling.session.asker.model.loaded
        assert isinstance(loaded, Loaded)
        chosen = replace(loaded, choice="scripted: context 4,096 tokens · f16 cache [b]112 MiB")
        pulling.session.asker.model = replace(pulling.session.asker.model, loaded=chosen)
        await person.wait(lambda: "context 4,096 tokens · f16 cache [b]112 MiB" in person.text)
        await person.ask()
        await person.wait(lambda: not line.display)
        await person.finish()
        assert not line.display

    running(pulling.app, steps)
