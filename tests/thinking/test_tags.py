"""Tags around thinking, as tokens of their own and as text that is cut into tokens anywhere."""
from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localthink.errors import UsageError
from localthink.thinking.tags import TagReader, Tags

THINK, END_THINK, WORD = 100, 101, 0
TOKENS = {THINK: "<think>", END_THINK: "</think>"}
R1 = Tags(ids=(THINK, END_THINK))


def read(pieces: list[str] | str, tags: Tags, begins_thinking: bool = False) -> tuple[str, str, str]:
    """Thinking and answer of these pieces, in which a whole tag is a token where the tags are; the part it ends in."""
    reader, texts, parts, after = TagReader(tags, begins_thinking), [], [], ""
    for piece in pieces:
        token = next((token for token, text in TOKENS.items() if text == piece and tags.ids), WORD)
        text, after = after + piece, ""
        part = reader.part
        turn = reader.read(token, text)
        texts.append(text)
        parts.append(part)
        if turn is not None:
            texts[-turn.tokens:] = [turn.before, *[""] * (turn.tokens - 1)]
            after = turn.after
            if turn.recasts:
                parts = ["thinking"] * len(parts)
    said = {part: "".join(text for text, was in zip(texts, parts, strict=True) if was == part)
            for part in ("thinking", "answer")}
    said[reader.part] += after
    return said["thinking"], said["answer"], reader.part


CASES = [  # what is written, whether the prompt has opened the block, and what it comes to
    (["a", "b"], False, ("", "ab", "answer")),
    (["a", "</think>", "b"], True, ("a", "b", "answer")),
    (["<think>", "a", "</think>", "b"], False, ("a", "b", "answer")),
    (["\n", "<think>", "a", "</think>", "b"], False, ("a", "\nb", "answer")),
    (["<think>", "a"], False, ("a", "", "thinking")),
    (["<think>", "a", "</think>", "b"], True, ("a", "b", "answer")),  # a second opening tag is no text
    (["</think>", "b"], True, ("", "b", "answer")),
    (["</think>", "b"], False, ("", "b", "answer")),
    (["a\n", "</think>", "b"], False, ("a\n", "b", "answer")),  # the block was never opened
    (["a", "</think>", "b", "</think>", "c"], True, ("a", "b</think>c", "answer")),
    (["a", "</think>", "</think>", "b"], True, ("a", "b", "answer")),
    (["a", "</think>", "b\n", "</think>", "\nc"], True, ("a", "b\n\nc", "answer")),  # it was closed for the model
    (["a", "</think>", "b\n", "</think>", "c", "</think>"], True, ("a", "b\nc</think>", "answer")),
    (["a", "</think>", "b", "<think>", "\n", "</think>"], True, ("a", "b<think>\n</think>", "answer")),
    (["a", "</think>", "b", "<think>", "c"], True, ("a", "b<think>c", "answer")),
    (["a", "</think>", "b", "<think>", "c", "</think>", "d"], True, ("a", "b<think>c</think>d", "answer")),
    (["a", "</think>", "<think>", "b", "</think>", "c"], True, ("ab", "c", "answer")),
]


@pytest.mark.parametrize(("pieces", "opened", "said"), CASES)
def test_tags_that_are_tokens_divide_thinking_from_answer(pieces, opened, said):
    assert read(pieces, R1, opened) == said


@pytest.mark.parametrize(("pieces", "opened", "said"), CASES)
@pytest.mark.parametrize("tags", [Tags(), Tags("[THINK]", "[/THINK]")])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_so_do_tags_in_the_text_however_it_is_cut_into_tokens(pieces, opened, said, tags, data):
    def translated(text: str) -> str:
        return text.replace("<think>", tags.opening).replace("</think>", tags.closing)

    text = translated("".join(pieces))
    within_tags = {match.start() + 1 for match in re.finditer(r"[<[]", text)}  # no token holds two of them
    cuts = sorted(within_tags | data.draw(st.sets(st.integers(0, len(text)), max_size=len(text))))
    cut = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(cut, tags, opened) == tuple(map(translated, said[:2])) + said[2:]


@pytest.mark.parametrize("text", [
    "Write `<think>` first.", "`</think>` ends it.", 're.sub(r"<think>.*?</think>", "", text)',
    "It begins so:\n<think>\nhm\n</think>\nand ends.", "a < b, </th", "<<thin", "so </think> it is"])
def test_an_answer_may_speak_of_tags_where_they_are_text(text):
    assert read(list(text), Tags()) == ("", text, "answer")


def test_the_same_text_in_other_tokens_is_no_tag_where_tags_are_tokens():
    assert read(["<", "think", ">", "a"], R1) == ("", "<think>a", "answer")


def test_an_answer_that_mentions_the_opening_tag_is_not_taken_for_thinking_at_the_closing_one():
    assert read(["It is ", "<think>", "…", "</think>"], R1) == ("…", "It is ", "answer")  # R1 opens no block by halves
    assert read(["It is ", "<think>", "…", "\n</think>"], Tags()) == ("", "It is <think>…\n</think>", "answer")


@given(st.lists(st.sampled_from(["<", "</", "think", ">", ">\n", "a", "<think>", " "]), max_size=30), st.booleans())
@example(["</think>", "<", "<", "a"], False)  # once an answer has begun, what looked like a tag's beginning is text
def test_no_more_tokens_wait_than_may_hold_a_tag(pieces, opened):
    reader, tail = TagReader(Tags(), opened), ""
    for piece in pieces:
        turn = reader.read(WORD, piece)
        tail = "" if turn else tail + piece
        waiting = "".join(reader._pieces)
        assert tail.endswith(waiting) or turn
        assert reader.undecided == 0 or any(tag.startswith(waiting[start:]) for tag in ("<think>", "</think>")
                                            for start in range(len(waiting)))


@pytest.mark.parametrize(("opening", "closing", "reason"), [
    ("", "", "is empty"), ("<t>", " \n", "is empty"), (" <t>", "</t>", "white space"), ("<t>", "<t>", "one holds"),
    ("<t>", "<t>x", "one holds"), ("x<t>", "<t>", "one holds"), ("a\udcff", "</t>", "not Unicode"),
    ("<" + "t" * 60, "</t>", "61 bytes"), ("思" * 21, "</t>", "63 bytes"),
])
def test_texts_that_cannot_be_told_apart_or_found_are_no_tags(opening: str, closing: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Tags(opening, closing)
    assert Tags("<t\n>", "</\nt>").ids is None
