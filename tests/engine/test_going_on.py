"""A sample that goes on behind what was kept of it ends as if it had never been interrupted."""
from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.test_sample import END_THINK, EOS, MARKERS, PIECES, SWITCH, TAGS, THINK, WORD, Writer
from localthink.engine.sample import without_held_back
from localthink.records import Prefix, Tip, Trace
from localthink.thinking.tags import Tags

NOTHING = Prefix()
PIECE = {**PIECES, 60: b"a", 61: b"b", 62: b"\xe2\x82", 63: b"\xac", 64: b"", 65: b" me",
         66: b"<t", 67: b"</t", 68: b">\n"}
TEXT_TAGS = Tags("<t>", "</t>")  # the vocabulary has no tokens for them
STOPS = st.sampled_from([(), ("ab",), ("bba", "\u20ac"), ("a\u20ac", "aab"), (" me switch",)])
STREAMS = st.lists(st.sampled_from([1, 1, 2, 2, 3, SWITCH, WORD, THINK, END_THINK, 60, 60, 61, 61, 62, 63, 64, 65,
                                    66, 67, 68, 68]),
                   min_size=1, max_size=60)


def write(writer: Writer, stream: list[int], first: int = 0) -> None:
    for place, token in enumerate(stream[first:], first):
        if writer.sample.finished is None:
            writer.token(token, PIECE[token], held=int(place % 4 == 1) - int(place % 9 == 3))


def end(writer: Writer, reason: str) -> Trace:
    if writer.sample.finished is None:
        writer.write(EOS) if reason == "eos" else writer.finish("length")
    return writer.events[-1].trace


def untimed(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0, prompt_tokens_per_second=0.0, tokens_per_second=0.0)


def joined(pieces: list[Prefix]) -> Prefix:
    return Prefix(sum((piece.tokens for piece in pieces), ()), sum((piece.held for piece in pieces), ()),
                 pieces[-1].seconds if pieces else 0.0)


def kept(writer: Writer, stream: list[int], places: list[int]) -> Prefix | None:
    """What is kept at the last of the places, having been told at each of them; None where the sample has ended."""
    pieces, told, written = [writer.sample.request.prefix], len(writer.sample.tokens), len(writer.sample.tokens)
    for place in places:
        write(writer, stream[:place], written)
        written = max(written, place)
        pieces.append(writer.sample.written(told))
        told += len(pieces[-1].tokens)
    return joined(pieces) if writer.sample.finished is None else None


@given(STREAMS, STOPS, st.sampled_from([TAGS, TEXT_TAGS]), st.booleans(), st.booleans(),
       st.lists(st.integers(0, 60), max_size=4), st.lists(st.integers(0, 60), max_size=2),
       st.sampled_from(["eos", "length"]))
def test_interrupted_anywhere_and_twice_a_sample_ends_as_the_undisturbed_one(
        stream, stop, tags, thinking, everywhere, first, second, ending):
    def writer(prefix: Prefix) -> Writer:
        return Writer(thinking, MARKERS, everywhere, tags=tags, stop=stop, tip=Tip(2.0, 20), prefix=prefix)

    whole = writer(NOTHING)
    write(whole, stream)
    undisturbed = end(whole, ending)
    last, prefix = writer(NOTHING), NOTHING
    for places in (sorted(first), sorted(second)):
        prefix = kept(last, stream, [min(place, len(stream)) for place in places])
        if prefix is None:
            return
        assert prefix.tokens == tuple(stream[:len(prefix.tokens)])
        last = writer(prefix)
        last.sample.resume(PIECE.__getitem__)
    write(last, stream, len(prefix.tokens))
    assert untimed(end(last, ending)) == untimed(undisturbed)
    told = [event for event in last.events if event.token >= 0]
    assert tuple(event.token for event in told) == undisturbed.token_ids[len(prefix.tokens):], "nothing is told twice"
    assert [event.held for event in told] == [event.held for event in whole.events if event.token >= 0][-len(told):][
        :len(told)]


def _told(writer: Writer) -> list[tuple[object, ...]]:
    return [(event.token, event.text, event.part, event.thought, event.opens_thought, event.recasts)
            for event in writer.events if event.token >= 0]


@given(STREAMS, STOPS, st.sampled_from([TAGS, TEXT_TAGS]), st.booleans(), st.lists(st.integers(0, 60), max_size=3))
def test_stopped_and_going_on_behind_what_was_told_the_same_is_told(stream, stop, tags, thinking, places):
    def writer(prefix: Prefix) -> Writer:
        made = Writer(thinking, MARKERS, tags=tags, stop=stop, prefix=prefix)
        made.sample.resume(PIECE.__getitem__)
        return made

    whole, told = writer(NOTHING), []
    write(whole, stream)
    end(whole, "eos")
    for place in sorted(places):
        part = writer(Prefix(tuple(event[0] for event in told)))
        write(part, stream[:place], len(told))
        if part.sample.finished is not None:
            return
        [closing] = without_held_back(part.sample.finish("cancelled"))
        assert (closing.token, closing.text, closing.trace.tokens) == (-1, "", min(place, len(stream)))
        told += _told(part)
    last = writer(Prefix(tuple(event[0] for event in told)))
    write(last, stream, len(told))
    end(last, "eos")
    assert told + _told(last) == _told(whole)


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_stop_string_may_begin_before_the_interruption(cut):
    pieces = {60: b"so: ", 61: b"\xe2", 62: b"\x82\xac E", 63: b"N", 64: b"D and more"}
    first = Writer(thinking=False, stop=("\u20ac END",))
    first.bytes(*list(pieces.values())[:cut])
    prefix = Prefix(tuple(pieces)[:cut])
    assert first.sample.finished is None
    again = Writer(thinking=False, stop=("\u20ac END",), prefix=prefix)
    again.sample.resume(pieces.__getitem__)
    again.bytes(*list(pieces.values())[cut:])
    trace = again.events[-1].trace
    assert (trace.answer, trace.finish_reason, trace.tokens) == ("so: ", "stop", 5)
    assert len(again.events) == 5 - cut


def test_the_seconds_of_all_attempts_are_added():
    first = Writer()
    first.write(WORD, WORD, WORD)  # admitted at 10, a token a second from 12 on
    prefix = first.sample.written(0)
    assert prefix == Prefix((WORD,) * 3, (), 4.0)
    second = Writer(prefix=prefix)
    second.sample.resume(PIECE.__getitem__)
    assert second.sample.written(3) == Prefix((), (), 4.0), "waiting to go on takes nothing away and adds nothing"
    trace = (second.write(WORD, EOS), second.events[-1].trace)[1]
    assert (trace.seconds, trace.tokens) == (4.0 + 3.0, 5)
    assert trace.tokens_per_second == 1.0, "this attempt's"


@pytest.mark.parametrize("start", [0, 1, 2, 4])
def test_what_is_new_since_a_token_is_told_with_what_was_held_there(start):
    writer = Writer()
    for place, token in enumerate((WORD, SWITCH, WORD, WORD)):
        writer.token(token, PIECE[token], held=(1, 0, 0, -1)[place])
    held = ((0, 1),)  # in the opening words of a thought nothing can be held
    assert writer.sample.written(start).tokens == (WORD, SWITCH, WORD, WORD)[start:]
    assert writer.sample.written(start).held == tuple(each for each in held if each[0] >= start)
