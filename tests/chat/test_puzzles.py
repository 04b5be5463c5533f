"""The bundled model in a conversation: a question is all that it is sent, and what is no puzzle gets a hint."""
from __future__ import annotations

import pytest

from chat.scripted import ScriptedClient, answered, ask, client_of, count_tokens, finish, session
from localthink import locations
from localthink.chat.puzzles import LIMITS, PUZZLES, hint, is_playable
from localthink.chat.session import Session
from localthink.records import Message


@pytest.fixture
def play(tmp_path) -> Session:
    return session(tmp_path, ScriptedClient(path=str(locations.bundled_model())))


def sent(talk: Session) -> list[str]:
    return [message.content for message in client_of(talk).asks[-1].messages]


@pytest.mark.parametrize(("question", "playable"), [
    *((puzzle, True) for puzzle in PUZZLES), ("Use 3, 5 and 14 to make 57.", False), ("Use 3 and 5 to make 15.", False),
    ("Use 3, 5 and 12 to make 101.", False), ("What is 2 + 2?", False), ("", False)])
def test_a_puzzle_is_one_that_the_model_was_taught(question, playable):
    assert is_playable(question) == playable


def test_a_question_is_all_that_it_is_sent(play):
    for puzzle in PUZZLES:
        answered(play, puzzle)
        assert sent(play) == [puzzle]
    assert [entry.details["left_out"] for entry in play.entries[1::2]] == [0, 2, 4]
    assert play.first == 4 and play.said == []
    play.regenerate()
    play.pump()
    finish(play)
    assert sent(play) == [PUZZLES[2]]
    play.edit(play.entries[2], PUZZLES[0])
    play.pump()
    finish(play)
    assert sent(play) == [PUZZLES[0]] and len(play.entries) == 4


def test_what_is_measured_is_what_would_be_sent(play):
    answered(play, PUZZLES[0])
    play.count(PUZZLES[1])
    play.pump()
    assert play.prompt_tokens == count_tokens([Message("user", PUZZLES[1])])
    play.count("")
    play.pump()
    assert play.prompt_tokens == 0


def test_what_is_no_puzzle_gets_the_hint_with_two_to_try_and_is_asked_all_the_same(play):
    ask(play, "Who are you?")
    assert play.said == [hint()] and sent(play) == ["Who are you?"]
    assert LIMITS in hint() and PUZZLES[0] in hint() and PUZZLES[1] in hint()


def test_another_model_is_sent_the_whole_conversation_even_one_that_was_begun_with_the_bundled(play):
    answered(play, PUZZLES[0])
    client_of(play).path = "/models/other.gguf"
    play.load(play.asker.opening)
    play.pump()
    answered(play, "And why?")
    assert sent(play)[0] == PUZZLES[0] and sent(play)[-1] == "And why?" and len(sent(play)) == 3
    assert play.said == []
