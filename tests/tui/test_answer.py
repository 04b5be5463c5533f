"""A streamed answer: however it is cut, what is seen in the end is the same, and nothing in it is obeyed."""
from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection
from textual.widgets import Static

from localthink.tui.widgets.answer import LONG, Answer
from localthink.tui.widgets.answer_stretch import Stretch
from tui.answers import LINES, R1_ANSWER

SEEN = r"""
To solve x² - 5x + 6 = 0, we use the quadratic formula. It
costs $5 and $10, not [red]x[/red].

Step 1: the discriminant

For a = 1, b = -5 and c = 6 it is

    D = b² - 4ac = 25 - 24 = 1

so there are two roots, and D is a square:

    x = (-b ± √D)/(2a)

 1. First root: take the plus sign, x₁ = (5 + 1)/2 = 3.
     • It is positive.
     • It is 1/2 more than 5/2.
 2. Second root, with a program:
     def root(b, d):

         return (b - d ** 0.5) / 2
    It prints 2.
 3. Check them.
 10. Ten follows three.

 • a bullet
 • another, with 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字
   and עברית
   that goes on

case  │ D │                                            roots
──────┼───┼─────────────────────────────────────────────────
D > 0 │ 1 │                                              two
──────┼───┼─────────────────────────────────────────────────
D = 0 │ 0 │  one, of multiplicity two, which is counted once
      │   │                                     all the same

▌ A note with α
▌ on two lines

────────────────────────────────────────────────────────────

 plain code, a line that is a good deal longer than a termi
 nal of forty columns is wide

 - no list
 \[ no formula \]

 indented code

Unreadable \(\unheardof{x_1 * y_1 * z}\),
<think>text</think>, a link (http://example.org/x) and
\(never closed.

Lines
of one paragraph, with x = 1 in them, and \begin{align}a &=
b \\ c &= d\end{align}

    f(x) = x + 1
         = 4

Final Answer:

    x = 2 or x = 3

and 42.
"""


class AnswerApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.answer = Answer()

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.answer


class Shown:
    """An answer on a screen that is high enough for all of it."""

    def __init__(self, app: AnswerApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.answer = app, pilot, app.answer

    async def lines(self) -> list[str]:
        """The lines as they are seen, without the spaces at their ends."""
        await self.pilot.pause()
        seen: dict[int, str] = {}
        for widget in self.answer.query(Static):
            for y in range(widget.size.height):
                seen[widget.region.y - self.answer.region.y + y] = widget.render_line(y).text.rstrip()
        return [seen.get(y, "") for y in range(max(seen, default=-1) + 1)]

    async def write(self, *parts: str) -> None:
        for part in parts:
            await self.answer.append(part)


def on_screen(act: Callable[[Shown], Awaitable[None]], width: int = 60, height: int = 200) -> None:
    async def run() -> None:
        app = AnswerApp()
        async with app.run_test(size=(width, height)) as pilot:
            await act(Shown(app, pilot))

    asyncio.run(run())


def chunks(text: str, seed: int) -> list[str]:
    """The text in pieces of random lengths, most of them of a few tokens."""
    source = random.Random(seed)
    longest = source.choice((3, 12, 80, 400))
    parts = []
    while text:
        length = source.randint(1, longest)
        parts.append(text[:length])
        text = text[length:]
    return parts


def test_an_answer_is_shown_as_it_is_meant():
    async def act(shown: Shown) -> None:
        await shown.answer.set_text(R1_ANSWER)
        assert await shown.lines() == SEEN.strip().split("\n")

    on_screen(act)


@pytest.mark.parametrize("width", [40, 100])
@pytest.mark.parametrize("seed", range(6))
def test_however_an_answer_is_cut_it_looks_the_same_in_the_end(width, seed):
    async def act(shown: Shown) -> None:
        await shown.answer.set_text(R1_ANSWER)
        whole = await shown.lines()
        await shown.answer.set_text("")
        await shown.write(*chunks(R1_ANSWER, seed))
        await shown.answer.finish()
        assert shown.answer.text == R1_ANSWER
        assert await shown.lines() == whole

    on_screen(act, width)


def test_however_any_markdown_is_cut_it_looks_the_same_in_the_end():
    async def act(shown: Shown) -> None:
        for seed in range(25):
            text = "\n".join(random.Random(seed).choices(LINES, k=60))
            await shown.answer.set_text(text)
            whole = await shown.lines()
            await shown.answer.set_text("")
            await shown.write(*chunks(text, seed))
            await shown.answer.finish()
            assert await shown.lines() == whole, text

    on_screen(act)


def test_what_has_been_written_is_seen_at_once():
    """Letters and digits outside formulas are on the screen as soon as they are there, whatever is open."""
    text = "Is **it** \\(so? A `tick and [link](http://a.b\n\n\\[ open\nstill\n\n```python\ncode = 1\n"

    async def act(shown: Shown) -> None:
        words = ""
        for character in text:
            await shown.write(character)
            words += character if character.isalnum() else " "
            seen = " ".join(await shown.lines())
            assert all(word in seen for word in words.split() if not "python".startswith(word))

    on_screen(act)


@pytest.mark.parametrize(("parts", "seen"), [
    (["so \\(x_1*y", "*z\\)", " it is"], ["so \\(x_1*y", "so x₁*y*z", "so x₁*y*z it is"]),
    (["\\[\nx", "^2\n", "\\]"], ["\\[ x", "\\[ x^2", "    x²"]),
    (["the \\boxed{4", "2", "}"], ["the \\boxed{4", "the \\boxed{42", "the 42"]),
    (["$$a", "$$"], ["$$a", "    a"]),
    (["a \\", "(b\\)"], ["a \\", "a b"]),
])
def test_a_formula_is_its_source_until_it_is_closed(parts, seen):
    async def act(shown: Shown) -> None:
        for part, expected in zip(parts, seen, strict=True):
            await shown.write(part)
            assert " ".join(await shown.lines()) == expected

    on_screen(act)


def test_nothing_that_a_model_writes_is_obeyed():
    text = ("[red]x[/red] [@click=app.quit]y[/] [z](http://a.b) <b>bold</b> \x1b[31mred\x1b[0m \u202eright "
            "[w](javascript:x)\n\n```\n[bold]code[/bold]\x07\n```\n\n$$[@click=app.quit]$$\n")

    async def act(shown: Shown) -> None:
        await shown.write(text)
        assert await shown.lines() == [
            "[red]x[/red] [@click=app.quit]y[/] z (http://a.b)",
            "<b>bold</b> \\x1b[31mred\\x1b[0m \\u202eright [w](javascript:x)", "",
            " [bold]code[/bold]\\x07", "", "    [@click = app.quit]"]
        for stretch in shown.answer.query(Stretch):
            styles = [segment.style for y in range(stretch.size.height) for segment in stretch.render_line(y)]
            assert not any(style and (style.link or "@click" in style.meta) for style in styles)

    on_screen(act)


def test_what_is_settled_is_never_touched_again():
    async def act(shown: Shown) -> None:
        await shown.write("A paragraph of some length. " * 20, "\n\nAnother\n")
        first = shown.answer.query(Stretch).first()
        before = first.visual
        await shown.write("line", "\n\n", "- item\n" * 60, "- last")
        assert shown.answer.query(Stretch).first() is first
        assert first.visual is before
        assert len(shown.answer.children) > 2

    on_screen(act)


def test_a_long_block_of_code_is_plain_until_it_ends():
    line = "value = value + 1  # and so on\n"

    async def act(shown: Shown) -> None:
        await shown.write("Code:\n\n```python\n", *[line] * 200)
        lines = await shown.lines()
        assert lines[-1] == line.rstrip()
        assert not shown.answer.query(Stretch).last().query_ancestor(Answer).children[-1].has_class("Stretch")
        assert "```python" in lines
        await shown.write("```\n")
        assert (await shown.lines())[-1] == " " + line.rstrip()
        assert "```python" not in await shown.lines()

    on_screen(act, height=400)


def test_a_long_block_that_never_ends_is_shown_in_the_end_all_the_same():
    async def act(shown: Shown) -> None:
        await shown.write("```\n" + "x\n" * LONG)
        await shown.answer.finish()
        assert await shown.lines() == [" x"] * LONG

    on_screen(act, height=LONG + 10)


def test_an_answer_that_was_finished_may_go_on():
    async def act(shown: Shown) -> None:
        await shown.answer.set_text("1. one\n2. tw")
        await shown.write("o, and \\(x", "^2\\)")
        await shown.answer.finish()
        assert await shown.lines() == [" 1. one", " 2. two, and x²"]

    on_screen(act)


def test_another_text_takes_the_place_of_the_first():
    async def act(shown: Shown) -> None:
        await shown.write("# First\n\n", "text\n" * 200)
        await shown.answer.set_text("second")
        assert shown.answer.text == "second"
        assert await shown.lines() == ["second"]
        await shown.answer.set_text("")
        assert await shown.lines() == []

    on_screen(act)


def test_carriage_returns_end_lines_only_before_line_feeds():
    async def act(shown: Shown) -> None:
        await shown.write("one\r", "\n\r\ntwo\rthree", "\r")
        await shown.answer.finish()
        assert await shown.lines() == ["one", "", "two\\rthree\\r"]
        assert shown.answer.text == "one\r\n\r\ntwo\rthree\r"

    on_screen(act)


def test_blocks_of_code_are_what_stands_between_the_fences():
    async def act(shown: Shown) -> None:
        await shown.answer.set_text(R1_ANSWER + "\n```\nopen")
        assert shown.answer.code_blocks == [
            "def root(b, d):\n\n    return (b - d ** 0.5) / 2",
            "plain code, a line that is a good deal longer than a terminal of forty columns is wide\n\n- no list\n"
            "\\[ no formula \\]", "open"]

    on_screen(act)


def test_a_selection_is_the_text_that_is_seen():
    async def act(shown: Shown) -> None:
        await shown.answer.set_text("Is \\(x^2\\) so?\n\n```\ny\n```")
        await shown.lines()
        stretch = shown.answer.query_one(Stretch)
        assert stretch.get_selection(Selection(Offset(3, 0), None)) == ("x² so?\n\n y", "\n")

    on_screen(act)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
def test_no_text_has_the_colour_of_its_ground(theme):
    async def act(shown: Shown) -> None:
        shown.app.theme = theme
        await shown.answer.set_text(R1_ANSWER)
        await shown.lines()
        for stretch in shown.answer.query(Stretch):
            for y in range(stretch.size.height):
                for segment in stretch.render_line(y):
                    if segment.text.strip() and segment.style and segment.style.bgcolor:
                        assert segment.style.color != segment.style.bgcolor or segment.style.color.is_default

    on_screen(act)


def test_what_is_boxed_stands_out():
    async def act(shown: Shown) -> None:
        await shown.answer.set_text("so \\boxed{42} and \\(x = \\boxed{7}\\)")
        await shown.lines()
        segments = list(shown.answer.query_one(Stretch).render_line(0))
        assert [segment.text for segment in segments if segment.style and segment.style.bold] == ["42", "7"]

    on_screen(act)
