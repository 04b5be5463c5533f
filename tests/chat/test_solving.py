"""Many attempts at a conversation's question: what is begun and cancelled, kept when, and said of it."""
from __future__ import annotations

import pytest

from chat.scripted import DIED, BreakableHistory, Line, Refusal, Reply, ScriptedClient, answered, client_of, session
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.solving import MOST_N, Solving, read_request, standing
from localthink.chat.solving_summary import leader, notes_of, progress, sign, state_of, votes_of
from localthink.errors import UsageError
from localthink.history import History

PUZZLE = "Use 3, 5 and 12 to make 57."
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line("First, 12 * 5 = 60. 60 - 3 = 57, yes.", {5: 0.9}),))
SAME = Reply(r"That is \boxed{5 * 12 - 3}.", ("First, 5 * 12 = 60, and 60 - 3 = 57.",))
WRONG = Reply(r"So it is \boxed{12 + 5 * 3}.", ("First, 12 + 5 = 17.", "\nAlternatively, 5 * 3 = 15."))
LONG = Reply(r"So it is \boxed{12 * 5 + 3}.", ("on and " * 80,))


def asked(folder, *replies: Reply | Refusal, question: str = PUZZLE, history: History | None = None) -> Session:
    """A session that has answered a question once, before these replies."""
    made = session(folder, ScriptedClient([RIGHT, *replies]), history=history)
    answered(made, question)
    return made


def begun(talk: Session, wanted: str = "", seed: int = 6) -> Solving:
    solving = Solving(talk, read_request(wanted), seed=seed)
    solving.start()
    return solving


def step(solving: Solving, steps: int = 1) -> None:
    client_of(solving.session).advance(steps)
    solving.session.pump()
    solving.look()


def finish(solving: Solving) -> Solving:
    while solving.running:
        step(solving)
    return solving


def until_ended(solving: Solving, count: int) -> None:
    while len(solving.question.ended) < count:
        step(solving)


def siblings(talk: Session) -> list[str]:
    """All answers to the latest question, in the order in which they were kept."""
    history, asked = talk.transcript.history, talk.entries[talk.transcript.asked - 1].id
    return [message.content for message in history.messages(talk.transcript.conversation) if message.parent == asked]


# What is begun, and what is given up

def test_consensus_begins_no_more_than_could_make_the_leader_safe_and_ends_once_it_is(tmp_path):
    talk = asked(tmp_path, RIGHT)
    solving = begun(talk)
    assert len(solving.tries) == 4 and all(each.turn.phase == "waiting" for each in solving.tries)
    finish(solving)
    assert [each.right for each in solving.tries] == [True] * 4
    assert progress(solving) == "4 of up to 16 attempts · 120 tokens · no more are needed"
    assert leader(solving) == "★ 1 ✓ won: 4 of 4 votes, 96.9 % that it is more frequent than the runner-up"


def test_more_are_begun_where_they_disagree(tmp_path):
    solving = finish(begun(asked(tmp_path, WRONG, RIGHT)))
    assert len(solving.tries) > 4
    assert [(vote.votes, vote.right) for vote in votes_of(solving)] == [(len(solving.tries) - 1, True), (1, False)]


def test_one_expression_is_one_answer_however_it_is_written(tmp_path):
    solving = finish(begun(asked(tmp_path, SAME, RIGHT, SAME, RIGHT)))
    assert [vote.votes for vote in votes_of(solving)] == [4]


def test_what_is_too_long_to_count_is_cancelled_and_not_kept(tmp_path):
    talk = asked(tmp_path, LONG, RIGHT, LONG, LONG)
    solving = finish(begun(talk, "shortest 4"))
    assert [each.turn.state for each in solving.tries] == ["cancelled", "stop", "cancelled", "cancelled"]
    assert len(siblings(talk)) == 2 and state_of(solving.tries[0]) == "cancelled"
    assert "3 cancelled" in progress(solving)


def test_best_ends_with_the_first_that_is_right(tmp_path):
    solving = finish(begun(asked(tmp_path, WRONG, RIGHT, LONG), "best 8"))
    assert solving.tries[1].under.attempt.judged == (1.0,)
    assert leader(solving).startswith("★ 2 ✓ won") and {each.turn.state for each in solving.tries[2:]} == {"cancelled"}


def test_attempts_have_seeds_of_their_own_and_the_settings_of_the_conversation(tmp_path):
    talk = asked(tmp_path, WRONG, RIGHT)
    talk.change(talk.settings.changed("alpha", 1.5))
    solving = finish(begun(talk))
    asks = client_of(talk).asks[1:]
    assert len({ask.seed for ask in asks}) == len(asks) == len(solving.tries)
    assert {ask.generation.tip.alpha for ask in asks} == {1.5}
    assert [ask.seed for ask in asks] == [each.turn.seed for each in solving.tries]
    assert [each.turn.seed for each in finish(begun(talk)).tries[:4]] == [ask.seed for ask in asks[:4]]


# What is kept

def test_each_is_kept_as_it_ends_and_the_one_that_leads_is_what_a_killed_program_would_show(tmp_path):
    talk = asked(tmp_path, WRONG, LONG, RIGHT, SAME)
    solving = begun(talk)
    for count in (1, 2, 3):
        path = talk.path
        until_ended(solving, count)
        assert talk.path > path
        with History(tmp_path / "history.sqlite") as other:  # another program, after a kill -9
            shown = other.path(talk.transcript.conversation)[-1]
        assert len(siblings(talk)) == 1 + count
        assert shown.content == solving.tries[solving.choice.winner.number].turn.answer and shown.state == "stop"


def test_the_winner_is_the_answer_and_the_others_are_its_siblings_with_seed_and_settings(tmp_path):
    talk = asked(tmp_path, WRONG, RIGHT)
    solving = finish(begun(talk))
    last = talk.entries[-1]
    assert last.turn is solving.tries[1].turn and last.place == (2, 1 + len(solving.tries))
    assert last.details["seed"] == last.turn.seed and last.details["model"] == "scripted"
    assert last.details["solved"].startswith(f"consensus of {len(solving.tries)} attempts: {standing(solving.choice)}")
    assert talk.show_sibling(last, 1) and "12 + 5 * 3" in talk.entries[-1].turn.answer  # it was longer
    assert talk.show_sibling(talk.entries[-1], -2) and talk.entries[-1].details["seed"] == 1


def test_the_next_question_follows_the_winner(tmp_path):
    talk = asked(tmp_path, WRONG, RIGHT)
    finish(begun(talk))
    answered(talk, "And now?")
    assert "12 * 5 - 3" in client_of(talk).asks[-1].messages[1].content


def test_an_earlier_question_gets_a_branch_of_its_own(tmp_path):
    talk = asked(tmp_path, RIGHT)
    answered(talk, "And now?")
    solving = Solving(talk, read_request("consensus 4"), talk.entries[0], seed=6)
    solving.start()
    finish(solving)
    assert len(talk.entries) == 2 and client_of(talk).asks[-1].messages[-1].content == PUZZLE
    while talk.entries[-1].place[0] > 1:
        assert talk.show_sibling(talk.entries[-1], -1)
    assert [entry.content for entry in talk.entries[::2]] == [PUZZLE, "And now?"]


def test_where_no_attempt_comes_to_an_answer_the_one_there_was_stays(tmp_path):
    talk = asked(tmp_path, Reply("", ("Hm.",)))
    before = talk.entries[-1]
    solving = finish(begun(talk, "consensus 4"))
    assert talk.entries[-1] is before and before.place == (1, 5)
    assert leader(solving) == "no attempt has come to an answer" and votes_of(solving) == []


def test_without_a_history_the_winner_stays_and_that_is_said(tmp_path):
    talk = asked(None, WRONG, RIGHT)
    solving = finish(begun(talk))
    assert talk.entries[-1].turn is solving.tries[1].turn and len(talk.entries) == 2
    assert "only the winner stays" in notes_of(solving)


def test_what_cannot_be_saved_is_saved_once_the_store_works_again(tmp_path):
    store = BreakableHistory(tmp_path / "history.sqlite")
    talk = asked(None, WRONG, RIGHT, history=store)
    solving = begun(talk)
    store.trouble = "the disk is full"
    finish(solving)
    assert talk.entries[-1].turn is solving.tries[1].turn and len(siblings(talk)) == 1
    store.trouble = ""
    talk.transcript.catch_up()
    assert len(siblings(talk)) == 1 + len(solving.tries) and talk.transcript.complete
    assert store.path(talk.transcript.conversation)[-1].content == solving.tries[1].turn.answer


# What ends it early

def test_stopped_it_answers_with_what_there_is(tmp_path):
    talk = asked(tmp_path, RIGHT, WRONG, LONG, LONG)
    solving = begun(talk)
    until_ended(solving, 2)
    solving.stop()
    talk.pump()
    assert not solving.running and not client_of(talk).writing
    assert "cancelled" in progress(solving) and progress(solving).endswith("stopped")
    assert len(siblings(talk)) == 3 and talk.entries[-1].details["solved"].startswith("consensus of 2 attempts")


def test_stopped_before_any_has_ended_it_changes_nothing(tmp_path):
    talk = asked(tmp_path, RIGHT)
    before, path = list(talk.entries), talk.path
    solving = begun(talk)
    step(solving, 3)
    solving.stop()
    talk.pump()
    assert talk.entries == before and talk.path == path and len(siblings(talk)) == 1


def test_an_engine_that_dies_ends_it_with_its_reason_and_what_had_ended_stays(tmp_path):
    talk = asked(tmp_path, RIGHT, LONG)
    solving = begun(talk)
    until_ended(solving, 1)
    client_of(talk).die()
    talk.pump()
    assert not solving.running and solving.reason == DIED and DIED in progress(solving)
    assert len(siblings(talk)) == 2
    talk.load(Opening())
    talk.pump()
    assert len(finish(begun(talk)).question.ended) > 1


def test_a_refusal_ends_it_with_its_reason(tmp_path):
    talk = asked(tmp_path, Refusal("the prompt is too long"))
    solving = begun(talk)
    talk.pump()
    assert not solving.running and solving.reason == "the prompt is too long"


# What is asked for

def test_a_question_that_is_no_puzzle_is_voted_on_and_not_graded(tmp_path):
    replies = [Reply(rf"\boxed{{{text}}}", ("Hm.",)) for text in ("46", "46.0", "45", "46", "46")]
    solving = finish(begun(asked(tmp_path, *replies, question="How many?")))
    assert [(vote.votes, vote.right) for vote in votes_of(solving)] == [(len(solving.tries) - 1, None), (1, None)]
    assert sign(None) == "" and "✓" not in leader(solving)


@pytest.mark.parametrize(("written", "name", "n"), [
    ("", "consensus", 16), ("8", "consensus", 8), ("short-3", "short-3", 16), ("short-3@8", "short-3", 8),
    ("shortest 2", "shortest", 2), ("  best   64 ", "best", 64), ("consensus:sure=0.9 5", "consensus", 5)])
def test_a_strategy_and_a_number_are_read_both_or_neither(written, name, n):
    strategy = read_request(written)
    assert (strategy.name, strategy.n) == (name, n)


@pytest.mark.parametrize(("written", "said"), [
    ("consensos", "did you mean consensus?"), ("1", f"n is 1: here it is 2 to {MOST_N}"), ("-3", "n is -3"),
    ("best 65", "n is 65"), ("short-3@100", "n is 100"), ("short-3 2", "short-3 takes 4"), ("best x", 'is "x"'),
    ("consensus 4 now", "more than a strategy and a number"), ("short-3@8 9", "n is 9"),
    ("consensus:sure=2", "sure"), ("٣", "the number of attempts")])
def test_what_cannot_be_is_one_line(written, said):
    with pytest.raises(UsageError, match=r"(?s)^[^\n]*$") as error:
        read_request(written)
    assert said in str(error.value)


def test_best_is_refused_where_the_right_answer_is_not_known(tmp_path):
    talk = asked(tmp_path, RIGHT, question="How many?")
    with pytest.raises(UsageError, match="best takes a known right answer"):
        begun(talk, "best")


def test_it_takes_a_question_an_open_model_and_nobody_else_who_writes(tmp_path):
    client = ScriptedClient([RIGHT], loads=False)
    talk = session(tmp_path, client, ready=False)
    with pytest.raises(UsageError, match="no question yet"):
        begun(talk)
    talk.transcript.add_question(PUZZLE)
    with pytest.raises(UsageError, match="no model is open"):
        begun(talk)
    talk.load(Opening())
    with pytest.raises(UsageError, match="is being opened"):
        begun(talk)
    client.open()
    talk.pump()
    talk.regenerate()
    with pytest.raises(UsageError, match="an answer is being written"):
        begun(talk)
    client.die()
    talk.pump()
    with pytest.raises(UsageError, match="the engine has ended"):
        begun(talk)
