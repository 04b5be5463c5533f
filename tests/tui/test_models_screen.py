"""The models: what each would take, loading with its end or its reason, and memory given back."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, ProgressBar

from chat.pulled import Seen
from localthink import locations
from localthink.chat.asking import ModelState, Opening
from localthink.chat.stock import take_stock
from localthink.chat.surveying import Surveyor
from localthink.engine.messages import Loaded
from localthink.tui.screens.models import ModelsScreen
from localthink.tui.widgets.model_files import typed_path
from localthink.tui.widgets.model_table import ModelTable
from tiny_gguf import raw_gguf, write_tiny_gguf
from tui.dialogs import SIZES, inside, play, seen
from tui.modelling import Coming, shown
from tui.piloting import wait_until

GIB = 2**30
MIB = 2**20
SMALL = Opening()


class Engine:
    """What the screen is told of, and tells."""

    def __init__(self) -> None:
        self.state, self.opening = ModelState(), SMALL
        self.orders: list[Opening | str] = []

    def load(self, opening: Opening) -> None:
        self.orders.append(opening)
        self.state, self.opening = ModelState("loading"), opening

    def eject(self) -> None:
        self.orders.append("eject")
        self.state = ModelState()

    def read(self, share: float) -> None:
        self.state = replace(self.state, share=share)

    def open(self, path: Path, choice: str = "") -> None:
        self.state = ModelState("ready", 1.0, Loaded(2, 1024, 512, "CPU", False, path.stem, str(path), "F16", 512, True,
                                                     weight_bytes=100 * MIB, cache_bytes=28 * MIB, choice=choice))

    def fail(self, reason: str) -> None:
        self.state = ModelState("failed", reason=reason)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def kept() -> Path:
    """A model in a person's own folder."""
    folder = locations.local_models()
    folder.mkdir(parents=True)
    return write_tiny_gguf(folder / "my-[b]model-F16.gguf", context=2048)


def screen_of(engine: Engine, current: Opening = SMALL, free: Callable[[], int] = lambda: 8 * GIB) -> ModelsScreen:
    """Only what is here: the catalogue is empty, and nobody looks at the machine."""
    engine.opening = current
    return shown(engine, Coming(), Surveyor(free, Seen), lambda: replace(take_stock(), catalogue=()))


async def read(pilot: Pilot[None], screen: ModelsScreen, count: int) -> None:
    """Wait until so many headers have been read, or could not be."""
    def done() -> bool:
        rows = [row for row, _ in screen.query_one(ModelTable).rows]
        return len(rows) == count and all(row.facts is not None or row.trouble for row in rows)

    await wait_until(pilot, done)


def text(screen: ModelsScreen, selector: str) -> str:
    return " ".join(seen(screen.query_one(selector)).split())


def test_bundled_and_local_models_are_listed_with_their_figures(engine: Engine, kept: Path) -> None:
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        table = text(screen, "#models")
        assert "my-[b]model F16 68K 2k 134 KiB 65.8 MiB ✓ fits 96k — localthink" in table
        assert "countdown Q8_0 1.8M 1k 1.8 MiB 70.5 MiB ✓ fits 15k — bundled" in table
        assert "no model is open" in text(screen, "#said")
        await pilot.press("escape")

    assert play(screen, steps, (120, 40)) == [None]


def test_the_open_model_is_marked_and_what_its_cache_takes_counts_as_free(engine: Engine, kept: Path) -> None:
    engine.open(kept)
    screen = screen_of(engine, free=lambda: 100 * MIB)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        assert "● my-[b]model" in text(screen, "#models")
        chosen = screen.query_one(ModelTable).chosen
        assert chosen is not None
        assert chosen[0].path == kept
        assert "of 128 MiB free" in text(screen, "#why")
        assert "open: my-[b]model-F16" in text(screen, "#said")
        await pilot.press("enter")
        assert "open already" in text(screen, "#said")
        await pilot.press("escape")

    assert play(screen, steps) == [None]
    assert engine.orders == []


@pytest.mark.parametrize("after", ["open", "died", "ejected", "by name", "by default"])
def test_the_cursor_begins_on_the_model_that_is_open_or_was_the_last(engine: Engine, kept: Path, after: str) -> None:
    wanted = locations.bundled_model() if after == "by default" else kept
    names = {"ejected": str(kept), "by name": kept.stem}
    screen = screen_of(engine, Opening(names.get(after)))
    if after in ("open", "died"):
        engine.open(kept)
        engine.state = replace(engine.state, phase="ready" if after == "open" else "died")

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        row, _ = screen.query_one(ModelTable).chosen
        assert row.key == str(wanted)

    play(screen, steps)


def test_loading_is_shown_and_its_end_closes_the_screen(engine: Engine, kept: Path) -> None:
    screen = screen_of(engine, Opening(threads=3))
    wanted = Opening(str(kept), threads=3)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        screen.query_one(ModelTable).mark(str(kept))
        await pilot.press("enter")
        assert engine.orders == [wanted]
        engine.read(0.43)
        await wait_until(pilot, lambda: screen.query_one(ProgressBar).progress == 0.43)
        assert screen.query_one(ProgressBar).display
        assert "loading my-[b]model-F16" in text(screen, "#said")
        engine.open(kept)
        await wait_until(pilot, lambda: screen.app.screen is not screen)

    assert play(screen, steps) == [wanted]


@pytest.mark.parametrize("key", ["escape", "c"])
def test_loading_can_be_given_up_and_the_screen_stays(engine: Engine, kept: Path, key: str) -> None:
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        await pilot.press("enter", key)
        assert engine.orders[1:] == ["eject"]
        assert "given up" in text(screen, "#said")
        assert not screen.query_one(ProgressBar).display
        await pilot.press("escape")

    assert play(screen, steps) == [None]


def test_a_loading_that_others_began_is_shown_and_not_ended_by_leaving(engine: Engine) -> None:
    engine.state = ModelState("loading", 0.2)
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 1)
        assert "loading countdown" in text(screen, "#said")
        engine.open(locations.bundled_model())
        await wait_until(pilot, lambda: "open: countdown" in text(screen, "#said"))
        await pilot.press("escape")

    assert play(screen, steps) == [None]
    assert engine.orders == []


def test_a_model_that_cannot_be_loaded_is_told_of_in_words(engine: Engine, kept: Path) -> None:
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        screen.query_one(ModelTable).mark(str(kept))
        await pilot.press("enter")
        engine.fail("llama.cpp refused [b]it[/b]\x1b[31m")
        await wait_until(pilot, lambda: "was not loaded" in text(screen, "#said"))
        assert text(screen, "#said") == "my-[b]model-F16 was not loaded: llama.cpp refused [b]it[/b]\\x1b[31m"
        await pilot.press("enter")
        assert len(engine.orders) == 2
        await pilot.press("c", "escape")

    assert play(screen, steps) == [None]


def test_ejecting_gives_the_memory_back_and_says_so(engine: Engine, kept: Path) -> None:
    engine.open(kept)
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        await pilot.press("e")
        assert text(screen, "#said") == "my-[b]model-F16 is ejected: 128 MiB are given back"
        assert "●" not in text(screen, "#models")
        await pilot.press("e", "escape")

    assert play(screen, steps) == [None]
    assert engine.orders == ["eject"]


def test_a_model_that_is_too_big_is_loaded_only_when_asked_twice(engine: Engine) -> None:
    screen = screen_of(engine, free=lambda: MIB)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 1)
        assert "✕ too big" in text(screen, "#models")
        await pilot.press("enter")
        assert "Enter again loads it all the same" in text(screen, "#said")
        assert engine.orders == []
        await pilot.press("enter")
        engine.open(locations.bundled_model())
        await wait_until(pilot, lambda: screen.app.screen is not screen)

    assert play(screen, steps) == [Opening(str(locations.bundled_model()), force=True)]


def test_context_and_cache_can_be_chosen_and_the_figures_follow(engine: Engine) -> None:
    screen = screen_of(engine, Opening(context=512))

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 1)
        assert "512 KiB cache (512 tokens, f16)" in text(screen, "#why")
        assert text(screen, "#cache") == "cache auto"
        await pilot.press("x", "x")
        assert "272 KiB cache (512 tokens, q8_0)" in text(screen, "#why")
        await pilot.press("x")
        assert text(screen, "#cache") == "cache q4_0"
        await pilot.click("#cache")
        assert text(screen, "#cache") == "cache auto"
        context = screen.query_one("#context", Input)
        context.focus()
        await pilot.press("end", "x", "0", "enter")
        assert engine.orders == [Opening(str(locations.bundled_model()), context=5120)]
        await pilot.press("escape")
        context.value = "12"
        await pilot.press("enter")
        assert "give a number of tokens of at least 256" in text(screen, "#why")
        await pilot.press("escape")

    play(screen, steps, (120, 40))


def test_a_cache_that_a_model_cannot_have_is_not_loaded(engine: Engine, kept: Path) -> None:
    screen = screen_of(engine, Opening(cache="q8_0"))  # the heads of tiny models are too small for it

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        screen.query_one(ModelTable).mark(str(kept))
        await pilot.press("enter")
        assert "use f16" in text(screen, "#why")
        assert "cannot be loaded" in text(screen, "#said")
        await pilot.press("escape")

    play(screen, steps)
    assert engine.orders == []


def test_a_damaged_file_is_a_row_with_its_reason(engine: Engine, kept: Path) -> None:
    (kept.parent / "broken.gguf").write_bytes(raw_gguf(tensor_count=3))
    (kept.parent / "page.gguf").write_bytes(b"<!doctype html><title>not found</title>")  # is none, and not listed
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 3)
        assert "broken ✕ the number of tensors is 3, more than" in text(screen, "#models")
        screen.query_one(ModelTable).mark(str(kept.parent / "broken.gguf"))
        await pilot.press("enter")
        assert text(screen, "#said") == "broken cannot be loaded"
        assert "download it again" in text(screen, "#why")
        await pilot.press("escape")

    play(screen, steps)
    assert engine.orders == []


def test_any_file_can_be_given_by_its_path(engine: Engine, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "a model.gguf")
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 1)
        pilot.app.post_message(events.Paste(f"'{path}'\n"))
        await wait_until(pilot, lambda: bool(screen.query_one("#path", Input).value))
        await pilot.press("enter")
        await read(pilot, screen, 2)
        chosen = screen.query_one(ModelTable).chosen
        assert chosen is not None
        assert chosen[0].path == path
        await pilot.press("enter")
        assert engine.orders == [Opening(str(path))]
        await pilot.press("c", *"/nowhere.gguf", "enter")
        assert "there is no file" in text(screen, "#said")
        await pilot.press("escape")

    play(screen, steps)


def test_a_click_marks_a_model_and_another_one_loads_it(engine: Engine, kept: Path) -> None:
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        rows = [row.path for row, _ in screen.query_one(ModelTable).rows]
        await pilot.click("#models", offset=(5, 1))
        assert engine.orders == []
        await pilot.click("#models", offset=(5, 1))
        assert engine.orders == [Opening(str(rows[1]))]
        await pilot.press("escape", "escape")

    play(screen, steps)


def test_leaving_while_headers_are_read_does_no_harm(engine: Engine, kept: Path) -> None:
    for number in range(20):
        write_tiny_gguf(kept.parent / f"{number}.gguf")

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("escape")

    assert play(screen_of(engine), steps) == [None]


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_fits_on_any_terminal(engine: Engine, kept: Path, size: tuple[int, int]) -> None:
    screen = screen_of(engine)

    async def steps(pilot: Pilot[None]) -> None:
        await read(pilot, screen, 2)
        await pilot.press("enter")
        assert inside(screen)
        assert screen.query_one("#said").region.bottom <= screen.query_one("KeyLine").region.y
        assert screen.query_one(ProgressBar).region.bottom <= screen.query_one("KeyLine").region.y
        assert screen.query_one("KeyLine").region.bottom < size[1]
        assert screen.query_one("#models").size.height >= 2
        await pilot.press("escape", "escape")

    play(screen, steps, size)


@pytest.mark.parametrize(("typed", "path"), [
    (" /a/b.gguf\n", "/a/b.gguf"), ("'/a b.gguf'", "/a b.gguf"), ('"/a b.gguf"', "/a b.gguf"),
    ("/a\\ b.gguf", "/a b.gguf"), ("file:///a%20b.gguf", "/a b.gguf"), ("", ""), ("'", "'"), ("name", "name"),
])
def test_a_path_is_understood_as_terminals_and_file_managers_hand_it_over(typed: str, path: str) -> None:
    assert typed_path(typed) == path
