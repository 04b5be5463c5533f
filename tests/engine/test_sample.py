"""One sample, driven by scripted draws: what is shown, what is held back, and the trace at the end."""
from __future__ import annotations

from itertools import accumulate, count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generating import split
from localthink.control.tip import penalty
from localthink.control.view import Words
from localthink.engine import randomness
from localthink.engine.sample import Sample
from localthink.engine.sampler import Draw
from localthink.records import Event, Request, Tip, Trace
from localthink.thinking.automaton import Automaton
from localthink.thinking.tags import Tags
from localthink.thinking.tracker import OPENING, ThoughtTracker

THINK, END_THINK, EOS = 100, 101, 102
TAGS = Tags(ids=(THINK, END_THINK))
WORD, SWITCH = 50, 7
LONG = (1, 2, 3)  # a marker of three tokens
MARKERS = [(SWITCH,), LONG]
PIECES = {WORD: b" word", SWITCH: b" Alternatively", 1: b" Let", 2: b" me", 3: b" switch",
          THINK: b"<think>", END_THINK: b"</think>", EOS: b"<eos>"}
PROMPT = (90, 91, 92)


def penalty_of(writer: Writer) -> float:
    return penalty(writer.sample.tip, writer.sample.tracker)


class Writer:
    """A sample and everything that it has said; a token a second."""

    def __init__(self, thinking=True, markers=MARKERS, everywhere=False, index=0, tags=TAGS, go_on=(),
                 **request) -> None:
        tracker = ThoughtTracker(Automaton(markers), thinking, everywhere)
        generation, more = split(request)
        self.sample = Sample(4, Request(PROMPT, generation, samples=index + 1, **more), index, tracker, tags,
                             Words([END_THINK], lambda text: list(go_on), lambda token: token == EOS))
        self.sample.admitted(10.0, shared=1)
        self.events: list[Event] = []
        self._clock = map(float, count(12))

    def write(self, *tokens: int, last=False) -> list[Event]:
        """Tokens with the pieces that the vocabulary above gives them."""
        events: list[Event] = []
        for token in tokens:
            events += self.token(token, PIECES[token], last=last)
        return events

    def token(self, token: int, piece: bytes, held=0, last=False) -> list[Event]:
        draw = Draw(token, -0.5, -0.25, held)
        events = self.sample.accept(draw, piece, next(self._clock), ends=token == EOS, last=last)
        self.events += events
        return events

    def bytes(self, *pieces: bytes) -> None:
        """Pieces of text, as tokens that are part of no marker; stops where the sample does."""
        for piece in pieces:
            if self.sample.finished is None:
                self.token(WORD, piece)

    def end(self) -> Trace:
        """Write the end token, if the sample has not finished."""
        if self.sample.finished is None:
            self.write(EOS)
        assert self.events[-1].trace is not None
        return self.events[-1].trace

    def finish(self, reason) -> list[Event]:
        events = self.sample.finish(reason)
        self.events += events
        return events

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events)


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events]


@st.composite
def cuts(draw, data: bytes) -> list[bytes]:
    """`data` cut into pieces anywhere, also inside a character; a piece may be empty."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=len(data) + 2)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


# characters


@given(st.text(max_size=30), st.data())
def test_text_is_whole_however_its_bytes_are_cut_into_tokens(text, data):
    writer = Writer(thinking=False)
    for piece in data.draw(cuts(text.encode())):
        writer.bytes(piece)
        assert text.startswith(writer.text)
    assert writer.end().answer == text
    assert writer.text == text


@given(st.binary(max_size=30), st.data())
def test_bytes_that_are_no_text_are_replaced_as_python_does_it(content, data):
    writer = Writer(thinking=False)
    writer.bytes(*data.draw(cuts(content)))
    writer.end()
    assert writer.text == content.decode("utf-8", "replace")


def test_an_unfinished_character_waits_for_the_token_that_ends_it():
    writer = Writer(thinking=False)
    assert texts(writer.token(WORD, b"a\xe2\x82")) == ["a"]
    assert texts(writer.token(WORD, b"\xac")) == ["€"]


@pytest.mark.parametrize("reason", ["stop", "length", "cancelled"])
def test_a_character_that_is_never_finished_is_replaced_at_the_end(reason):
    writer = Writer(thinking=False)
    writer.token(WORD, b"a\xe2\x82", last=reason == "length")
    if reason == "stop":
        writer.write(EOS)
    elif reason == "cancelled":
        writer.finish("cancelled")
    assert writer.text == "a\ufffd"
    assert writer.events[-1].trace.answer == "a\ufffd"
    assert writer.events[-1].trace.finish_reason == reason


def test_a_character_that_a_tag_cuts_short_stays_on_its_side():
    writer = Writer()
    writer.token(WORD, b"a\xe2\x82")
    writer.write(END_THINK)
    writer.token(WORD, b"b")
    trace = writer.end()
    assert (trace.thinking, trace.answer) == ("a\ufffd", "b")
    assert writer.text == "a\ufffdb"


# tags, parts, ends


def test_tags_and_the_end_token_are_no_text():
    writer = Writer()
    writer.write(WORD, END_THINK, WORD)
    trace = writer.end()
    assert texts(writer.events) == [" word", "", " word", ""]
    assert [event.part for event in writer.events] == ["thinking", "thinking", "answer", "answer"]
    assert [event.thought for event in writer.events] == [0, -1, -1, -1]
    assert (trace.thinking, trace.answer) == ("word", "word")
    assert trace.token_ids == (WORD, END_THINK, WORD, EOS)


def test_a_block_opened_by_the_model_itself_is_thinking():
    writer = Writer(thinking=False)
    writer.write(WORD, THINK, WORD, END_THINK, WORD)
    trace = writer.end()
    assert [event.part for event in writer.events] == ["answer", "answer", "thinking", "thinking", "answer", "answer"]
    assert (trace.thinking, trace.answer) == ("word", "word word")


def test_an_answer_without_thinking_is_left_as_it_was_written():
    writer = Writer(thinking=False)
    writer.bytes(b" 39 \n")
    assert writer.end().answer == writer.text == " 39 \n"


def test_a_trace_with_thinking_is_stripped_and_events_are_not():
    writer = Writer()
    writer.bytes(b"\n\nhm ")
    writer.write(END_THINK)
    writer.bytes(b"\n\n39 ")
    trace = writer.end()
    assert writer.text == "\n\nhm \n\n39 "
    assert (trace.thinking, trace.answer, trace.thoughts[0].text) == ("hm", "39", "hm")


def test_the_end_token_finishes_with_stop():
    writer = Writer()
    (closing,) = writer.write(WORD, EOS)[1:]
    assert (closing.token, closing.text, closing.trace.finish_reason) == (EOS, "", "stop")
    assert writer.sample.finished == "stop"


def test_the_last_token_that_there_is_room_for_finishes_with_length():
    writer = Writer()
    writer.write(WORD)
    (closing,) = writer.write(WORD, last=True)
    assert (closing.text, closing.trace.finish_reason, closing.trace.tokens) == (" word", "length", 2)


def test_the_end_token_in_the_last_place_is_still_a_stop():
    writer = Writer()
    (closing,) = writer.write(EOS, last=True)
    assert closing.trace.finish_reason == "stop"


def test_a_cancelled_sample_gives_what_it_held_back_and_its_trace():
    writer = Writer()
    writer.write(*[WORD] * OPENING, *LONG[:2])
    assert len(writer.events) == OPENING
    events = writer.finish("cancelled")
    assert texts(events) == [" Let", " me"]
    assert [event.thought for event in events] == [0, 0]
    assert events[0].trace is None
    assert events[1].trace.finish_reason == "cancelled"
    assert writer.text.strip() == events[1].trace.thinking


def test_a_sample_cut_off_with_nothing_left_to_show_closes_with_an_event_of_no_token():
    writer = Writer()
    writer.write(WORD, WORD)
    (closing,) = writer.finish("length")
    assert (closing.token, closing.text, closing.thought, closing.held) == (-1, "", -1, 0.0)
    assert closing.trace.token_ids == (WORD, WORD)


def test_a_sample_cancelled_before_its_first_token_has_an_empty_trace():
    writer = Writer()
    (closing,) = writer.finish("cancelled")
    trace = closing.trace
    assert (closing.token, trace.token_ids, trace.thinking, trace.answer) == (-1, (), "", "")
    assert (trace.seconds, trace.tokens_per_second, trace.prompt_tokens_per_second) == (0.0, 0.0, 0.0)


def test_every_event_names_its_request_and_sample():
    writer = Writer(index=2)
    writer.write(*[WORD] * OPENING, *LONG, END_THINK, WORD)
    writer.finish("cancelled")
    assert {(event.request, event.sample) for event in writer.events} == {(4, 2)}


def test_events_carry_what_was_drawn():
    writer = Writer()
    (event,) = writer.token(WORD, b"x", held=1)
    assert (event.token, event.logprob, event.raw_logprob, event.held) == (WORD, -0.5, -0.25, 1)


# thoughts


def test_a_marker_of_one_token_opens_its_thought():
    writer = Writer()
    writer.write(*[WORD] * OPENING)
    (event,) = writer.write(SWITCH)
    assert (event.thought, event.opens_thought) == (1, True)
    (event,) = writer.write(WORD)
    assert (event.thought, event.opens_thought) == (1, False)


def test_the_tokens_of_a_marker_are_held_back_until_it_is_complete():
    writer = Writer()
    writer.write(*[WORD] * OPENING)
    assert writer.write(*LONG[:2]) == []
    events = writer.write(LONG[2])
    assert texts(events) == [" Let", " me", " switch"]
    assert [event.thought for event in events] == [1, 1, 1]
    assert [event.opens_thought for event in events] == [True, False, False]


def test_the_tokens_of_a_marker_that_breaks_off_stay_where_they_are():
    writer = Writer()
    writer.write(*[WORD] * OPENING, *LONG[:2])
    events = writer.write(WORD)
    assert texts(events) == [" Let", " me", " word"]
    assert {(event.thought, event.opens_thought) for event in events} == {(0, False)}


def test_a_marker_as_the_very_first_words_opens_nothing():
    writer = Writer()
    assert texts(writer.write(*LONG)) == [" Let", " me", " switch"]
    assert {(event.thought, event.opens_thought) for event in writer.events} == {(0, False)}
    assert writer.end().switches == 0


def test_a_marker_that_begins_in_one_that_opened_nothing_is_whole():
    writer = Writer(markers=[(1, 2), (2, 3)])  # as `Let me try another` and `another approach` are
    writer.write(1, 2, 3)
    assert [event.thought for event in writer.events] == [0, 1, 1]
    assert [event.opens_thought for event in writer.events] == [False, True, False]


def test_a_marker_that_ends_a_sample_is_complete():
    writer = Writer()
    writer.write(*[WORD] * OPENING, *LONG[:2])
    events = writer.write(LONG[2], last=True)
    assert [event.thought for event in events] == [1, 1, 1]
    assert events[-1].trace.switches == 1


def test_thoughts_have_their_places_and_texts():
    writer = Writer()
    writer.write(*[WORD] * OPENING, *LONG, *[WORD] * OPENING, SWITCH, WORD, END_THINK, WORD)
    thoughts = writer.end().thoughts
    assert [(thought.index, thought.start, thought.end, thought.tokens) for thought in thoughts] == [
        (0, 0, 8, 8), (1, 8, 19, 11), (2, 19, 21, 2)]
    assert [thought.text for thought in thoughts] == [
        "word" + " word" * 7, "Let me switch" + " word" * 8, "Alternatively word"]


def test_what_the_penalty_held_counts_for_the_thought_that_it_kept_going():
    writer = Writer()
    writer.token(WORD, b" so", held=1)
    writer.write(*[WORD] * OPENING)
    writer.token(WORD, b" and", held=1)
    writer.write(SWITCH)
    writer.token(WORD, b" a word of its opening", held=1)  # a marker there would have begun no other thought
    writer.write(*[WORD] * OPENING)
    writer.token(END_THINK, b"", held=1)
    writer.token(WORD, b"", held=1)  # where nothing is held
    trace = writer.end()
    assert [thought.held for thought in trace.thoughts] == [2, 1]
    assert trace.held == 3 == sum(event.held for event in writer.events)


def test_a_switch_that_the_penalty_invited_counts_against_it():
    writer = Writer()
    writer.write(WORD)
    writer.token(SWITCH, b" Alternatively", held=-1)
    assert writer.end().held == -1


def test_what_was_held_stays_where_an_answer_turns_out_to_have_been_thinking():
    writer = Writer(thinking=False, everywhere=True)
    writer.write(*[WORD] * OPENING)
    writer.token(WORD, b" so", held=1)
    writer.write(SWITCH, *[WORD] * OPENING)
    writer.token(WORD, b" and", held=1)
    writer.write(END_THINK, WORD)
    trace = writer.end()
    assert [thought.held for thought in trace.thoughts] == [1, 1, 0] and trace.answer == "word"


def test_the_penalty_is_the_requests_and_follows_the_thought():
    writer = Writer(tip=Tip(2.5, 10))
    seen = [penalty_of(writer)]
    for _ in range(12):
        writer.write(WORD)
        seen.append(penalty_of(writer))
    assert seen == [2.5] * 10 + [0.0] * 3
    assert writer.sample.switch_tokens.tolist() == [SWITCH]
    writer.write(SWITCH)
    assert penalty_of(writer) == 2.5
    writer.write(END_THINK)
    assert writer.sample.switch_tokens.size == 0


tokens = st.sampled_from([1, 1, 1, 2, 2, 2, 3, 3, SWITCH, WORD, WORD, THINK, END_THINK])
streams = st.lists(tokens, max_size=6) | st.lists(tokens, min_size=20, max_size=60)
markers = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), max_size=5)


@settings(max_examples=400)
@given(streams, markers, st.booleans(), st.booleans(), st.sampled_from(["eos", "cancelled", "last"]))
def test_events_agree_with_the_trace(stream, markers, thinking, everywhere, ending):
    writer = Writer(thinking, markers, everywhere)
    for place, token in enumerate(stream):
        writer.token(token, PIECES[token], held=place % 3 % 2, last=ending == "last" and place == len(stream) - 1)
    if writer.sample.finished is None:
        writer.write(EOS) if ending == "eos" else writer.finish("cancelled")
    trace = writer.events[-1].trace
    assert [event.trace for event in writer.events[:-1]] == [None] * (len(writer.events) - 1)
    events = [event for event in writer.events if event.token >= 0]
    assert tuple(event.token for event in events) == trace.token_ids == tuple(writer.sample.tokens)
    recast = next((place for place, event in enumerate(events) if event.recasts), 0)
    parts = [event.part if place >= recast else "thinking" for place, event in enumerate(events)]
    if writer.sample.tracker.part == "thinking" and "answer" in parts:
        return  # a block that nothing closed, see below
    for place, event in enumerate(events[recast:], recast):
        inside = [thought.index for thought in trace.thoughts if thought.start <= place < thought.end]
        if inside or event.text.strip():
            assert [event.thought] == (inside or [-1])
    opened = [place for place, event in enumerate(events) if event.opens_thought]
    assert trace.held == sum(thought.held for thought in trace.thoughts)
    if not recast:
        assert set(opened) <= {thought.start for thought in trace.thoughts}
        assert trace.switches == len(opened)
    if not {THINK, END_THINK} & {*stream}:  # what was held at a tag belongs to a thought that may have been none
        assert trace.held == sum(event.held for event in events if everywhere or event.part == "thinking")
    shown = {part: "".join(event.text for event, was in zip(events, parts, strict=True) if was == part)
             for part in ("thinking", "answer")}
    assert trace.thinking == shown["thinking"].strip()
    assert trace.answer == (shown["answer"].strip() if "thinking" in parts or thinking else shown["answer"])
    for thought in trace.thoughts:
        assert "".join(texts(events[thought.start:thought.end])).strip() == thought.text


def test_text_that_waits_as_its_part_turns_out_to_be_thinking_says_so_with_its_first_event():
    writer = Writer(thinking=False, stop=("\n\nEnd",))
    writer.bytes(b"Okay", b" so", b"\n", b"\n")
    assert texts(writer.events) == ["Okay", " so"]
    writer.write(END_THINK, WORD)
    told = [(event.text, event.part, event.recasts, event.thought) for event in writer.events[2:5]]
    assert told == [("\n", "thinking", True, 0), ("\n", "thinking", False, 0), ("", "thinking", False, -1)]
    assert writer.end().thinking == "Okay so"


# stop strings

LETTERS = "abé\n"
answers = st.text(LETTERS, max_size=14)
stops = st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=1, max_size=3).map(tuple)


def up_to_the_first(text: str, stop: tuple[str, ...]) -> str:
    """`text` as if it came a character at a time, and ended before the first stop string to be complete."""
    for seen in accumulate(text):
        for ending in sorted(stop, key=len, reverse=True):
            if seen.endswith(ending):
                return seen.removesuffix(ending)
    return text


@given(answers, stops, st.data())
def test_the_answer_is_shown_up_to_the_first_stop_string(text, stop, data):
    writer = Writer(thinking=False, stop=stop)
    wanted = up_to_the_first(text, stop)
    for piece in data.draw(cuts(text.encode())):
        writer.bytes(piece)
        assert wanted.startswith(writer.text)
    trace = writer.end()
    assert writer.text == wanted
    assert trace.answer == wanted
    assert trace.finish_reason == "stop"
    assert tuple(event.token for event in writer.events) == trace.token_ids


@given(answers, stops, st.data())
def test_text_that_begins_no_stop_string_is_not_held_back(text, stop, data):
    writer = Writer(thinking=False, stop=stop)
    seen = b""
    for piece in data.draw(cuts(text.encode())):
        writer.bytes(piece)
        if writer.sample.finished:
            return
        seen += piece
        so_far = seen.decode("utf-8", "ignore")
        if not any(so_far.endswith(one[:n]) for one in stop for n in range(1, len(one))):
            assert writer.text == so_far


@given(answers, answers, stops, st.data())
def test_stop_strings_do_not_act_in_thinking(thinking, answer, stop, data):
    writer = Writer(stop=stop)
    writer.bytes(*data.draw(cuts(thinking.encode())))
    assert writer.text == thinking
    writer.write(END_THINK)
    writer.bytes(*data.draw(cuts(answer.encode())))
    trace = writer.end()
    assert (trace.thinking, trace.answer) == (thinking.strip(), up_to_the_first(answer, stop).strip())


def test_words_of_the_thinking_that_wait_at_its_end_do_not_stop_the_answer():
    writer = Writer(stop=(" me", "Let me b"))
    writer.write(*[WORD] * OPENING, *LONG[:2])
    assert texts(writer.write(END_THINK)) == [" Let", " me", ""]
    writer.bytes(b" b")
    assert writer.end().answer == "b"


def test_bytes_after_a_stop_string_leave_nothing_behind():
    writer = Writer(thinking=False, stop=("#",))
    writer.bytes(b"39", b"#\xe2\x82")
    assert writer.end().answer == writer.text == "39"


def test_of_two_stop_strings_in_one_token_the_first_to_be_complete_counts():
    for pieces in ([b"abcd"], [b"a", b"b", b"c", b"d"]):
        writer = Writer(thinking=False, stop=("abcd", "bc"))
        writer.bytes(*pieces)
        assert writer.text == "a"


def test_a_stop_string_across_tokens_is_taken_back_from_all_of_them():
    writer = Writer(thinking=False, stop=("\n\nUser:",))
    writer.bytes(b"39.\n")
    assert writer.events == []
    writer.bytes(b"\nUs", b"er: more")
    assert texts(writer.events) == ["39.", "", ""]
    assert writer.events[-1].trace.finish_reason == "stop"
    assert writer.events[-1].trace.tokens == 3


def test_the_beginning_of_a_stop_string_is_shown_when_nothing_follows():
    for ending in ("eos", "cancelled", "length"):
        writer = Writer(thinking=False, stop=("END",))
        writer.token(WORD, b"the EN", last=ending == "length")
        if ending == "cancelled":
            writer.finish("cancelled")
        assert writer.end().answer == "the EN"


def test_a_stop_string_in_the_last_place_is_a_stop():
    writer = Writer(thinking=False, stop=("#",))
    (closing,) = writer.token(WORD, b"39#", last=True)
    assert (closing.text, closing.trace.finish_reason) == ("39", "stop")


def test_a_stop_string_ends_the_thoughts_of_the_answer_too():
    writer = Writer(thinking=False, everywhere=True, stop=(" me swi",))
    writer.write(*[WORD] * OPENING, *LONG)
    trace = writer.events[-1].trace
    assert [thought.text for thought in trace.thoughts] == ["word" + " word" * 7, "Let"]
    assert [event.thought for event in writer.events[-3:]] == [1, 1, 1]
    assert trace.answer == " word" * 8 + " Let"


# numbers


def test_a_trace_says_what_was_asked_and_how_long_it_took():
    tip = Tip(1.0, 5)
    writer = Writer(tip=tip, seed=3)  # admitted at 10 s, one of three prompt tokens shared; a token a second from 12 on
    writer.sample.admitted(11.0, shared=3)
    writer.write(WORD, WORD, WORD)
    trace = writer.end()
    assert (trace.sample, trace.seed, trace.prompt_tokens, trace.tip) == (0, 3, 3, tip)
    assert trace.seconds == 5.0
    assert trace.prompt_tokens_per_second == 1.0
    assert trace.tokens_per_second == 1.0


def test_a_sample_of_several_is_the_first_of_its_own_seed():
    third = Writer(index=3, seed=11).sample
    alone = Writer(seed=third.seed).sample
    assert third.seed == randomness.sample_seed(11, 3)
    assert third.key == alone.key
    assert Writer(index=2, seed=11).sample.key != third.key


def test_each_place_has_luck_of_its_own_whatever_was_written_before():
    one, other = Writer(seed=9), Writer(seed=9)
    for place, token in enumerate((WORD, SWITCH, END_THINK)):
        assert one.sample.key == other.sample.key == randomness.key(randomness.mix(9), place)
        one.write(token)
        other.write(WORD)


def test_a_model_that_would_end_in_its_thinking_answers_where_an_answer_is_wanted():
    writer = Writer()
    writer.write(WORD)
    assert writer.sample.controls.choose(EOS) == EOS
    writer.sample.steer(Tip(), "answer")
    assert writer.sample.controls.choose(EOS) == END_THINK
    assert writer.sample.controls.choose(WORD) == WORD
