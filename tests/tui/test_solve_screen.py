"""The screen of many attempts: a line each that stays where it is, the votes, every key, and the way back."""
from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from chat.scripted import DIED, Line, Reply, ScriptedClient
from localthink.tui.screens import solve
from localthink.tui.screens.attempt import AttemptScreen
from localthink.tui.screens.choice import ChoiceScreen
from localthink.tui.screens.solve import SolveScreen
from localthink.tui.widgets.attempt_table import AttemptTable, columns_of
from tui.chatting import Person, talking

PUZZLE = "Use 3, 5 and 12 to make 57."
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line("First, 12 * 5 = 60. 60 - 3 = 57, yes.", {5: 0.9}),))
WRONG = Reply(r"So it is \boxed{12 + 5 * 3}.", ("First, 12 + 5 = 17.", "\nAlternatively, 5 * 3 = 15."))
LONG = Reply(r"So it is \boxed{12 * 5 + 3}.", ("on and " * 80,))


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(solve, "PAUSE_FACTOR", 0)


def solving(folder, check: Callable[[Person], Awaitable[None]], *replies: Reply, size: tuple[int, int] = (100, 40),
            wanted: str = "") -> None:
    """A person whose question was answered once, and who wants it solved."""
    async def play(person: Person) -> None:
        await person.answered(PUZZLE)
        if wanted:
            person.prompt.text = f"/solve {wanted}"
            await person.press("enter")
        else:
            await person.press("f11")
        await person.wait(lambda: isinstance(person.app.screen, SolveScreen))
        await person.wait(lambda: person.app.screen.solving.tries)
        await check(person)

    talking(folder, ScriptedClient([RIGHT, *replies]), size=size)(play)


async def shows(person: Person, *words: str) -> None:
    await person.wait(lambda: all(word in person.text for word in words))


async def ended(person: Person, count: int) -> None:
    """Write until so many attempts have ended."""
    def more() -> bool:
        person.client.advance(3)
        return len(person.app.screen.solving.question.ended) >= count
    await person.wait(more)


async def over(person: Person) -> None:
    def more() -> bool:
        person.client.advance(20)
        return not person.app.screen.writing
    await person.wait(more)
    await shows(person, "Back")


def notified(person: Person) -> str:
    return " ".join(each.message for each in person.app._notifications)


def rows(person: Person) -> list[str]:
    """The lines of the attempts."""
    table = person.app.screen.query_one(AttemptTable)
    return person.text.split("\n")[table.region.y:table.region.bottom]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_sixteen_attempts_have_a_line_each_from_the_beginning_and_none_of_them_moves(tmp_path, size):
    async def check(person):
        await shows(person, "0 of up to 16 attempts", "no attempt has come to an answer yet", "Stop")
        top = person.app.screen.query_one(AttemptTable).region
        assert [line.split()[0] for line in rows(person)[:16]] == [str(number) for number in range(1, 17)]
        await ended(person, 2)
        await shows(person, "✗ 12 + 5 * 3", "✓ 12 * 5 - 3", "leads:")
        assert [line.split()[0] for line in rows(person)[:16]] == [str(number) for number in range(1, 17)]
        await over(person)
        assert person.app.screen.query_one(AttemptTable).region == top
        await shows(person, "won:", "% that no other answer is more frequent", "no more are needed")
    solving(tmp_path, check, WRONG, RIGHT, size=size)


def test_the_winner_is_the_answer_of_the_conversation_and_the_others_are_beside_it(tmp_path):
    async def check(person):
        await over(person)
        tries = person.app.screen.solving.tries
        await person.press("escape")
        await person.wait(lambda: person.app.screen is person.screen)
        await shows(person, f"/{len(tries) + 1} ▶", "consensus of", "12 * 5 - 3")
        await person.press("f3")
        await shows(person, f"◀ 1/{len(tries) + 1} ▶")
    solving(tmp_path, check, WRONG, RIGHT)


def test_escape_stops_it_and_leaves_with_what_there_is(tmp_path):
    async def check(person):
        await ended(person, 1)
        await person.press("escape")
        await shows(person, "stopped", "cancelled", "Back")
        assert not person.client.writing
        await person.press("escape")
        await person.wait(lambda: person.app.screen is person.screen)
        await shows(person, "◀ 2/2 ▶")
    solving(tmp_path, check, RIGHT, LONG)


def test_ctrl_c_stops_it_as_well(tmp_path):
    async def check(person):
        await person.press("ctrl+c")
        await person.wait(lambda: not person.app.screen.writing)
        assert person.app.screen.solving.stopped
    solving(tmp_path, check, LONG)


def test_enter_opens_an_attempt_while_it_is_written_and_comes_back_to_it(tmp_path):
    async def check(person):
        await ended(person, 1)
        await person.press("enter")
        await person.wait(lambda: isinstance(person.app.screen, AttemptScreen))
        await shows(person, "attempt 1 ✓ right", "12 * 5 - 3", "seed ")
        await person.press("n")
        await shows(person, "attempt 2", "on and on and")
        before = person.text.count("on and")
        person.client.advance(30)
        await person.wait(lambda: person.text.count("on and") > before)
        await person.press("p", "p")
        await shows(person, "attempt 4")
        await person.press("escape")
        await person.wait(lambda: isinstance(person.app.screen, SolveScreen))
        assert person.app.screen.query_one(AttemptTable).cursor == 3
        await person.press("end", "enter")
        await shows(person, "was not begun")
        await person.press("home", "down")
        table = person.app.screen.query_one(AttemptTable)
        assert table.cursor == 1
        behind = [{segment.style.bgcolor for segment in table.render_line(line)} for line in range(3)]
        assert len(behind[1]) == 1 and behind[0] == behind[2] != behind[1]  # the cursor is to be seen
    solving(tmp_path, check, RIGHT, LONG)


def test_more_attempts_than_lines_are_scrolled_to(tmp_path):
    async def check(person):
        table = person.app.screen.query_one(AttemptTable)
        await person.press("end")
        await person.wait(lambda: any(line.split()[:1] == ["64"] for line in rows(person)))
        await person.press("home")
        await person.wait(lambda: rows(person)[0].split()[:1] == ["1"] and table.scroll_offset.y == 0)
    solving(tmp_path, check, LONG, size=(80, 24), wanted="consensus 64")


def test_another_strategy_and_other_seeds_begin_again_beside_what_there_is(tmp_path):
    async def check(person):
        await over(person)
        first = person.app.screen.solving
        await person.press("r")
        await person.wait(lambda: person.app.screen.solving is not first and person.app.screen.solving.tries)
        second = person.app.screen.solving
        assert second.seed != first.seed and second.strategy == first.strategy
        await over(person)
        await person.press("s")
        await person.wait(lambda: isinstance(person.app.screen, ChoiceScreen))
        await person.press("3")
        await person.wait(lambda: getattr(person.app.screen, "solving", second) is not second)
        assert (person.app.screen.solving.strategy.name, person.app.screen.solving.strategy.n) == ("shortest", 8)
        await over(person)
        kept = sum(each.turn.state == "stop" for each in
                   (*first.tries, *second.tries, *person.app.screen.solving.tries))
        assert len(person.session.entries[-1].siblings) == 1 + kept
    solving(tmp_path, check, RIGHT, wanted="8")


def test_an_engine_that_dies_is_told_and_opened_again(tmp_path):
    async def check(person):
        await ended(person, 1)
        person.client.die()
        await shows(person, "ended early", DIED[:20], "New seeds")
        await person.press("r")
        await person.wait(lambda: person.client.starts == 2 and person.app.screen.writing)
        await over(person)
        await shows(person, "no more are needed")
    solving(tmp_path, check, RIGHT, LONG, RIGHT)


def test_what_cannot_be_solved_is_said_in_a_line_and_the_chat_stays(tmp_path):
    async def check(person):
        for wanted, said in (("", "no question yet"), ("best x", "the number of attempts"),
                             ("consensos", "did you mean consensus?")):
            person.prompt.text = f"/solve {wanted}"
            await person.press("enter")
            await person.wait(lambda said=said: said in notified(person))
            assert person.app.screen is person.screen and person.prompt.text == ""
        await person.ask(PUZZLE)
        await person.press("f11")
        await person.wait(lambda: "an answer is being written" in notified(person))
    talking(tmp_path, ScriptedClient([RIGHT]))(check)


@pytest.mark.parametrize("width", range(10, 200, 7))
def test_columns_fill_the_width(width):
    columns = columns_of(width, 16)
    assert columns.thoughts > 0 and columns.answer > 0
