"""A comparison that is kept is two answers of one question."""
from __future__ import annotations

import pytest

from chat.scripted import BreakableHistory, Reply, ScriptedClient, answered, ask, client_of, session
from localthink.chat.compare import Comparison, Side
from localthink.chat.keeping import keep
from localthink.chat.session import Session

REPLIES = [Reply(f"answer {number}", (f"thought {number}.",)) for number in (1, 2, 3)]


@pytest.fixture
def talk(tmp_path) -> Session:
    made = session(tmp_path, ScriptedClient(REPLIES))
    answered(made, "one?")
    return made


def compared(talk: Session, question: str = "one?", seed: int = 1) -> Comparison:
    sides = [Side(talk.asker, talk.settings.changed("alpha", 0.0)), Side(talk.asker, talk.settings)]
    messages = talk.transcript.messages("", 0, 1)
    assert messages[-1].content == question
    comparison = Comparison(sides, messages, seed, talk.clock)
    comparison.start()
    client_of(talk).finish()
    talk.pump()
    return comparison


def test_both_answers_stand_beside_the_one_there_is_and_can_be_opened_again(talk):
    comparison = compared(talk)
    assert keep(talk, comparison) == "kept: both answers"
    assert talk.entries[-1].place == (3, 3) and talk.entries[-1].turn.answer == "answer 3"
    assert talk.show_sibling(talk.entries[-1], -1)
    left = talk.entries[-1]
    assert left.turn.answer == "answer 2" and left.turn.thinking == "thought 2." and left.turn.alpha == 0
    assert left.details["seed"] == 1 and left.details["model"] == "scripted" and left.turn.state == "stop"
    assert talk.show_sibling(left, -1) and talk.entries[-1].turn.answer == "answer 1"


def test_what_is_there_already_is_not_kept_twice(talk):
    client_of(talk)._answered = 0  # the left side writes what was written before
    comparison = compared(talk)
    assert keep(talk, comparison) == "kept: the one answer that was not there yet"
    assert talk.entries[-1].place == (2, 2) and talk.entries[-1].turn.answer == "answer 2"
    path = talk.path
    assert keep(talk, comparison) == "there is nothing new to keep" and talk.path == path


def test_a_store_that_cannot_be_read_keeps_nothing_and_says_so(tmp_path):
    store = BreakableHistory(tmp_path / "history.sqlite")
    talk = session(None, ScriptedClient(REPLIES), history=store)
    answered(talk, "one?")
    comparison, entries = compared(talk), list(talk.entries)
    store.reads, store.trouble = False, "the disk is gone"
    assert keep(talk, comparison) == "not kept: the disk is gone" and talk.entries == entries


@pytest.mark.parametrize("why", ["writing", "elsewhere", "no store"])
def test_it_is_said_why_nothing_can_be_kept(talk, why):
    comparison = compared(talk)
    if why == "writing":
        ask(talk, "two?")
    elif why == "elsewhere":
        talk.new()
    else:
        talk.transcript.history = None
    entries = list(talk.entries)
    said = keep(talk, comparison)
    assert talk.entries == entries and not said.startswith("kept")
    assert ("without a history" in said) == (why == "no store")
