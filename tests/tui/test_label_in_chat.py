"""F12 in the chat labels the thoughts of the latest answer, and the labels outlive it."""
from __future__ import annotations

from localthink.history import History
from localthink.label.answers import read_answers
from localthink.label.file import LabelFile, read_said
from localthink.tui.screens.label import LabelScreen
from tui.chatting import Person, talking


def test_an_answers_thoughts_are_labelled_and_escape_goes_back(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        async def test(person: Person) -> None:
            await person.answered()
            await person.press("f12")
            await person.wait(lambda: isinstance(person.app.screen, LabelScreen))
            await person.wait(lambda: "thought 1 of" in person.text)
            await person.press("w", "r")
            await person.wait(lambda: "2 of" in person.text.splitlines()[0])
            await person.press("escape")
            await person.wait(lambda: person.app.screen is person.screen)
            with LabelFile(read_answers(history), "me"):  # nobody holds it any more
                pass

        talking(None, history=history)(test)
        run = read_answers(history)
        assert list(read_said(run, "me").ratings.values()) == ["wrong", "right"]


def told(person: Person, words: str) -> bool:
    return any(words in note.message for note in person.app._notifications)


def test_where_nothing_is_kept_it_says_so():
    async def test(person: Person) -> None:
        await person.answered()
        await person.press("f12")
        await person.wait(lambda: told(person, "only an answer that is saved can be labelled"))

    talking(None)(test)


def test_while_an_answer_is_written_there_is_nothing_to_label(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.press("f12")
        await person.finish()
        assert person.app.screen is person.screen

    with History(tmp_path / "history.sqlite") as history:
        talking(None, history=history)(test)
