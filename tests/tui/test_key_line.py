"""The line of keys: one line, the eight that matter now."""
from __future__ import annotations

import pytest

from localthink.tui.widgets.key_line import MOST, KeyLine
from tui.chatting import Person, talking


def keys(person: Person) -> list[str]:
    line = person.screen.query_one(KeyLine)
    assert line.size.height == 1
    labels = [label for row in line._lines(line.content_size.width) for _, _, label in row]
    assert len(labels) <= MOST
    return labels


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)])
def test_the_keys_of_a_chat_are_on_one_line_and_lead_to_help_in_every_state(tmp_path, size):
    async def test(person: Person) -> None:
        assert keys(person)[-1] in ("Help", "Quit")
        await person.ask()
        await person.write(20)
        assert {"Stop", "Answer now", "Help"} <= set(keys(person))
        await person.press("escape")
        await person.wait(lambda: person.session.live is None)
        await person.shown()
        assert {"Go on", "Help"} <= set(keys(person)) and "Stop" not in keys(person)
        await person.press("ctrl+g")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        await person.press("ctrl+r")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        assert {"Compare", "Help"} <= set(keys(person))

    talking(tmp_path, size=size)(test)


def test_what_is_left_out_of_the_line_still_works(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        assert "Edit" not in keys(person)
        await person.press("f2")
        assert "edit" in person.prompt.border_title

    talking(tmp_path)(test)
