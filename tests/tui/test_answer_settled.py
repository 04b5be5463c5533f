"""What is shown for good: the rest of an answer, whatever it is, changes nothing of it."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from localthink.tui.widgets.answer_markdown import CONTINUES, parse
from localthink.tui.widgets.answer_settled import Settled, settled
from tui.answers import LINES

DOCUMENTS = st.lists(st.sampled_from(LINES), min_size=2, max_size=14).map("\n".join)


def read(tokens: list[Token]) -> list[tuple[object, ...]]:
    """What of tokens is seen in the end."""
    return [(token.type, token.tag, token.info, token.content, token.level, CONTINUES in token.meta,
             [(child.type, child.content, child.attrs) for child in token.children or ()]) for token in tokens]


@given(DOCUMENTS, st.data())
def test_what_is_settled_and_the_rest_read_apart_are_what_they_are_together(text, data):
    start = text[:data.draw(st.integers(0, len(text)))]
    found = settled(start)
    before, after = parse(text[:found.length]), parse(text[found.length:])
    if found.amid_list:
        after[0].meta[CONTINUES] = True
    assert read(before + after) == read(parse(text))


@pytest.mark.parametrize(("text", "found"), [
    ("one\n\ntwo", Settled(0)),  # the last line may become a list
    ("one\n\ntwo\n", Settled(5)),
    ("one\n- two\n", Settled(4)),
    ("1. a\n2. b\n", Settled(5, amid_list=True)),
    ("1. a\n\ntext\n", Settled(6)),
    ("# head\n", Settled(7)),
    ("```\nx\n\ny\n", Settled(0)),
    ("```\nx\n```\n", Settled(10)),
    ("````\nx\n```\n", Settled(0)),
    ("- a\n\n  ```\n  x\n\n  ```\n", Settled(0)),
    ("\\[\nx\n\\]\n", Settled(8)),
    ("\\[\n- x\n", Settled(0)),
    ("\\[\nx\n\n- y\n", Settled(6)),  # no formula goes over an empty line
    ("| a |\n|---|\n| b |\n", Settled(0)),
    ("", Settled(0)),
])
def test_only_blocks_that_have_ended_are_settled(text, found):
    assert settled(text) == found
