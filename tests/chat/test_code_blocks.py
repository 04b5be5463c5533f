"""Blocks of code are found as Markdown has them, and one that is left open is told by its fence."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.chat.code_blocks import code_blocks, open_fence

codes = st.lists(st.text(st.sampled_from("ax`~ #>-"), max_size=6), min_size=1, max_size=4).map("\n".join)


def test_blocks_of_code_are_found_between_their_fences():
    text = "a\n```py\nx\n\ny\n```\nb ```c```\n~~~~\n```\nz\n~~~\n~~~~\n```\nleft open"
    assert code_blocks(text) == ["x\n\ny", "```\nz\n~~~", "left open"]
    assert open_fence(text) == "```"
    assert open_fence("```\na\n```") == ""


def test_blocks_in_lists_and_quotes_are_found_without_their_indent():
    assert code_blocks("1. a\n   ```py\n   x\n     y\n   ```\n\n> ```\n> z\n> ```") == ["x\n  y", "z"]


@pytest.mark.parametrize("text", ["", "a", "- ```\n  x", "> ~~~\n> x", "```\nx\n```\n", "```\r\nx\r\n```", "    ```\nx",
                                  "```x```"])
def test_what_is_closed_or_ends_with_its_list_leaves_no_fence_open(text: str) -> None:
    assert open_fence(text) == ""


@given(st.lists(codes, max_size=4), st.sampled_from(["`````````", "~~~~~~~~~"]), codes)
def test_what_was_put_between_long_fences_is_found_again(blocks: list[str], fence: str, last: str) -> None:
    text = "".join(f"words\n\n{fence}py\n{code}\n{fence}\n" for code in blocks)
    assert (code_blocks(text), open_fence(text)) == (blocks, "")
    assert (code_blocks(f"{text}{fence}\n{last}\n"), open_fence(f"{text}{fence}\n{last}\n")) == ([*blocks, last], fence)


@given(codes)
def test_the_open_fence_closes_the_block(text: str) -> None:
    fence = open_fence(text)
    assert not fence or open_fence(f"{text}\n{fence}") == ""
