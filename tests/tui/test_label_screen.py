"""Labelling on the screen: what is pressed is kept, seen in letters and colours, and there again the next time."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from label.making import DEAD_END, label, run_of, sample, unit, write
from localthink.errors import LocalthinkError
from localthink.label.exchange import export_labels
from localthink.label.file import LabelFile, read_said
from localthink.label.labels import MEANING
from localthink.label.run import read_run
from localthink.label.session import Labelling
from localthink.tui.label_app import LabelApp
from localthink.tui.screens.help import HelpScreen
from localthink.tui.widgets.unit_list import UnitList
from tui.piloting import wait_until

Check = Callable[["Labeller"], Awaitable[None]]


class Labeller:
    """At the keys of a running app."""

    def __init__(self, app: LabelApp, pilot: Pilot[None], file: LabelFile) -> None:
        self.app, self.pilot, self.file = app, pilot, file

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def text(self) -> str:
        return "\n".join("".join(segment.text for segment in strip)
                         for strip in self.app.screen._compositor.render_strips())

    async def shows(self, *words: str) -> None:
        await wait_until(self.pilot, lambda: all(word in self.text for word in words))

    async def is_told(self, words: str) -> None:
        await wait_until(self.pilot, lambda: any(words in note.message for note in self.app._notifications))

    @property
    def letters(self) -> str:
        """The ratings in the list, as they stand there."""
        units = self.app.label.query_one(UnitList)
        return "".join(str(units.get_option_at_index(place).prompt)[0] for place in range(units.option_count))


def labelling(folder: Path, check: Check, kind: str = "thoughts", size: tuple[int, int] = (80, 24)) -> None:
    run = read_run(folder)

    async def play(file: LabelFile) -> None:
        app = LabelApp(Labelling(run, run.samples, file, kind))
        async with app.run_test(size=size) as pilot:
            labeller = Labeller(app, pilot, file)
            await labeller.shows("rated")
            await wait_until(pilot, lambda: app.label.query_one(UnitList).option_count > 0)
            await check(labeller)

    with LabelFile(run, "me") as file:
        asyncio.run(play(file))


def test_twenty_thoughts_are_labelled_closed_resumed_undone_and_exported(tmp_path):
    folder = run_of(tmp_path / "run", items=4, thoughts=5).folder

    async def first(labeller: Labeller) -> None:
        await labeller.press(*"rwu1n", *"22222n", "r", "r")
        await labeller.shows("sample 3 of 4 · 11 of 20 rated", "thought 3 of 5")
        assert labeller.letters == "RR···"

    async def second(labeller: Labeller) -> None:
        await labeller.shows("sample 3 of 4 · 11 of 20 rated", "thought 3 of 5")
        await labeller.press("z")
        assert labeller.letters == "R····"
        await labeller.press("w", "r", "u", "w", "n", *"rrrrr")
        await labeller.shows("19 of 20 rated")
        await labeller.press("space")
        await labeller.shows("sample 1 of 4", "thought 5 of 5")
        await labeller.press("r")
        await labeller.shows("20 of 20 rated")

    labelling(folder, first)
    labelling(folder, second)
    run = read_run(folder)
    ratings = read_said(run, "me").ratings
    assert [ratings[each][0] for one in run.samples for each in one.units("thoughts")] == list("rwurrwwwwwrwruwrrrrr")
    assert export_labels(run, "me", "thoughts", tmp_path / "out.jsonl") == 4
    line = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert [step["completions"][0]["rating"] for step in line["label"]["steps"]] == [1, -1, 0, 1, 1]


def test_every_rating_is_on_the_disk_before_the_next_key(tmp_path):
    folder = run_of(tmp_path / "run").folder

    async def check(labeller: Labeller) -> None:
        for place, key in enumerate("rwu"):
            await labeller.press(key)
            assert len((folder / "labels-me.jsonl").read_text().splitlines()) == place + 2

    labelling(folder, check)


def test_behind_a_wrong_one_the_rest_is_wrong_by_default_in_a_small_letter(tmp_path):
    async def check(labeller: Labeller) -> None:
        await labeller.press("w")
        assert labeller.letters == "Www"
        await labeller.shows("thought 2 of 3: wrong by default")
        await labeller.press("r")
        assert labeller.letters == "WR·"
        await labeller.press("up")
        await labeller.shows("thought 2 of 3: right ")

    labelling(run_of(tmp_path / "run").folder, check)


def test_the_answer_is_hidden_until_it_is_asked_for(tmp_path):
    async def check(labeller: Labeller) -> None:
        assert "39" not in labeller.text.split("Question 0")[1].split("thoughts")[0]
        await labeller.press("a")
        await labeller.shows("right is 39, of 4, 7, 11 · answered: \\boxed{7 * 4 + 11}; graded right")
        await labeller.press("a")
        await wait_until(labeller.pilot, lambda: "answered" not in labeller.text)

    labelling(run_of(tmp_path / "run").folder, check)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
def test_the_whole_of_a_long_thought_can_be_scrolled_to(tmp_path, size):
    words = " ".join(f"word{number}" for number in range(260))
    folder = write(tmp_path / "run", sample("p", thoughts=(words, DEAD_END), question="What? " * 300))

    async def check(labeller: Labeller) -> None:
        await labeller.shows("word0")
        frame = labeller.app.label.query_one("#text")
        pages = -(-frame.virtual_size.height // (frame.size.height - 1))
        await labeller.press(*["pagedown"] * pages)
        await labeller.shows("word259")
        await labeller.press(*["pageup"] * pages)
        await labeller.shows("word0 ")
        await labeller.press("down")
        await labeller.shows("First, try")

    labelling(folder, check, size=size)


@pytest.mark.parametrize("kind", ["thoughts", "steps"])
def test_what_right_means_is_on_the_screen_and_in_the_help(tmp_path, kind):
    async def check(labeller: Labeller) -> None:
        await labeller.shows(MEANING[kind])
        await labeller.press("f1")
        await wait_until(labeller.pilot, lambda: isinstance(labeller.app.screen, HelpScreen))
        words = " ".join(str(part.render()) for part in labeller.app.screen.query("#pages Static").results(Static))
        assert all(meaning in words for meaning in MEANING.values())
        assert "What the penalty does" not in words
        await labeller.press("escape")
        await labeller.press("r")
        assert labeller.letters.startswith("R")

    labelling(run_of(tmp_path / "run").folder, check, kind)


def test_steps_are_shown_within_their_thought_and_spoil_it_alone(tmp_path):
    async def check(labeller: Labeller) -> None:
        await labeller.shows("step 1.1, 1 of 8", "18 * 4 = 72, no.", "18 + 4 = 22, no.")
        await labeller.press("w")
        assert labeller.letters == "Www·····"

    labelling(run_of(tmp_path / "run").folder, check, "steps")


def test_a_click_chooses_a_thought(tmp_path):
    async def check(labeller: Labeller) -> None:
        units = labeller.app.label.query_one(UnitList)
        await labeller.pilot.click(units, offset=(4, 2))
        await labeller.shows("thought 3 of 3")
        await labeller.press("r")
        assert labeller.letters == "··R"

    labelling(run_of(tmp_path / "run").folder, check)


def test_what_cannot_be_written_is_said_and_not_shown_as_rated(tmp_path, monkeypatch):
    async def check(labeller: Labeller) -> None:
        def full(_):
            raise LocalthinkError("labels-me.jsonl cannot be written: no space left")
        monkeypatch.setattr(labeller.file, "_append", full)
        await labeller.press("r")
        await labeller.is_told("no space left")
        assert labeller.letters == "···"

    labelling(run_of(tmp_path / "run").folder, check)


def test_undo_with_nothing_to_take_back_says_so(tmp_path):
    folder = run_of(tmp_path / "run").folder
    label(read_run(folder), "me", {unit("p0", 0, 0): "wrong"})

    async def check(labeller: Labeller) -> None:
        await labeller.press("z")
        await labeller.is_told("there is no rating of these to take back")

    labelling(folder, check)
    assert len(read_said(read_run(folder), "me").labels) == 1


@pytest.mark.parametrize("size", [(120, 40), (40, 12)])
def test_hostile_text_is_shown_as_text_on_any_terminal(tmp_path, size):
    hostile = "[red]red[/red] \x1b[31mmore\x07 三つの数 שלום \u202eback \U0001f469\u200d\U0001f52c" + "long " * 60
    folder = write(tmp_path / "run", sample("p" * 200, thoughts=(hostile, hostile), question=hostile, answer=hostile))

    async def check(labeller: Labeller) -> None:
        await labeller.press("a", "q", "r")
        assert "\x1b" not in labeller.text and "\x07" not in labeller.text
        await labeller.press("q", "a")
        await labeller.shows("[red]red[/red]" if size[0] > 40 else "[red]")

    labelling(folder, check, size=size)


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
def test_it_closes_at_once(tmp_path, key):
    async def check(labeller: Labeller) -> None:
        await labeller.press("r", key)
        await wait_until(labeller.pilot, lambda: not labeller.app.is_running or labeller.app._exit)

    labelling(run_of(tmp_path / "run").folder, check)
    assert len(read_said(read_run(tmp_path / "run"), "me").labels) == 1
