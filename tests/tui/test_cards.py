"""Cards: what is written to be handed on says what the screen says, and obeys nobody."""
from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from rich.cells import cell_len

from chat.scripted import Line, Reply, ScriptedClient, client_of, pieces, session
from localthink.chat.compare import Comparison, Side
from localthink.records import Message
from localthink.tui.cards import WIDTH, as_svg, as_text, comparison_card, thoughts_card
from tui.turns import end, thinking_turn

QUESTION = "Use 3, 5 and 12 to make 57."
SAME = "First, try 12 * 5 = 60. 60 + 3 = 63, no."
LEFT = Reply("I found no way.", (SAME, "\nAlternatively, try 7."))
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line(SAME + "\n60 - 3 = 57, yes.", {len(pieces(SAME)): 0.9}),))


def compared(question: str = QUESTION) -> Comparison:
    talk = session(None, ScriptedClient([LEFT, RIGHT]))
    sides = [Side(talk.asker, talk.settings.changed("alpha", 0.0)), Side(talk.asker, talk.settings)]
    comparison = Comparison(sides, [Message("user", question)], 6, talk.clock)
    comparison.start()
    client_of(talk).finish()
    talk.pump()
    return comparison


def test_a_comparison_says_on_its_card_what_came_of_it():
    text = as_text(comparison_card(compared()))
    assert text.startswith(QUESTION + "\n")
    for said in ("without the penalty (α 0)", "with the penalty: α 3, β 600", "⊘ 1", "12 * 5 - 3",
                 "makes 57    no  /  yes", "scripted, seed 6", "one seed", "left this thought here"):
        assert said in text, said
    assert all(cell_len(line) <= WIDTH for line in text.splitlines())


@pytest.mark.parametrize("thoughts", [0, 1, 12, 13, 400])
def test_the_map_of_thoughts_has_its_rows_and_figures(thoughts):
    turn = end(thinking_turn(thoughts, 50, held=[(0, 3)] if thoughts else []))
    text = as_text(thoughts_card(QUESTION, turn, {"model": "toy"}))
    rows = [line for line in text.splitlines() if re.match(r" *\d+(–\d+)? [▁-█]", line)]
    assert len(rows) == min(thoughts, 12) and "toy" in text and "seed 0" in text
    assert ("⊘ 1" in text) == (thoughts > 0)
    assert all(cell_len(line) <= WIDTH for line in text.splitlines())


def test_the_picture_is_well_formed_whatever_was_written():
    hostile = "<b>&amp; [red]x[/red] \x1b[2J </svg>"
    for card in (comparison_card(compared(hostile)), thoughts_card(hostile, end(thinking_turn(2)), {"model": hostile})):
        picture = as_svg(card)
        said = "".join(ElementTree.fromstring(picture).itertext()).replace("\xa0", " ")
        assert "<b>&amp; [red]x[/red] \\x1b[2J </svg>" in said
        assert "\x1b" not in picture and "\x1b" not in as_text(card)
