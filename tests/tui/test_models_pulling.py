"""Models that are not here: listed with what they would take, chosen by precision, pulled while the screen looks on."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from chat.pulled import Seen
from localthink import locations
from localthink.chat.asking import ModelState, Opening
from localthink.chat.stock import Kept, Stock
from localthink.chat.surveying import Surveyor
from localthink.shelf.local_models import FoundModel
from localthink.tui.screens.models import ModelsScreen
from localthink.tui.widgets.model_plan import OfferRow
from localthink.tui.widgets.model_table import ModelTable
from tui.dialogs import SIZES, inside, play, seen
from tui.modelling import GIB, Coming, shown, stock_of
from tui.piloting import wait_until

BUNDLED = Kept(FoundModel("countdown", locations.bundled_model(), "localthink (bundled)", 1_906_272, ("countdown",)))


class Desk:
    """A screen with all that it looks at."""

    def __init__(self, free: int = 22 * GIB, here: tuple[Kept, ...] = (BUNDLED,)) -> None:
        self.state, self.opening = ModelState(), Opening(threads=3)
        self.loaded: list[Opening] = []
        self.coming, self.here, self.busy = Coming(), here, False
        self.looks: list[bool] = []
        self.screen: ModelsScreen = shown(self, self.coming, Surveyor(lambda: free, self._look), self.take,
                                          lambda: self.busy)

    def _look(self, measure: bool) -> Seen:
        self.looks.append(measure)
        return Seen(measure)

    def take(self) -> Stock:
        return stock_of(*self.here)

    def load(self, opening: Opening) -> None:
        self.loaded.append(opening)
        self.state, self.opening = ModelState("loading"), opening

    def eject(self) -> None:
        self.state = ModelState()

    @property
    def table(self) -> ModelTable:
        return self.screen.query_one(ModelTable)

    def text(self, selector: str) -> str:
        return " ".join(seen(self.screen.query_one(selector)).split())

    async def there(self, pilot: Pilot[None]) -> None:
        """Until everything is listed, and the machine was looked at."""
        def done() -> bool:
            rows = [row for row, _ in self.table.rows]
            return (any(isinstance(row, OfferRow) for row in rows)
                    and all(isinstance(row, OfferRow) or row.facts or row.trouble for row in rows)
                    and (self.busy or bool(self.table.marks.best)))

        await wait_until(pilot, done)

    def mark(self, name: str) -> None:
        self.table.mark(f"pull {name}")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def run(desk: Desk, steps: Callable[[Pilot[None]], object], size: tuple[int, int] = (120, 40)) -> list[object]:
    async def played(pilot: Pilot[None]) -> None:
        await desk.there(pilot)
        await steps(pilot)  # type: ignore[misc]
        await pilot.press("escape")

    return play(desk.screen, played, size)


def test_what_is_here_comes_first_and_the_recommended_one_leads_the_catalogue(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        table = desk.text("#models")
        assert table.index("countdown Q8_0") < table.index("not here yet") < table.index("★ r1-0528-qwen3-8b")
        assert "★ r1-0528-qwen3-8b Q4_K_M 8.2B 128k 4.68 GiB" in table
        assert "r1-llama-70b Q3_K_M 71B 128k 31.9 GiB 34.9 GiB ✕ too big" in table
        assert table.count("★") == 1
        desk.mark("r1-0528-qwen3-8b")
        await wait_until(pilot, lambda: "★ recommended here at Q4_K_M. r1-0528-qwen3-8b: ✓ fits" in desk.text("#why"))
        assert ". Why: the best published scores of what fits" in desk.text("#why")

    run(desk, steps)


def test_the_light_has_a_colour_and_a_sign(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        strips = list(map(desk.screen.query_one("#models").render_line, range(16)))
        colours = {segment.text.strip(): segment.style.color for strip in strips for segment in strip
                   if segment.style and segment.text.strip() in ("✓ fits", "~ tight", "✕ too big")}
        assert len(set(colours.values())) == len(colours) >= 2

    run(desk, steps)


def test_a_key_chooses_another_precision_and_the_figures_follow(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("f2")
        chosen = desk.table.chosen
        assert chosen is not None and chosen[0].key == "pull r1-qwen-7b"
        before = chosen[0]
        assert isinstance(before, OfferRow)
        await pilot.press("f2")
        after = desk.table.chosen
        assert after is not None and isinstance(after[0], OfferRow)
        assert after[0].precision != before.precision and after[0].bytes != before.bytes
        for _ in range(4):
            await pilot.press("f2")
        chosen = desk.table.chosen
        assert chosen is not None and chosen[0] == before
        desk.table.mark(BUNDLED.model.path.as_posix())
        assert desk.screen.check_action("precision", ()) is False

    run(desk, steps)


def test_enter_says_what_a_pull_takes_and_once_more_begins_it(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-1.5b")
        desk.screen.query_one("#context", Input).value = "4096"
        await pilot.press("f3", "enter")
        assert "is a download of about " in desk.text("#said") and desk.coming.begun == []
        desk.mark("r1-qwen-7b")
        await wait_until(pilot, lambda: "r1-qwen-7b" in desk.text("#why"))
        desk.mark("r1-qwen-1.5b")
        await wait_until(pilot, lambda: "r1-qwen-1.5b" in desk.text("#why"))
        await pilot.press("enter")
        assert desk.coming.begun == []  # another row was looked at in between
        await pilot.press("enter")
        ((wanted, opening),) = desk.coming.begun
        assert wanted.model == "r1-qwen-1.5b" and wanted.precision
        assert opening == Opening(threads=3, context=4096, cache="f16")
        said = desk.text("#said")
        assert said.startswith(f"pulling r1-qwen-1.5b:{wanted.precision}: about ")
        assert "100.00 GiB are free for it in /hub" in said
        assert desk.loaded == []

    assert run(desk, steps) == [None]
    assert desk.coming.state.running  # leaving the screen leaves it going


def test_progress_is_in_the_row_and_in_words(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("enter", "enter")
        await wait_until(pilot, lambda: "↓ …" in desk.text("#models"))
        desk.coming.come(phase="loading", bytes=GIB, total=4 * GIB, speed=2**24)
        await wait_until(pilot, lambda: "↓ 25%" in desk.text("#models"))
        assert "━━────────" in desk.text("#pull")
        assert "25% · 3 min 12 s left · 16 MiB/s · 1.00 GiB of 4.00 GiB" in desk.text("#pull")
        chosen = desk.table.chosen
        assert chosen is not None and chosen[0].name == "r1-qwen-7b"

    run(desk, steps)


def test_a_second_pull_is_refused_in_words_and_f9_stops_the_first(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("enter", "enter")
        desk.mark("r1-qwen-14b")
        await pilot.press("enter")
        assert desk.text("#said").endswith("is being pulled: wait for it, or stop it first")
        assert len(desk.coming.begun) == 1
        await pilot.press("f9")
        await wait_until(pilot, lambda: "goes on from there" in desk.text("#said"))
        assert "↓" not in desk.text("#models") and not desk.screen.query_one("#pull").display
        assert desk.screen.check_action("stop_pull", ()) is False
        await pilot.press("enter", "enter")
        assert [wanted.model for wanted, _ in desk.coming.begun] == ["r1-qwen-7b", "r1-qwen-14b"]

    run(desk, steps)


def test_one_that_is_too_big_is_pulled_only_when_asked_twice_and_then_opened_by_force() -> None:
    desk = Desk(free=GIB)

    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-32b")
        await pilot.press("enter")
        assert "Enter again pulls it all the same" in desk.text("#said") and desk.coming.begun == []
        desk.mark("r1-qwen-14b")
        await pilot.press("enter")
        assert desk.coming.begun == []  # of this one it is the first time
        await pilot.press("enter")
        ((wanted, opening),) = desk.coming.begun
        assert wanted.model == "r1-qwen-14b" and opening.force

    async def played(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: len(desk.table.rows) > 1)
        await steps(pilot)
        await pilot.press("escape")

    play(desk.screen, played, (120, 40))


def test_a_failure_is_told_whole_also_to_who_comes_back(desk: Desk) -> None:
    reason = "the model me/x is gated: ask for access at https://huggingface.co/me/x, then log in with `hf auth login`"

    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("enter", "enter")
        desk.coming.come(phase="failed", reason=reason)
        desk.coming.said.append(f"r1-qwen-7b:Q4_K_M: not pulled: {reason}")
        await wait_until(pilot, lambda: reason in desk.text("#said"))
        assert desk.coming.said == []
        await pilot.press("enter", "enter")
        assert len(desk.coming.begun) == 2

    run(desk, steps)
    again = Desk()
    again.coming.come(phase="failed", name="hf:me/x", reason=reason)

    async def later(pilot: Pilot[None]) -> None:
        assert f"hf:me/x: not pulled: {reason}" in again.text("#said")

    run(again, later)


def test_what_was_pulled_moves_to_what_is_here(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "pulled.gguf"
    path.write_bytes(locations.bundled_model().read_bytes())
    spec = next(spec for spec in stock_of().catalogue if spec.name == "r1-qwen-7b")
    kept = Kept(FoundModel("r1-qwen-7b:Q4_K_M", path, "localthink (pulled)", 7, ("r1-qwen-7b:Q4_K_M",)), spec, "Q4_K_M")

    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("enter", "enter")
        desk.here = (BUNDLED, kept)
        desk.coming.come(phase="here", path=path)
        await wait_until(pilot, lambda: str(path) in [row.key for row, _ in desk.table.rows])
        await desk.there(pilot)
        assert "pull r1-qwen-7b" not in [row.key for row, _ in desk.table.rows]
        chosen = desk.table.chosen
        assert chosen is not None and chosen[0].key == str(path)
        assert "r1-qwen-7b:Q4_K_M Q8_0" in desk.text("#models") and "pulled" in desk.text("#models")

    run(desk, steps)


@pytest.mark.parametrize(("typed", "model", "precision"), [
    ("hf:me/tiny", "", ""), ("hf:me/tiny:Q8_0", "", "Q8_0"), ("r1-qwen-7b:Q3_K_M", "r1-qwen-7b", "Q3_K_M"),
    ("deepseek-r1:1.5b", "r1-qwen-1.5b", "Q8_0"), ("https://huggingface.co/me/tiny", "", "")])
def test_an_address_or_a_name_that_is_pasted_is_pulled(desk: Desk, typed: str, model: str, precision: str) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        pilot.app.post_message(events.Paste(typed))
        await wait_until(pilot, lambda: bool(desk.screen.query_one("#path", Input).value))
        await pilot.press("enter")
        if model:  # a row, which is asked about
            await wait_until(pilot, lambda: "Enter again pulls it" in desk.text("#said"))
            await pilot.press("enter")
        await wait_until(pilot, lambda: bool(desk.coming.begun))
        ((wanted, _),) = desk.coming.begun
        assert (wanted.model, wanted.precision) == (model, precision)
        assert desk.text("#said").startswith(f"pulling {wanted.text}: ")

    run(desk, steps)


def test_what_is_typed_and_is_neither_here_nor_known_is_told(desk: Desk) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press(*"hf:nonsense", "enter")
        await wait_until(pilot, lambda: "is not the address of a model" in desk.text("#said"))
        assert desk.coming.begun == []
        await pilot.press("escape")

    run(desk, steps)


def test_speeds_are_measured_only_while_nothing_else_works_hard() -> None:
    desk = Desk()
    desk.busy = True

    async def steps(pilot: Pilot[None]) -> None:
        assert desk.looks == [False] and "★" not in desk.text("#models")
        desk.busy = False
        await wait_until(pilot, lambda: "★" in desk.text("#models"))
        assert desk.looks == [False, True]

    run(desk, steps)


def test_a_catalogue_that_cannot_be_read_is_told_of_and_what_is_here_stays(desk: Desk) -> None:
    desk.screen._take = lambda: replace(stock_of(BUNDLED, catalogue=False), trouble="catalogue.toml cannot be read")

    async def played(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: "catalogue.toml cannot be read" in desk.text("#said"))
        assert "countdown" in desk.text("#models")
        await pilot.press("escape")

    play(desk.screen, played)


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_fits_on_any_terminal_while_one_is_pulled(desk: Desk, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        desk.mark("r1-qwen-7b")
        await pilot.press("enter", "enter")
        desk.coming.come(phase="loading", bytes=GIB, total=4 * GIB, speed=2**20)
        await wait_until(pilot, lambda: desk.screen.query_one("#pull").display)
        await pilot.pause()
        assert inside(desk.screen)
        keys = desk.screen.query_one("KeyLine").region
        assert desk.screen.query_one("#pull").region.bottom <= keys.y and keys.bottom < size[1]
        assert desk.screen.query_one("#models").size.height >= (7 if size[1] >= 24 else 2)

    run(desk, steps, size)
