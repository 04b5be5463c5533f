"""A plain conversation as a person at a terminal has it: what acts at once, what waits, and what is said."""
from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from cli.talking import LONGEST, Talk
from localthink.chat.puzzles import PUZZLES
from localthink.chat.settings import ChatSettings
from localthink.cli.plain_commands import VERBS
from localthink.engine.messages import Cancel, Loading, LoadingShare, Steer
from localthink.history import History
from localthink.records import Tip


@pytest.fixture(autouse=True)
def no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def history(home):
    with History(home / "data" / "history.sqlite") as history:
        yield history


@pytest.fixture
def talk(history):
    return Talk(history)


def test_thinking_and_answer_are_appended_and_figures_follow(talk):
    engine = talk.engine
    screen = talk.run(
        "Hello", lambda: engine.write("First.\n", 0), lambda: engine.write("Alternatively,", 1, held=0.7),
        lambda: engine.write(" so.", 1), lambda: engine.answer("\n\nIt is 42."))
    assert screen.startswith("toy is loaded: F16, context of 1,000 tokens\n> Hello\n◆ 1 First.\n"
                             "◆ 2 ⊘Alternatively, so.\nIt is 42.\n2 thoughts · 0.7 switches held · 4 tokens · ")
    assert "α 3, β 600 · seed 7 · context 16 of 1,000\n> \n" in screen
    assert talk.code == 0
    assert not re.search(r"[\x1b\r]", screen)  # nothing moves the cursor


def test_the_bundled_model_offers_three_puzzles(talk, history, monkeypatch):
    assert "Try one of these" not in talk.run()
    monkeypatch.setattr("localthink.locations.bundled_model", lambda: Path("toy.gguf"))
    screen = Talk(history).run()
    assert all(f"\n  {puzzle}\n" in screen for puzzle in PUZZLES)


def test_what_is_typed_while_it_writes_waits_but_for_stop(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.write("Hm", 0), "And then?", "/stop",
                      lambda: engine.end("cancelled"), lambda: engine.answer("Then that."))
    assert [order.number for order in engine.orders if isinstance(order, Cancel)] == [engine.asked()[0].number]
    assert [ask.messages[-1].content for ask in engine.asked()] == ["Hello", "And then?"]
    assert "stopped: /go goes on" in screen
    assert "\n> And then?\nThen that.\n" in screen


def test_now_think_alpha_and_beta_act_while_it_writes(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.write("Hm", 0), "/alpha 5", "/beta 40", "/think", "/think",
                       "/now", "/temperature 1", lambda: engine.answer("Yes."))
    steered = [(order.tip, order.wish) for order in engine.orders if isinstance(order, Steer)]
    assert steered == [(Tip(5.0, 600), None), (Tip(5.0, 40.0), None), (None, "think"), (None, "free"), (None, "answer")]
    assert "alpha is 5 from the next token on" in screen
    assert screen.index("Yes.") < screen.index("temperature is 1")  # it is for the next answer


def test_now_has_nothing_to_do_where_nothing_is_thought(talk):
    engine = talk.engine
    screen = talk.run("/now", "/stop", "/go", "Hi", lambda: engine.write("Yes"), "/think", lambda: engine.end())
    assert screen.count("no thinking is under way") == 2
    assert "nothing is under way" in screen and "nothing to go on with" in screen


def test_an_answer_that_was_stopped_goes_on_where_it_ended(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.write("Hm, ", 0), "/stop", lambda: engine.end("cancelled"), "/go",
                      lambda: engine.write("well.", 0), lambda: engine.answer("42"))
    assert engine.asked()[1].begun == (5,)
    assert "> /go\nwell.\n42\n" in screen
    assert screen.count("◆ 1") == 1


def test_an_engine_that_died_says_why_and_go_goes_on(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.write("Hm, ", 0), engine.die, "Another", "/go",
                      lambda: engine.answer("42"))
    assert "interrupted: /go goes on" in screen
    assert screen.count("the engine's process ended (SIGKILL)") == 1
    assert "the engine has ended: /load opens the model again" in screen
    assert sum(isinstance(order, Loading) for order in engine.orders) == 2
    assert engine.asked()[1].begun == (5,)
    assert screen.rstrip().endswith("context 14 of 1,000\n>")


def test_what_does_not_fit_says_tokens_and_room_and_what_can_be_done(talk):
    talk.engine.trained = 8000
    screen = talk.run("x" * (LONGEST + 1))
    assert "the prompt is 1,001 tokens, and the context holds 1,000, answer included" in screen
    assert "/new asks it in a new conversation; /load --context 2002 opens the model with more room" in screen
    assert "/drop" not in screen  # nothing is older
    assert talk.engine.asked() == []


def test_the_oldest_turn_can_be_left_out(talk):
    engine = talk.engine
    screen = talk.run("x" * 600, lambda: engine.answer("y" * 100), "z" * 400, "/drop",
                      lambda: engine.answer("fits"), "/drop")
    assert "/drop leaves the oldest turns out" in screen
    assert [message.content[0] for message in engine.asked()[1].messages] == ["z"]
    assert "fits\n" in screen
    assert "nothing waits to fit" in screen


def test_what_does_not_fit_can_be_asked_elsewhere_or_with_more_room(talk):
    engine, engine.trained = talk.engine, 8000
    talk.run("Hello", lambda: engine.answer("Yes"), "x" * 1000, "/load --context 4000",
             lambda: engine.answer("fits"), "/new", "y" * 4000, "z", lambda: engine.answer("z"))
    assert ["".join(message.content[0] for message in ask.messages) for ask in engine.asked()] == ["H", "HYx", "z"]
    assert [order.cells for order in engine.orders if isinstance(order, Loading)] == [None, 4000]


def test_a_question_that_does_not_fit_is_asked_in_a_new_conversation(talk):
    engine = talk.engine
    talk.run("x" * 900, lambda: engine.answer("y"), "z" * 100, "/new",
             lambda: engine.answer("z"))
    assert [message.content[0] for message in engine.asked()[1].messages] == ["z"]
    assert len(talk.session.transcript.history.conversations()) == 2


def test_ctrl_c_stops_the_answer_and_twice_at_the_prompt_leaves(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.write("Hm", 0), talk.press_ctrl_c, lambda: engine.end("cancelled"),
                       talk.press_ctrl_c, "/alpha", talk.press_ctrl_c, talk.press_ctrl_c, "Never")
    assert "stopped: /go goes on" in screen
    assert screen.count("Ctrl+C again") == 2  # what is typed between them makes the first one void
    assert talk.code == 130
    assert len(engine.asked()) == 1


def test_ctrl_c_twice_leaves_where_an_answer_does_not_stop(talk):
    talk.run("Hello", lambda: talk.engine.write("Hm", 0), talk.press_ctrl_c, talk.press_ctrl_c, "Never")
    assert talk.code == 130


def test_loading_can_be_given_up(talk):
    talk.engine.loads = False
    screen = talk.run("/eject", "Hello", "/load", talk.press_ctrl_c)
    assert "the model is ejected" in screen and "loading is given up" in screen
    assert "no model is loaded" in screen


def test_loading_says_now_and_then_how_far_it_is(talk):
    talk.engine.loads = False

    def wait(seconds: float, share: float) -> None:
        talk.now += seconds
        talk.engine.said.append(LoadingShare(share))

    screen = talk.run(lambda: wait(1, 0.1), lambda: wait(5, 0.5), lambda: wait(1, 0.6), talk.engine.load)
    assert re.findall("loading: .*", screen) == ["loading: 50%"]


def test_a_question_typed_while_a_model_loads_waits_for_it(talk):
    talk.engine.loads = False
    talk.run("Hello", talk.engine.load, lambda: talk.engine.answer("Yes"))
    assert [ask.messages[-1].content for ask in talk.engine.asked()] == ["Hello"]


def test_quit_leaves_at_once_and_keeps_what_was_written(talk, history):
    talk.run("Hello", lambda: talk.engine.write("Hm", 0), "/quit", "Never")
    talk.session.close()
    assert talk.code == 0
    assert [(message.state, message.thinking) for message in history.path(1)] == [("stop", ""), ("cancelled", "Hm")]


def test_many_lines_are_one_question(talk):
    screen = talk.run("one \\", "two", lambda: talk.engine.answer("Yes"), "/paste", "/three", "four\\", ".",
                      lambda: talk.engine.answer("Yes"))
    assert [ask.messages[-1].content for ask in talk.engine.asked()] == ["one \ntwo", "/three\nfour\\"]
    assert "until one that is a single dot" in screen
    assert screen.count("… ") == 1 + 3  # before each line that goes on


def test_a_question_may_begin_with_a_slash_behind_a_space(talk):
    screen = talk.run("/etc is what?", " /etc is what?", lambda: talk.engine.answer("Yes"))
    assert "there is no command /etc" in screen
    assert [ask.messages[-1].content for ask in talk.engine.asked()] == ["/etc is what?"]


def test_an_unknown_command_names_the_nearest(talk):
    assert "there is no command /agian: did you mean /again? /help shows them all" in talk.run("/agian")


def test_help_has_every_command_once(talk):
    screen = talk.run("/help", "/help alpha", "/help nothing")
    for verb in VERBS:
        assert len(re.findall(rf"^/{verb.name} ", screen, re.MULTILINE)) == 1 + (verb.name == "alpha"), verb.name
    assert "no command /nothing" in screen


@pytest.mark.parametrize("answers", [True, False])
def test_every_command_can_be_said_at_any_time_with_anything_behind_it(talk, answers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for exports
    steps = [f"/{verb.name}{rest}" for verb in VERBS if verb.name not in ("quit", "paste", "eject")
             for rest in ("", " 1", " x", " \ud800", " 99999999999999999999", " --context \x00")]
    engine, engine.answers = talk.engine, answers

    def answer_the_rest() -> None:
        engine.answers = True
        engine.answer("Yes")

    screen = talk.run("Hello", *steps, *([] if answers else [answer_the_rest]), "/eject", *steps, "/load", "Last")
    assert engine.asked()[-1].messages[-1].content == "Last"
    assert "this is not UTF-8 at character" in screen


def test_again_and_edit_make_siblings_and_prev_and_next_turn_to_them(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.answer("one"), "/again", lambda: engine.answer("two"),
                      "/prev", "/prev", "/next", "/edit Good day", lambda: engine.answer("three"), "/prev",
                      "/edit 2 x", "/edit 1 Third", lambda: engine.answer("four"))
    assert "> /prev\n(1 of 2) one\n" in screen and "> /next\n(2 of 2) two\n" in screen
    assert "there is none before it" in screen
    assert "> (1 of 2) Hello\n(2 of 2) two\n" in screen
    assert "there is no question 2: there are 1" in screen
    assert [ask.messages[-1].content for ask in engine.asked()] == ["Hello", "Hello", "Good day", "Third"]


def test_an_answer_can_be_looked_at_again(talk):
    engine = talk.engine
    screen = talk.run(
        "Hello", lambda: engine.write("First.", 0), lambda: engine.write("Second", 1, 0.9),
        lambda: engine.answer("Look:\n```py\nx = 1\n```\n~~~\ny\n~~~\nDone."), "/thoughts", "/thought 2", "/code",
        "/code 1", "/code 3", "/tokens 1", "/thinking", "/answer")
    for shown in (
            "> /thoughts\n◆ 1 1 token, 0.0 s, 0.0 switches held: First.\n◆ 2 1 token, 0.0 s, 0.9 switches held: Second",
            "> /thought 2\n◆ 2 ⊘Second\n1 token, 0.0 s, 0.9 switches held\n", "> /code\ny\n", "> /code 1\nx = 1\n",
            "> /code 3\nthere is no block of code 3: there are 2\n", '> /tokens 1\n"Look:\\n```py\\nx = 1\\n```',
            ' 90.5 %\n', "> /thinking\n◆ 1 First.\n◆ 2 ⊘Second\n", "> /answer\nLook:\n```py\n"):
        assert shown in screen


def test_settings_are_shown_and_turned(talk):
    screen = talk.run("/alpha", "/alpha inf", "/beta 1e7", "/seed off", "/seed 123456789", "/max-thinking 50",
                      "/max-thinking off", "/top-k 40", "/settings", "/min-p 2", "/max-tokens many")
    assert re.findall("^(?:alpha|beta|seed|max-thinking|top-k) is .*", screen, re.MULTILINE)[:9] == [
        "alpha is 3", "alpha is inf", "beta is 10000000.0", "seed is off: a new one for every answer",
        "seed is 123456789", "max-thinking is 50", "max-thinking is off", "top-k is 40", "alpha is inf"]
    assert "min-p is 2.0: give" in screen and "max-tokens is 'many': give a whole number, or off" in screen
    assert talk.session.settings.tip.alpha == math.inf


def test_conversations_are_listed_found_opened_renamed_deleted_and_had_back(talk):
    engine = talk.engine
    screen = talk.run("Hello", lambda: engine.answer("Yes"), "/rename Greeting", "/new", "Bye",
                      lambda: engine.answer("No"), "/list", "/search hel", "/open 1", "/delete 1", "/list", "/undo",
                      "/undo", "/list 1", "/open 2")
    assert "2  Bye · 1 question · " in screen and "1  Greeting · 1 question · " in screen
    assert "1  Greeting: " in screen
    assert "Greeting: 1 question\n> Hello\nYes\n" in screen
    assert "deleted: Greeting; /undo brings it back" in screen and "back again: conversation 1" in screen
    assert "nothing was deleted" in screen
    assert screen.rstrip(">\n ").rsplit("\n", 4)[1:4] == ["Bye: 1 question", "> Bye", "No"]


def test_the_last_conversation_is_continued(talk, history):
    talk.run("Hello", lambda: talk.engine.answer("Yes"))
    later = Talk(history)
    screen = later.run("Bye", lambda: later.engine.answer("No"), continue_last=True)
    assert screen.startswith("Hello: 1 question\n> Hello\nYes\n")
    assert [message.content for message in later.engine.asked()[0].messages] == ["Hello", "Yes", "Bye"]


def test_there_may_be_nothing_to_continue_or_to_keep(history):
    assert "this is the first" in Talk(history).run(continue_last=True)
    assert Talk(None).run("/list", "/open 1", "/undo").count("started with --no-history") == 3


def test_without_a_penalty_there_is_nothing_to_compare(history):
    talk = Talk(history, ChatSettings(Tip(alpha=0)))
    screen = talk.run("/compare", "Hello", lambda: talk.engine.answer("Yes"), "/compare")
    assert "there is no question yet" in screen and "alpha is 0" in screen


def test_two_answers_with_one_seed_are_shown_one_below_the_other(talk):
    engine = talk.engine

    screen = talk.run("Hello", lambda: engine.answer("Yes"), "/compare",
                      lambda: engine.answer("left", engine.asked()[1]), "/again",
                      lambda: engine.answer("right", engine.asked()[2]), lambda: engine.answer("waited"))
    assert [ask.tip.alpha for ask in engine.asked()] == [3, 0, 3, 3]
    assert {ask.seed for ask in engine.asked()} == {7}
    shown = screen[screen.index("two answers with seed 7"):]
    assert shown.index("without the penalty") < shown.index("left") < shown.index("right") < shown.index("tokens")
    assert shown.index("right") < shown.index("waited")


def test_what_a_model_says_is_never_obeyed(talk):
    screen = talk.run("Hello\x1b[2J", lambda: talk.engine.answer("\x1b[2J\x07"), "/open 1", "/list", "/tokens")
    assert not re.search(r"[\x07\x1b]", screen)
    assert screen.count("\\x1b[2J") >= 4


def test_loading_another_model_by_a_wrong_name_costs_nothing(talk, tmp_path):
    screen = talk.run("/load nonsense", f"/load {tmp_path / 'gone.gguf'}", "/load --context 0", "/load --context x",
                      "Hello", lambda: talk.engine.answer("Yes"))
    assert "there is no model called 'nonsense'" in screen and "gone.gguf" in screen
    assert "context is 0" in screen and "context is 'x'" in screen
    assert "Yes\n" in screen
    assert sum(isinstance(order, Loading) for order in talk.engine.orders) == 1
