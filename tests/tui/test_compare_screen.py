"""The screen of a comparison: both sides on one screen, the words that explain it, and every key."""
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from chat.scripted import DIED, Line, Refusal, Reply, ScriptedClient, pieces, session
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.records import Generation, Message, Tip
from localthink.tui.screens import compare
from localthink.tui.screens.choice import ChoiceScreen
from localthink.tui.screens.compare import CompareScreen
from localthink.tui.widgets.answer import Answer
from localthink.tui.widgets.compared import ComparedText, Verdict
from localthink.tui.widgets.key_line import KeyLine
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap
from localthink.tui.widgets.tip_rows import TipInput
from tui.piloting import wait_until

QUESTION = "Use 3, 5 and 12 to make 57."
SAME = "First, try 12 * 5 = 60. 60 + 3 = 63, no."
LEFT = Reply("I found no way.", (SAME, "\nAlternatively, try 12 + 5 = 17. 17 * 3 = 51, no.", "\nAlternatively, try 7."))
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line(SAME + "\n60 - 3 = 57, yes.", {len(pieces(SAME)): 0.9}),))
SIZES = [(80, 24), (120, 40), (50, 20), (30, 10), (200, 60)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """No pause between two looks is longer than it has to be."""
    monkeypatch.setattr(compare, "PAUSE_FACTOR", 0)


class CompareApp(App[None]):
    """One comparison over a scripted engine; `second` is the engine of the right side, where it gets one."""

    def __init__(self, *replies: Reply | Refusal, right_opening: Opening | None = None, question: str = QUESTION,
                 ready: bool = True) -> None:
        super().__init__()
        self.client = ScriptedClient(replies or [LEFT, RIGHT, RIGHT, RIGHT])
        self.second = ScriptedClient([RIGHT], name="second", clock=self.client.clock)
        self.talk: Session = session(None, self.client, ready=ready)
        self.compared = CompareScreen(
            self.talk, [Message("user", question)], 6, ChatSettings(Generation(tip=Tip(alpha=0))), ChatSettings(),
            right_opening=right_opening, make_client=lambda: self.second, seeds=lambda: 77)

    async def on_mount(self) -> None:
        await self.push_screen(self.compared)

    def text(self, part: str) -> str:
        """What a line, a paragraph or a table of the screen says, in one line."""
        return lines(self.compared.query_one(part, Static))

    @property
    def keys(self) -> set[str]:
        return {active.binding.description for active in self.screen.active_bindings.values() if active.binding.show}

    @property
    def shown(self) -> list[str]:
        """What the screen says of how far either side is."""
        return [figures.render_line(0).text.strip() for figures in self.compared.query(".figures")]


def run(check: Callable[[CompareApp, Pilot[None]], Awaitable[None]], app: CompareApp | None = None,
        size: tuple[int, int] = (100, 40)) -> CompareApp:
    app = app or CompareApp()

    async def play() -> None:
        async with app.run_test(size=size) as pilot:
            await check(app, pilot)
    asyncio.run(play())
    return app


def lines(shown: Widget) -> str:
    return " ".join(shown.render_line(y).text.strip() for y in range(shown.size.height))


async def asked(app: CompareApp, pilot: Pilot[None], count: int = 2) -> None:
    await wait_until(pilot, lambda: len(app.client.asks) == count and bool(app.compared.query(Verdict)))


async def done(app: CompareApp, pilot: Pilot[None]) -> None:
    """Both sides are at their end, and the screen says so."""
    await asked(app, pilot)
    app.client.finish()
    await wait_until(pilot, lambda: "Back" in app.keys and "answer" in app.text("#rows"))


def test_both_sides_are_asked_at_once_with_one_seed_and_nothing_is_kept():
    app = run(done)
    left, right = app.client.asks
    assert (left.seed, right.seed) == (6, 6) and left.messages == right.messages
    assert (left.generation.tip.alpha, right.generation.tip.alpha) == (0, 3)
    assert app.talk.entries == []


def test_the_screen_says_what_is_compared():
    async def check(app, pilot):
        await asked(app, pilot)
        assert app.text("#question") == QUESTION and app.text("#seed") == "seed 6"
        await wait_until(pilot, lambda: [str(name.visual) for name in app.compared.query(".name")] == 2 * [
            "without the penalty (α 0)", "with the penalty: α 3, β 600"])
    run(check)


def test_the_thoughts_of_both_are_shown_while_they_are_written():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(25)
        await wait_until(pilot, lambda: all("25 tokens" in figures for figures in app.shown))
        maps = list(app.compared.query(ThoughtMap))
        assert maps[0].region.y < maps[1].region.y and maps[0].region.width == maps[1].region.width
        lists = list(app.compared.query(ThoughtList))
        assert lists[0].region.y == lists[1].region.y and lists[0].region.right <= lists[1].region.x
        assert app.keys == {"Stop", "New seed", "α and β", "Left model", "Right model"}
    run(check)


def test_where_they_part_is_said_as_soon_as_they_do():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(10)
        await wait_until(pilot, lambda: app.text("#opening") == "So far the same: 10 tokens.")
        app.client.advance(25)
        await wait_until(pilot, lambda: app.text("#meaning").startswith("Without the penalty it left this thought"))
        assert "The same for" in app.text("#opening") and "Alternatively, try" in app.text("#quotes")
        assert not app.compared.query_one("#rows").display
    run(check)


def test_at_the_end_there_is_a_table_of_both():
    async def check(app, pilot):
        await done(app, pilot)
        assert app.compared.query_one("#rows").display
        rows = app.text("#rows")
        for said in ("12 * 5 - 3", "makes 57", "“I found no way.”", "1 ⊘", "by itself, after"):
            assert said in rows
        answers = [answer.text for answer in app.compared.query(Answer)]
        assert answers == [LEFT.answer, RIGHT.answer]
    run(check)


def test_f8_writes_it_to_a_file_and_k_keeps_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def check(app: CompareApp, pilot: Pilot[None]) -> None:
        await asked(app, pilot)
        assert not {"Keep", "Export"} & app.keys, "there is nothing yet"
        await done(app, pilot)
        assert {"Keep", "Export"} <= app.keys
        for number, suffix in (("1", "svg"), ("2", "txt")):
            await pilot.press("f8")
            await wait_until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
            await pilot.press(number)
            path = tmp_path / f"compare-use-3-5-and-12-to-make-57.{suffix}"
            await wait_until(pilot, path.exists)
            assert "57" in path.read_text(encoding="utf-8")
            await wait_until(pilot, lambda: app.screen is app.compared)
        await pilot.press("k")
        await wait_until(pilot, lambda: any("without a history" in said.message for said in app._notifications))

    run(check)


def test_escape_stops_first_and_leaves_then():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(12)
        await pilot.press("escape")
        await wait_until(pilot, lambda: "stopped, after" in app.text("#rows"))
        assert not app.client.writing and app.screen is app.compared
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is not app.compared)
    run(check)


def test_leaving_in_the_midst_ends_what_is_written():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(12)
        await app.pop_screen()
        await wait_until(pilot, lambda: not app.client.writing)
    run(check)


def test_another_seed_starts_both_over():
    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("r")
        await asked(app, pilot, 4)
        assert [ask.seed for ask in app.client.asks] == [6, 6, 77, 77]
        await wait_until(pilot, lambda: app.text("#seed") == "seed 77" and "Stop" in app.keys)
        assert not app.compared.query_one("#rows").display and not app.compared.query(Answer)
        app.client.finish()
        await wait_until(pilot, lambda: "Both wrote the same" in app.text("#opening"))
    run(check)


def test_another_seed_in_the_midst_ends_what_was_written_before():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(12)
        await pilot.press("r")
        await asked(app, pilot, 4)
        app.client.advance(3)
        await wait_until(pilot, lambda: all("1 thought · 3 tokens" in figures for figures in app.shown))
    run(check)


def test_alpha_and_beta_of_both_can_be_written_over():
    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(app.focused, TipInput) and app.keys == {"Start over", "Back"})
        await pilot.press("r", "ctrl+u", *"6.5", "tab", "ctrl+u", *"80", "enter")
        await asked(app, pilot, 4)
        left, right = app.client.asks[2:]
        left_tip, right_tip = left.generation.tip, right.generation.tip
        assert (left_tip.alpha, left_tip.beta) == (0, 600) and (right_tip.alpha, right_tip.beta) == (6.5, 80)
        assert (left.seed, right.seed) == (6, 6)
        await wait_until(pilot, lambda: "Stop" in app.keys and not app.compared.has_class("editing"))
    run(check)


def test_the_arrows_are_steps_of_alpha():
    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(app.focused, TipInput))
        await pilot.press("up", "up", "down", "enter")
        await asked(app, pilot, 4)
        assert app.client.asks[3].generation.tip.alpha == 3.5
    run(check)


def test_what_is_no_alpha_is_told_and_nothing_starts():
    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(app.focused, TipInput))
        await pilot.press("ctrl+u", *"much", "enter")
        await wait_until(pilot, lambda: "alpha is 'much'" in app.text("TipRows > .wrong"))
        await pilot.press("escape")
        await wait_until(pilot, lambda: not app.compared.has_class("editing"))
        assert app.screen is app.compared and len(app.client.asks) == 2
    run(check)


def test_the_right_side_may_have_a_model_and_an_engine_of_its_own():
    app = CompareApp(LEFT, right_opening=Opening("second.gguf"))
    app.second.loads = False

    async def check(app, pilot):
        await wait_until(pilot, lambda: "The model of the right side is being opened" in app.text("#state"))
        assert app.client.asks == [] and "Back" in app.keys
        app.second.open()
        await wait_until(pilot, lambda: len(app.client.asks) == len(app.second.asks) == 1)
        app.client.finish()
        app.second.finish()
        await wait_until(pilot, lambda: "second, with the penalty" in app.text("#rows"))
        assert "They begin with the same words" in app.text("#opening")
        assert app.second.running
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is not app.compared)
    run(check, app)
    assert not app.second.running and app.client.running


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_keys_of_a_comparison_work_wherever_the_focus_is(size):
    async def check(app, pilot):
        await done(app, pilot)
        for editing in (False, True):
            if editing:
                await pilot.press("e")
                await wait_until(pilot, lambda: app.compared.has_class("editing"))
            for focused in [None, *app.compared.focus_chain]:
                if not isinstance(focused, TipInput):
                    app.compared.set_focus(focused)
                    await wait_until(pilot, lambda focused=focused: app.compared.focused is focused)
                    assert {"Back", "New seed", "α and β", "Left model", "Right model"} <= app.keys, focused
        await pilot.press("escape")
        assert app.screen is app.compared and not app.compared.has_class("editing")
        await pilot.press("escape")
        assert app.screen is not app.compared
    run(check, size=size)


def test_another_model_is_chosen_from_those_that_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "openable_models", lambda: [("other", tmp_path / "other.gguf")])

    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("m")
        await wait_until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("2")
        await wait_until(pilot, lambda: len(app.client.asks) == 3 and len(app.second.asks) == 1)
        assert app.second.orders[0].model == str(tmp_path / "other.gguf")
        await pilot.press("m")
        await wait_until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("escape")
        assert app.second.running
        await pilot.press("m")
        await wait_until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("1")
        await asked(app, pilot, 5)
        assert not app.second.running
    run(check)


def test_either_side_may_have_another_model(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "openable_models", lambda: [("other", tmp_path / "other.gguf")])

    async def check(app, pilot):
        await done(app, pilot)
        await pilot.press("l")
        await wait_until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("2")
        await wait_until(pilot, lambda: len(app.client.asks) == 3 and len(app.second.asks) == 1)
        assert app.second.asks[0].generation.tip.alpha == 0 and app.client.asks[2].generation.tip.alpha == 3
    run(check)


def test_a_model_that_does_not_think_is_said_to_make_no_difference():
    app = CompareApp(RIGHT, RIGHT)

    async def check(app, pilot):
        app.talk.asker.model = replace(app.talk.asker.model, loaded=replace(app.talk.asker.model.loaded, thinks=False))
        await done(app, pilot)
        assert "does not think, and the penalty acts within thinking alone" in app.text("#opening")
    run(check, app)


def test_an_engine_that_dies_is_told_and_opened_again():
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(12)
        app.client.die()
        await wait_until(pilot, lambda: DIED in app.text("#state") and "interrupted, after" in app.text("#rows"))
        assert "Back" in app.keys
        await pilot.press("r")
        await asked(app, pilot, 4)
        await wait_until(pilot, lambda: app.text("#state") == "")
        assert app.client.starts == 2
    run(check)


def test_a_second_model_that_cannot_be_opened_is_told():
    async def check(app, pilot):
        app.second.die("the file is no GGUF", lasting=True)
        await wait_until(pilot, lambda: "right side is not there: the file is no GGUF" in app.text("#state"))
        assert app.client.asks == [] and "Back" in app.keys
    app = CompareApp(LEFT, right_opening=Opening("second.gguf"))
    app.second.loads = False
    run(check, app)


def test_a_refusal_is_told():
    async def check(app, pilot):
        await wait_until(pilot, lambda: "the prompt is too long" in app.text("#state"))
        assert "Back" in app.keys
    run(check, CompareApp(Refusal("the prompt is too long")))


def test_a_bar_opens_the_text_of_its_thought():
    async def check(app, pilot):
        await done(app, pilot)
        left = app.compared.query(ThoughtList).first()
        assert "17 * 3 = 51" not in lines(left)
        await pilot.click(ThoughtMap, offset=(5, 1))
        await wait_until(pilot, lambda: "17 * 3 = 51" in lines(left))
    run(check)


def test_the_keys_are_there_for_the_mouse():
    async def check(app, pilot):
        await done(app, pilot)
        keys = app.compared.query_one(KeyLine)
        await pilot.click(keys, offset=(keys.render().plain.index("New seed") + 1, 0))
        await asked(app, pilot, 4)
    run(check)


@pytest.mark.parametrize("size", SIZES)
def test_both_sides_and_their_figures_can_be_seen_at_every_size(size):
    async def check(app, pilot):
        await asked(app, pilot)
        app.client.advance(30)
        await wait_until(pilot, lambda: app.text("#opening").startswith("The same for"))
        await done(app, pilot)
        page = app.compared.query_one("#page")
        assert page.max_scroll_x == 0
        sides = list(app.compared.query(ComparedText))
        assert all(side.region.width > 20 or size[0] < 60 for side in sides)
        assert (sides[0].region.y == sides[1].region.y) == (size[0] >= 60)
        page.scroll_end(animate=False)
        await pilot.pause()
        assert sides[1].region.bottom <= page.region.bottom
    run(check, size=size)


def test_at_80_by_24_maps_words_and_table_fit_on_one_screen():
    async def check(app, pilot):
        await done(app, pilot)
        await pilot.pause()
        seen = app.compared.query_one("#page").region
        assert all(found.region.y >= seen.y for found in app.compared.query(ThoughtMap))
        assert app.compared.query_one("#rows").region.bottom <= seen.bottom
    run(check, size=(80, 24))


def test_what_a_model_or_a_person_writes_is_never_obeyed():
    wild = Reply("[b]7[/b]\x1b[2J", ("\x1b[31m[red]Try 7[/red]",))

    async def check(app, pilot):
        await done(app, pilot)
        assert app.text("#question") == "[bold]x[/bold] \\x1b[2J"
        assert "\x1b" not in app.text("#rows") + app.text("#quotes") + app.text("#opening")
        assert "[b]7[/b]\\x1b[2J" in app.text("#rows")
    run(check, CompareApp(wild, wild, question="[bold]x[/bold]\n\x1b[2J"))


def test_a_conversation_is_compared_with_and_without_its_penalty():
    talk = session(None, settings=ChatSettings(Generation(tip=Tip(alpha=5, beta=90))))
    screen = CompareScreen.with_and_without(talk, [Message("user", QUESTION)], 4)
    left, right = (side.settings.tip for side in screen.comparison.sides)
    assert (left.alpha, left.beta, right.alpha, right.beta) == (0, 90, 5, 90)
    assert screen.comparison.seed == 4


def test_a_conversation_without_a_penalty_is_compared_with_the_usual_one():
    talk = session(None, settings=ChatSettings(Generation(tip=Tip(alpha=0))))
    screen = CompareScreen.with_and_without(talk, [Message("user", QUESTION)], None)
    left, right = (side.settings.tip for side in screen.comparison.sides)
    assert (left.alpha, right.alpha, right.beta) == (0, 3, 600)
