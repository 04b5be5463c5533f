"""Ctrl+C: stops what is written, and quits at the second time."""
from __future__ import annotations

from localthink.tui.screens.compare import CompareScreen
from tui.chatting import Person, talking


def test_ctrl_c_stops_an_answer_and_a_second_one_quits(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(20)
        await person.press("ctrl+c")
        await person.wait(lambda: not person.session.busy)
        assert person.session.entries[-1].turn.state == "cancelled"
        assert person.app._exit is False
        await person.press("ctrl+c")
        assert person.app._exit

    talking(tmp_path)(test)


def test_at_the_prompt_one_ctrl_c_says_that_a_second_one_quits(tmp_path):
    async def test(person: Person) -> None:
        await person.press("ctrl+c")
        await person.wait(lambda: "Ctrl+C again quits" in person.text)
        assert person.app._exit is False
        person.app._interrupted -= 60  # too long ago to be the first of two
        await person.press("ctrl+c")
        assert person.app._exit is False

    talking(tmp_path)(test)


def test_ctrl_c_copies_what_is_selected(tmp_path):
    async def test(person: Person) -> None:
        person.prompt.text = "two words"
        person.prompt.select_all()
        await person.press("ctrl+c", "ctrl+c")
        assert person.app.clipboard == "two words" and person.app._exit is False

    talking(tmp_path)(test)


def test_ctrl_c_stops_a_comparison_and_leaves_it_to_be_read(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        await person.press("f5")
        await person.wait(lambda: isinstance(person.app.screen, CompareScreen) and person.app.screen.writing)
        await person.press("ctrl+c")
        await person.wait(lambda: not person.app.screen.writing)
        assert isinstance(person.app.screen, CompareScreen) and person.app._exit is False

    talking(tmp_path)(test)
