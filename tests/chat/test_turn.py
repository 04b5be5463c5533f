"""One answer as it is followed: its phases, thoughts, figures, what of it is to be saved, and how it comes back."""
from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.scripted import (
    Line,
    Reply,
    ScriptedClient,
    advance,
    answered,
    ask,
    client_of,
    demo_script,
    finish,
    pieces,
    session,
)
from localthink.chat.turn import BUCKET_SECONDS, POINTS, RECENT, Turn, stored_turn
from localthink.history import History, Piece, StoredMessage
from localthink.history.texts import join
from localthink.records import Adjustment, Event, Intervention, Part, Sampling, Tip, Trace

TRACE = Trace(0, 1, 3, (), "", "", "cancelled", (), 0, 0.0, Sampling(), Tip(), 1.0, 0.0, 0.0)


def event(text: str, thought: int = -1, held: int = 0, token: int = 7, trace: Trace | None = None) -> Event:
    """A token of a thought, or of the answer (-1)."""
    part: Part = "answer" if thought < 0 else "thinking"
    return Event(1, 0, token, text, part, thought, False, -0.1, -0.1, held, trace=trace)


def tag() -> Event:
    return Event(1, 0, 2, "", "thinking", -1, False, -0.1, -0.1, 0)


def taken(*events: Event, now: float = 10.0) -> Turn:
    turn = Turn(started=now)
    turn.take(events, now)
    return turn


# phases, thoughts, texts


def test_it_waits_reads_thinks_answers_and_is_done():
    turn = Turn(started=10.0)
    phases = [turn.phase]
    turn.read(5, 20)
    phases.append(turn.phase)
    assert (turn.prompt_read, turn.prompt_tokens) == (5, 20)
    for one in (event("so", 0), tag(), event("yes")):
        turn.take([one], 11.0)
        phases.append(turn.phase)
    turn.end("stop")
    assert phases == ["waiting", "reading", "thinking", "thinking", "answering"]
    assert (turn.phase, turn.state, turn.running) == ("done", "stop", False)


def test_thoughts_take_their_own_texts_and_switches_that_were_held_are_marked_before_them():
    turn = taken(event("So", 0), event(" it", 0, held=1), event(" is", 0, held=-1), event("But", 1, held=1),
                 tag(), event("\n\n"), event(" 4"), event("\n"))
    assert [thought.text for thought in turn.thoughts] == ["So it is", "But"]
    assert [thought.ticks for thought in turn.thoughts] == [[2], [0]]
    assert turn.ticks == 2 and turn.held == 1
    assert [thought.held for thought in turn.thoughts] == [0, 1]
    assert (turn.thinking, turn.answer) == ("So it isBut", "4\n")
    assert (turn.tokens, turn.thinking_tokens, len(turn.token_ids)) == (8, 4, 8)
    turn.end("stop")
    assert turn.answer == "4"


def test_an_answer_without_any_thinking_is_left_as_it_was_written():
    turn = taken(event("\n 4"), event(" \n"))
    turn.end("stop")
    assert turn.answer == "\n 4 \n"


def test_an_empty_block_of_thinking_is_thinking_and_the_blanks_behind_it_are_none_of_the_answer():
    turn = taken(tag(), event("\n\n"), event("4"))
    assert turn.thoughts == [] and turn.answer == "4"


def test_a_closing_event_without_a_token_is_no_token():
    turn = taken(event("So", 0), event("", -1, token=-1))
    assert (turn.tokens, turn.token_ids) == (1, [7])


def test_a_thought_lasts_until_the_next_begins_and_a_stored_one_as_long_as_it_lasted():
    turn = Turn(started=10.0)
    turn.take([event("a", 0)], 12.0)
    turn.take([event("b", 0)], 13.0)
    turn.take([event("c", 1)], 15.0)
    turn.take([event("d", 1)], 15.5)
    assert [thought.seconds for thought in turn.thoughts] == [1.0, 0.5]
    assert turn.seconds == 5.5


def test_the_latest_tokens_are_kept_with_their_alternatives_and_no_more():
    turn = taken(*[event(f"{place}", 0) for place in range(RECENT + 5)])
    assert [one.text for one in turn.recent] == [f"{place}" for place in range(5, RECENT + 5)]
    assert len(turn.token_ids) == RECENT + 5


# speed


def test_speed_is_that_of_the_latest_whole_bucket():
    turn, now = Turn(started=100.0), 100.0
    for _ in range(100):
        now += 0.05
        turn.take([event("x", 0)], now)
    assert turn.speed == pytest.approx(20, abs=2)
    assert list(turn.speeds)[1:] == pytest.approx([20.0] * (len(turn.speeds) - 1), abs=2.01)


def test_the_curve_of_speeds_has_so_many_points_and_a_standstill_is_one_low_point():
    turn = Turn(started=100.0)
    for place in range(2 * POINTS + 5):
        turn.take([event("x", 0)], 100.0 + place * BUCKET_SECONDS)
    assert len(turn.speeds) == POINTS
    turn.take([event("x", 0)], 200.0 + 2 * POINTS * BUCKET_SECONDS)
    assert turn.speeds[-1] < 0.1


def test_a_pause_between_a_stop_and_going_on_slows_nothing_and_lasts_no_time():
    turn, now = Turn(started=100.0), 100.0
    for _ in range(30):
        now += 0.1
        turn.take([event("x", 0)], now)
    turn.end("cancelled")
    turn.resume(now + 1_000)
    assert (turn.phase, turn.state, turn.wish) == ("waiting", "writing", "free")
    now += 1_000
    for _ in range(30):
        now += 0.1
        turn.take([event("x", 0)], now)
    assert min(turn.speeds) > 5
    assert turn.seconds == pytest.approx(6.0)
    assert turn.thoughts[0].seconds == pytest.approx(5.9)


# what is to be saved


def whole(saved: list[Piece], turn: Turn) -> None:
    """Pieces that were saved one after the other make what the turn holds."""
    texts = join(saved)
    assert (texts.content.rstrip(), texts.thinking) == (turn.answer.rstrip(), turn.thinking)
    assert [(span.characters, span.tokens, span.ticks) for span in texts.thoughts] == [
        (span.characters, span.tokens, span.ticks) for span in turn.spans()]
    for found, span in zip(texts.thoughts, turn.spans(), strict=True):
        assert found.held == pytest.approx(span.held) and found.seconds == pytest.approx(span.seconds)


@pytest.mark.parametrize("speed", [None, 2.0])
def test_the_speed_of_an_answer_that_went_on_is_that_of_all_its_tokens(speed):
    """Ten tokens in one second, a pause of a day, then ten in five."""
    turn = Turn(started=0.0)
    turn.take([], 10.0)
    turn.take([event("a", 0)] * 10, 11.0)
    turn.end("cancelled", speed=10.0 if speed else None)
    assert turn.speed == pytest.approx(10)
    turn.resume(86_400.0)
    turn.take([], 86_400.0)
    turn.take([event("a", 0)] * 10, 86_405.0)
    turn.end("stop", speed=speed)
    assert turn.speed == pytest.approx(20 / 6)
    assert turn.seconds == pytest.approx(16)


def test_what_is_not_saved_stays_until_it_is():
    turn = taken(event("a", 0))
    assert turn.unsaved() == turn.unsaved() != []
    turn.saved()
    assert turn.unsaved() == []
    turn.take([event("b", 0, held=1), event("c", 1)], 12.0)
    assert [(piece.thought, piece.text, piece.ticks) for piece in turn.unsaved()] == [(0, "b", (1,)), (1, "c", ())]


lots = st.lists(st.lists(st.tuples(st.sampled_from(["a", " b", "\n", "é"]), st.sampled_from([0, 1]),
                                   st.booleans()), max_size=5), max_size=12)


@given(lots, st.lists(st.booleans(), min_size=12, max_size=12), st.integers(0, 40))
def test_pieces_make_the_whole_whenever_they_are_saved(written, saves, thinking):
    turn, saved, place, thought = Turn(started=10.0), [], 0, 0
    for lot, save in zip(written, saves, strict=False):
        events = []
        for text, held, new in lot:
            place += 1
            thought += new and place > 1
            events.append(event(text, thought if place <= thinking else -1, held))
        turn.take(events, 10.0 + place)
        if save:
            saved += turn.unsaved()
            turn.saved()
    whole([*saved, *turn.unsaved()], turn)


def test_what_turns_out_to_have_been_thinking_is_no_answer_any_more():
    turn = taken(event("Okay"), event(" so"), replace(tag(), recasts=True), event("\n\n"), event("4"))
    assert ([thought.text for thought in turn.thoughts], turn.answer, turn.thinking_tokens) == (["Okay so"], "4", 2)
    assert [(piece.thought, piece.text) for piece in turn.unsaved()] == [(0, "Okay so"), (-1, "4")]


def test_a_block_of_the_answer_that_was_never_closed_is_a_part_of_it():
    end = replace(TRACE, answer="4 <think>or 5", thinking="", thoughts=(), finish_reason="stop")
    turn = taken(event("4 "), replace(tag(), part="answer"), event("or 5", 0), event("", -1, token=2))
    turn.take([replace(event("", 0, trace=end), thought=-1)], 12.0)
    turn.end("stop")
    assert (turn.answer, turn.thoughts) == ("4 <think>or 5", [])


# back from the store


def shown(turn: Turn) -> dict[str, object]:
    """What of an answer a person sees when it has ended."""
    return {
        "phase": turn.phase, "state": turn.state, "answer": turn.answer, "thinking": turn.thinking, "seed": turn.seed,
        "alpha": turn.alpha, "beta": turn.beta, "tokens": turn.tokens, "held": round(turn.held, 6),
        "seconds": round(turn.seconds, 3), "prompt": turn.prompt_tokens, "ticks": turn.ticks,
        "speed": (round(turn.speed, 3), round(turn.prompt_speed, 3)), "steered": turn.steered,
        "thoughts": [(one.index, one.text, one.tokens, one.ticks, one.characters, round(one.held, 6),
                      round(one.seconds, 3)) for one in turn.thoughts]}


def stored(talk) -> StoredMessage:
    with History(talk.transcript.history._database.path) as other:
        return other.path(talk.transcript.conversation)[-1]


@pytest.mark.parametrize("settings", [{}, {"alpha": math.inf, "beta": math.inf}])
def test_an_answer_comes_back_from_the_store_as_it_was_shown(tmp_path, settings):
    talk = session(tmp_path)
    ask(talk, "How many?")
    advance(talk, 80)
    talk.change(talk.settings.changed("alpha", 1.5).changed("beta", 50))
    advance(talk, 20)
    for name, value in settings.items():
        talk.change(talk.settings.changed(name, value))
    finish(talk)
    live = talk.entries[-1].turn
    assert live.state == "stop" and len(live.thoughts) == 4 and live.ticks >= 3 and live.steered
    assert shown(stored_turn(stored(talk))) == shown(live)


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 40, 250])
@pytest.mark.parametrize("how", ["stop", "die", "eject", "leave"])
def test_so_it_does_where_it_ended_early(tmp_path, how, steps):
    talk = session(tmp_path)
    ask(talk, "How many?")
    advance(talk, steps)
    live = talk.entries[-1].turn
    if how == "stop":
        talk.stop()
    elif how == "die":
        client_of(talk).die()
    elif how == "eject":
        talk.eject()
    else:
        talk.close()
    talk.pump()
    assert not live.running and live.phase == "done"
    assert shown(stored_turn(stored(talk))) == shown(live)


def test_an_answer_that_somebody_else_is_writing_runs_nowhere_here(tmp_path):
    talk = session(tmp_path)
    ask(talk, "How many?")
    advance(talk, 50)
    client_of(talk).clock.wait(2)
    talk.pump()
    message = stored(talk)
    turn = stored_turn(message)
    assert message.state == "writing"
    assert (turn.running, turn.state, turn.phase) == (False, "interrupted", "done")
    assert turn.thinking == talk.entries[-1].turn.thinking != ""


def test_what_details_lack_is_taken_from_the_text():
    message = StoredMessage(1, 1, None, "assistant", "4", "So it is", (), "stop", 0.0, {})
    turn = stored_turn(message)
    assert (turn.answer, turn.tokens, turn.steered) == ("4", 0, ())
    assert [thought.text for thought in turn.thoughts] == ["So it is"]


def test_what_controls_did_comes_back_from_the_store(tmp_path):
    talk = session(tmp_path)
    ask(talk, "How many?")
    live = talk.entries[-1].turn
    live.interventions = (Intervention(7, "loop-guard", "a loop"),)
    finish(talk)
    assert stored_turn(stored(talk)).interventions == live.interventions


def test_figures_of_an_infinite_penalty_are_json(tmp_path):
    turn = Turn()
    turn.steered = (Adjustment(3, math.inf, math.inf, "think"),)
    assert turn.statistics()["steered"] == [{"position": 3, "alpha": "inf", "beta": "inf", "wish": "think"}]


# against the engine's own account of it


@pytest.mark.parametrize("reply", [
    *demo_script(), Reply("Just 5.\n"),
    Reply("\n\nIt is 5 €.\n", (Line("Zwölf – ünd.", {1: 0.75}), Line(" Also gut.")))])
def test_a_turn_holds_what_the_trace_says(reply):
    talk = session(None, ScriptedClient([reply]))
    answered(talk, "How many?")
    turn, trace = talk.entries[-1].turn, client_of(talk).traces[-1]
    assert tuple(turn.token_ids) == trace.token_ids
    assert turn.answer == trace.answer and turn.thinking.strip() == trace.thinking
    assert [(one.tokens, one.text.strip()) for one in turn.thoughts] == [
        (one.tokens, one.text) for one in trace.thoughts]
    assert [one.held for one in turn.thoughts] == pytest.approx([one.held for one in trace.thoughts])
    assert turn.held == pytest.approx(trace.held)
    assert (turn.prompt_tokens, turn.speed, turn.steered) == (trace.prompt_tokens, trace.tokens_per_second, ())


def test_the_scripts_pieces_are_the_whole_text():
    for reply in demo_script():
        for line in reply.thoughts:
            text = line.text if isinstance(line, Line) else line
            assert "".join(pieces(text)) == text
