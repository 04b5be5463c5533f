"""A switch that was held back: what would have come, and an answer that goes that way."""
from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from chat.scripted import ScriptedClient, advance, answered, ask, client_of, finish, session
from localthink.chat.asking import Opening
from localthink.chat.client import EngineClient
from localthink.chat.going_on import branch_at, marks, would_have_come
from localthink.chat.puzzles import PUZZLES
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.chat.turn import RECENT, Turn
from localthink.records import Alternative, Event

QUESTION = "How many?"


@pytest.fixture
def demo(tmp_path) -> Session:
    return session(tmp_path)


def branched(talk: Session, mark: int) -> tuple[Turn, Turn, int]:
    """An answer, the one that branched off it, and where."""
    answered(talk, QUESTION)
    before = talk.entries[-1].turn
    position = marks(before)[mark]
    assert talk.branch(talk.entries[-1], position)
    return before, talk.entries[-1].turn, position


def test_what_would_have_come_has_its_probabilities_without_the_penalty_and_with_it(demo):
    answered(demo, QUESTION)
    turn = demo.entries[-1].turn
    other = would_have_come(turn.recent[marks(turn)[0]])
    assert other.text == " Alternatively" and other.before == 0.625 > other.after
    assert all(would_have_come(event) is None for event in turn.recent if not event.held)


@pytest.mark.parametrize("mark", [0, 1, -1])
def test_the_branch_begins_as_the_answer_did_and_goes_where_it_was_held(demo, mark):
    before, turn, position = branched(demo, mark)
    advance(demo, 3 + 3)  # of which three read the prompt
    assert turn.token_ids[:position] == before.token_ids[:position]
    assert turn.recent[position].text == " Alternatively" and turn.recent[position].opens_thought
    assert turn.tokens == position + 1 + 3
    finish(demo)
    assert turn.state == "stop" and turn.answer == before.answer
    where = before.recent[position].thought
    assert [thought.text for thought in turn.thoughts[:where]] == [thought.text for thought in before.thoughts[:where]]
    assert before.thoughts[where].text.startswith(turn.thoughts[where].text)
    assert turn.thoughts[where + 1].text.startswith(" Alternatively")


def test_it_stands_beside_the_answer_with_its_seed_and_the_penalty_as_it_is_set(demo):
    answered(demo, QUESTION)
    entry = demo.entries[-1]
    demo.change(demo.settings.changed("alpha", 1.5))
    position = marks(entry.turn)[1]
    assert demo.branch(entry, position)
    finish(demo)
    asked = client_of(demo).asks
    assert asked[-1].seed == asked[0].seed and asked[-1].messages == asked[0].messages
    assert asked[-1].generation.tip.alpha == 1.5
    branch = demo.entries[-1]
    assert branch.place == (2, 2) and branch.details["branched_at"] == position and branch.turn.alpha == 1.5
    assert demo.show_sibling(branch, -1) and demo.entries[-1].turn.answer == entry.turn.answer


def test_its_beginning_keeps_its_marks_and_what_was_known_of_its_tokens(demo):
    before, turn, position = branched(demo, 2)
    finish(demo)
    same = list(zip(before.recent, turn.recent, strict=False))[:position]
    assert marks(turn)[:2] == marks(before)[:2] and before.ticks >= 3
    assert [(old.logprob, old.alternatives, old.instead) for old, _ in same] == [
        (new.logprob, new.alternatives, new.instead) for _, new in same]
    other = would_have_come(before.recent[position])
    assert turn.recent[position].logprob == pytest.approx(math.log(other.after))
    assert turn.recent[position].raw_logprob == pytest.approx(math.log(other.before))
    assert demo.branch(demo.entries[-1], marks(turn)[0]), "and a branch can be branched"


def test_it_is_kept_and_goes_on_after_a_stop(demo):
    _, turn, position = branched(demo, 1)
    advance(demo, 3 + 5)
    demo.stop()
    demo.pump()
    assert turn.state == "cancelled" and demo.resumable is demo.entries[-1]
    demo.go_on()
    finish(demo)
    with_it = demo.transcript.history.path(demo.transcript.conversation)[-1]
    assert turn.state == "stop" and with_it.thinking == turn.thinking and "Alternatively" in with_it.thinking
    assert with_it.details["branched_at"] == position


def test_there_is_no_branch_where_nothing_was_held_or_nothing_is_known(demo):
    answered(demo, QUESTION)
    entry = demo.entries[-1]
    plain = next(place for place, event in enumerate(entry.turn.recent) if not event.held)
    for position in (plain, -1, entry.turn.tokens, 10**6):
        assert not demo.branch(entry, position)
    assert len(client_of(demo).asks) == 1 and demo.entries[-1] is entry


def test_a_switch_that_was_only_invited_is_no_place_to_branch():
    turn = Turn()
    event = Event(1, 0, 5, "x", "thinking", 0, True, -0.1, -0.1, -1, 7, alternatives=(Alternative(7, "y", 0.5, 0.5),))
    turn.take([event], 1.0)
    assert branch_at(turn, 0) is None
    turn.take([replace(event, held=1)], 1.0)
    assert branch_at(turn, 1).prefix.tokens == (5, 7)
    assert branch_at(turn, 1).prefix.held == ((0, -1),)


def test_what_was_forgotten_is_no_place_to_branch():
    turn = Turn()
    turn.take([Event(1, 0, 5, "x", "thinking", 0, False, -0.1, -0.1, 1, 7,
                     alternatives=(Alternative(7, "y", 0.5, 0.5),))] * (RECENT + 1), 1.0)
    assert branch_at(turn, 0) is None and branch_at(turn, 1) is not None


@pytest.mark.parametrize("why", ["writing", "another model", "no model"])
def test_nothing_branches_while_something_is_written_or_on_another_model(demo, why):
    answered(demo, QUESTION)
    entry = demo.entries[-1]
    position = marks(entry.turn)[0]
    if why == "writing":
        ask(demo, "More?")
    elif why == "no model":
        demo.eject()
    else:
        client: ScriptedClient = client_of(demo)
        client.name = "other"
        demo.load(demo.asker.opening)
        demo.pump()
    asks = len(client_of(demo).asks)
    assert not demo.branch(entry, position)
    assert len(client_of(demo).asks) == asks


def test_the_bundled_model_goes_where_it_was_held():
    talk = Session(EngineClient(), None, ChatSettings(seed=6))
    talk.load(Opening())

    def wait(done: Callable[[], bool]) -> None:
        end = time.monotonic() + 120
        while not done():
            assert time.monotonic() < end, "the engine takes too long"
            talk.pump()
            time.sleep(0.01)

    try:
        wait(lambda: talk.asker.model.phase == "ready")
        talk.send(PUZZLES[0])
        wait(lambda: len(talk.entries) == 2 and not talk.busy)
        before = talk.entries[-1].turn
        position = marks(before)[-1]
        assert would_have_come(before.recent[position]).text == "Alternatively"
        assert talk.branch(talk.entries[-1], position)
        wait(lambda: not talk.busy)
        turn = talk.entries[-1].turn
        assert turn.state == "stop" and turn.tokens == len(turn.token_ids) > position
        assert turn.token_ids[:position] == before.token_ids[:position]
        where = before.recent[position].thought
        assert turn.thoughts[where + 1].text.startswith("Alternatively")
        assert turn.thinking.startswith("".join(event.text for event in list(before.recent)[:position]))
    finally:
        talk.close()
