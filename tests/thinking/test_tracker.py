"""Thoughts as they are written, against a re-segmentation of the finished text."""
from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from localthink.thinking.automaton import Automaton
from localthink.thinking.tracker import OPENING, ThoughtTracker

THINK, END_THINK = 100, 101
WORD, SWITCH = 0, 7
LONG = (4, 5, 6)  # a marker of three tokens
MARKERS = [(SWITCH,), LONG]
WORDS = [WORD] * OPENING  # enough for the next marker to open a thought wherever they stand


class Segment(NamedTuple):
    start: int
    end: int
    by_marker: bool


def tracker(markers=MARKERS, begins_thinking=True, everywhere=False) -> ThoughtTracker:
    return ThoughtTracker(Automaton(markers), begins_thinking, everywhere)


def observe(followed: ThoughtTracker, token: int) -> int:
    """Take in a token, which may be a tag that turns the page."""
    if token == (END_THINK if followed.part == "thinking" else THINK):
        followed.turn("answer" if followed.part == "thinking" else "thinking", 1)
        return 0
    return followed.observe(token)


def segments(followed: ThoughtTracker) -> list[Segment]:
    return [Segment(span.start, span.end, span.by_marker) for span in followed.spans]


def read(tokens, **settings) -> ThoughtTracker:
    followed = tracker(**settings)
    for token in tokens:
        observe(followed, token)
    return followed


# by hand


def test_without_a_marker_thinking_is_one_thought():
    followed = read([WORD] * 5)
    assert (followed.part, followed.thought, followed.start, followed.position) == ("thinking", 0, 0, 5)
    followed.finish()
    assert segments(followed) == [(0, 5, False)]


def test_a_marker_opens_a_thought_at_its_first_token():
    followed = read(WORDS)
    assert followed.observe(SWITCH) == 1
    assert (followed.thought, followed.start) == (1, 8)
    for token in [*WORDS, *LONG[:2]]:
        assert followed.observe(token) == 0
    assert followed.thought == 1
    assert followed.observe(LONG[2]) == 3
    assert (followed.thought, followed.start) == (2, 17)
    followed.finish()
    assert segments(followed) == [(0, 8, False), (8, 17, True), (17, 20, True)]


def test_a_marker_broken_off_opens_nothing():
    followed = read([*WORDS, *LONG[:2], WORD, LONG[2]])
    assert followed.thought == 0


def test_a_marker_among_the_opening_words_of_a_switch_belongs_to_them():
    followed = read([WORD, SWITCH])
    for _ in range(OPENING - 1):
        assert (followed.switch_tokens.tolist(), followed.may_switch) == ([SWITCH], False)
        assert followed.observe(SWITCH) == 0
    assert (followed.thought, followed.start, followed.may_switch) == (1, 1, True)
    assert followed.switch_tokens.tolist() == [SWITCH]
    assert followed.observe(SWITCH) == 1
    assert (followed.thought, followed.start) == (2, 1 + OPENING)


def test_a_long_marker_is_among_them_if_it_is_complete_there():
    assert read([WORD, SWITCH, *[WORD] * (OPENING - 4), *LONG]).thought == 1
    longer = read([WORD, SWITCH, *[WORD] * (OPENING - 3), *LONG])
    assert (longer.thought, longer.start) == (2, OPENING - 1)


def test_the_first_thought_of_a_block_has_no_opening_words_but_its_very_first():
    assert read([SWITCH]).thought == 0
    assert read(LONG).thought == 0
    assert read([SWITCH, SWITCH]).start == 1
    assert read([WORD, *LONG]).start == 1
    assert read([WORD, END_THINK, THINK, SWITCH]).thought == 1
    assert read([WORD, END_THINK, THINK, WORD, SWITCH]).thought == 2


def test_the_tag_ends_thinking_and_belongs_to_no_thought():
    followed = read([WORD, WORD, END_THINK, WORD])
    assert (followed.part, followed.thought, followed.followed) == ("answer", -1, False)
    assert segments(followed) == [(0, 2, False)]
    assert followed.switch_tokens.size == 0


def test_a_marker_never_reaches_across_a_tag():
    followed = read([*WORDS, *LONG[:2], END_THINK, LONG[2], *WORDS], everywhere=True)
    followed.finish()
    assert segments(followed) == [(0, 10, False), (11, 20, False)]


def test_thinking_may_begin_with_its_tag_and_begin_again():
    followed = read([WORD, THINK, WORD, WORD, END_THINK, WORD, THINK, WORD], begins_thinking=False)
    assert (followed.part, followed.thought, followed.start) == ("thinking", 1, 7)
    followed.finish()
    assert segments(followed) == [(2, 4, False), (7, 8, False)]


def test_a_tag_that_turns_nothing_is_a_token_like_any_other():
    inside = read([WORD, THINK, WORD])
    assert (inside.thought, inside.start, inside.position) == (0, 0, 3)
    outside = read([END_THINK, WORD], begins_thinking=False)
    assert (outside.part, outside.spans) == ("answer", [])


def test_a_model_without_tags_writes_an_answer():
    followed = ThoughtTracker(Automaton(MARKERS), begins_thinking=False)
    for token in [*WORDS, SWITCH]:
        assert followed.observe(token) == 0
    assert (followed.part, followed.thought, followed.spans) == ("answer", -1, [])


def test_everywhere_follows_the_answer_as_thoughts_of_its_own():
    followed = read([WORD, END_THINK, *WORDS], everywhere=True)
    assert followed.part == "answer"
    assert followed.switch_tokens.tolist() == [SWITCH]
    followed.observe(SWITCH)
    followed.finish()
    assert segments(followed) == [(0, 1, False), (2, 10, False), (10, 11, True)]


def test_switch_tokens_follow_the_words_before():
    followed = read(WORDS)
    assert followed.switch_tokens.tolist() == [SWITCH]
    followed.observe(LONG[0])
    followed.observe(LONG[1])
    assert followed.switch_tokens.tolist() == [LONG[2], SWITCH]
    followed.observe(WORD)
    assert followed.switch_tokens.tolist() == [SWITCH]


def test_undecided_counts_the_words_that_may_open_a_thought():
    followed = tracker()
    counts = []
    for token in [WORD, WORD, LONG[0], LONG[1], WORD, LONG[0], LONG[1], LONG[2], WORD, LONG[0]]:
        followed.observe(token)
        counts.append(followed.undecided)
    assert counts == [0, 0, 1, 2, 0, 1, 2, 0, 0, 1]


def test_a_marker_that_opens_nothing_may_be_the_beginning_of_one_that_does():
    # "Let me try another approach" at the very start, with `Let me try another` and `another approach` as markers
    followed = tracker(markers=[(1, 2), (2, 3)])
    opened, undecided = [], []
    for token in (1, 2, 3):
        opened.append(followed.observe(token))
        undecided.append(followed.undecided)
    assert opened == [0, 0, 2]
    assert undecided == [0, 1, 0]


def test_finishing_twice_changes_nothing():
    followed = read([WORD, WORD])
    followed.finish()
    followed.finish()
    assert segments(followed) == [(0, 2, False)]


def test_a_tag_of_several_tokens_leaves_the_thought_what_stands_before_it():
    followed = read([WORD, WORD, WORD])
    followed.turn("answer", tokens=3)
    assert segments(followed) == [(0, 1, False)]
    followed = read([WORD, WORD, WORD])
    followed.turn("answer", tokens=3, kept=1)
    assert segments(followed) == [(0, 2, False)]
    assert (followed.position, followed.part) == (4, "answer")


def test_what_turns_out_to_have_been_thinking_has_its_thoughts():
    tokens = [*WORDS, SWITCH, WORD]
    followed = read(tokens, begins_thinking=False)
    followed.recast(tokens, {})
    followed.turn("answer", 1)
    assert segments(followed) == [(0, 8, False), (8, 10, True)]
    assert (followed.position, followed.part) == (11, "answer")


def test_paraphrases_are_counted_and_open_nothing():
    followed = ThoughtTracker(Automaton(MARKERS), begins_thinking=True, paraphrase=Automaton([(8, 9)]))
    for token in [*WORDS, 8, 9, *WORDS, 8, WORD, 8, 9]:
        assert followed.observe(token) == 0
    assert (followed.paraphrases, followed.thought) == (2, 0)


def test_a_paraphrase_among_opening_words_is_a_part_of_them():
    followed = ThoughtTracker(Automaton(MARKERS), begins_thinking=True, paraphrase=Automaton([(8,)]))
    for token in [*WORDS, SWITCH, WORD, 8, *WORDS]:
        followed.observe(token)
    assert (followed.paraphrases, followed.thought) == (0, 1)
    for token in (8, WORD, 8):
        followed.observe(token)
    assert followed.paraphrases == 1
    for token in [*WORDS, 8, WORD, SWITCH]:
        followed.observe(token)
    assert (followed.paraphrases, followed.thought) == (1, 2)


# any stream

markers_of_tokens = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4).map(tuple), max_size=5)
written = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, THINK, END_THINK])
streams = st.lists(written, max_size=6) | st.lists(written, min_size=20, max_size=60)


def stretches(tokens: list[int], begins_thinking: bool) -> list[tuple[str, int, int]]:
    """The text between the tags that turn a page: (part, start, end)."""
    found, part, start = [], "thinking" if begins_thinking else "answer", 0
    for place, token in enumerate(tokens):
        if token == (END_THINK if part == "thinking" else THINK):
            found.append((part, start, place))
            part, start = "answer" if part == "thinking" else "thinking", place + 1
    return [*found, (part, start, len(tokens))]


def resegmented(tokens, markers, begins_thinking, everywhere) -> list[Segment]:
    """The thoughts of a finished text: in each stretch, cut where the longest marker that ends at a place begins.

    Not where that is the start of a thought, nor where the marker ends among the opening words of another.
    """
    found = []
    for part, start, end in stretches(tokens, begins_thinking):
        if part == "answer" and not everywhere:
            continue
        opens, by_marker = start, False
        for stop in range(start + 1, end + 1):
            lengths = [len(m) for m in markers if len(m) <= stop - start and tuple(tokens[stop - len(m):stop]) == m]
            begins = stop - max(lengths, default=0)
            if lengths and begins > opens and not (by_marker and stop - opens <= OPENING):
                found.append(Segment(opens, begins, by_marker))
                opens, by_marker = begins, True
        found.append(Segment(opens, end, by_marker))
    return found


@given(streams, markers_of_tokens, st.booleans(), st.booleans())
def test_thoughts_are_those_of_the_finished_text(tokens, markers, begins_thinking, everywhere):
    followed = read(tokens, markers=markers, begins_thinking=begins_thinking, everywhere=everywhere)
    followed.finish()
    assert segments(followed) == resegmented(tokens, markers, begins_thinking, everywhere)


@given(streams, markers_of_tokens, st.booleans(), st.booleans())
def test_at_every_step_the_state_is_that_of_the_text_so_far(tokens, markers, begins_thinking, everywhere):
    followed = tracker(markers, begins_thinking, everywhere)
    for n in range(len(tokens) + 1):
        part, start, _ = stretches(tokens[:n], begins_thinking)[-1]
        thoughts = resegmented(tokens[:n], markers, begins_thinking, everywhere)
        on = everywhere or part == "thinking"
        assert (followed.position, followed.part, followed.followed) == (n, part, on)
        assert followed.thought == (len(thoughts) - 1 if on else -1)
        if on:
            assert followed.start == thoughts[-1].start
        here = tuple(tokens[start:n])
        lengths = {token: max((len(m) for m in markers if (*here, token)[-len(m):] == m), default=0)
                   for token in range(3)}
        completing = {token for token, length in lengths.items() if on and 0 < length <= n - thoughts[-1].start}
        assert set(followed.switch_tokens.tolist()) == completing
        assert followed.may_switch == (on and not (thoughts[-1].by_marker and n - thoughts[-1].start < OPENING))
        if n < len(tokens):
            expected = tokens[n] in completing and followed.may_switch
            assert (observe(followed, tokens[n]) > 0) == expected


@given(streams, markers_of_tokens, st.booleans())
def test_thoughts_partition_each_thinking_block(tokens, markers, begins_thinking):
    followed = read(tokens, markers=markers, begins_thinking=begins_thinking)
    followed.finish()
    for part, start, end in stretches(tokens, begins_thinking):
        inside = [s for s in segments(followed) if start <= s.start and s.end <= end]
        if part == "thinking":
            assert (inside[0].start, inside[-1].end) == (start, end)
            assert all(before.end == after.start for before, after in pairwise(inside))
            assert [s.by_marker for s in inside] == [False] + [True] * (len(inside) - 1)


@given(streams, markers_of_tokens, st.booleans(), st.booleans())
def test_no_token_opens_a_thought_that_was_not_undecided(tokens, markers, begins_thinking, everywhere):
    followed = tracker(markers, begins_thinking, everywhere)
    undecided: list[int] = []
    for token in tokens:
        opened = observe(followed, token)
        for back in range(1, opened):
            assert undecided[-back] >= opened - back
        undecided.append(followed.undecided)
        assert 0 <= followed.undecided <= (max(0, followed.position - followed.start - 1) if followed.followed else 0)
