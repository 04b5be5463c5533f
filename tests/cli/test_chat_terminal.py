"""A plain conversation as a person at a terminal has it: what acts at once, what waits, and what is said."""
from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from chat.scripted import TAGGED, Line, Refusal, Reply
from cli.talking import LONGEST, Talk
from localthink.chat.puzzles import PUZZLES
from localthink.chat.settings import ChatSettings
from localthink.engine.messages import Cancel, Loading, LoadingShare
from localthink.history import History
from localthink.plain.commands import VERBS
from localthink.records import Generation, Tip

THOUGHTFUL = Reply("\n\nIt is 42.", ("First, this.\n", Line("Alternatively, that.\n", {1: 0.75})))
SLOW = Reply("42", ("Hm, " + "on and " * 200,))


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


@pytest.fixture
def slow(history):
    """A conversation with an answer that thinks for long."""
    return Talk(history, SLOW)


def words(count: int) -> str:
    return " ".join(["word"] * count)


def test_thinking_and_answer_are_appended_and_figures_follow(history):
    talk = Talk(history, THOUGHTFUL)
    screen = talk.run("Hello", talk.write(2), talk.write(4), talk.finish)
    assert screen.startswith("toy is loaded: Q8_0, context of 1,000 tokens\n> Hello\n◆ 1 First, this.\n"
                             "◆ 2 Alternatively⊘, that.\nIt is 42.\n2 thoughts · 1 switch held · ")
    assert re.search(r" tokens · .*α 3, β 600 · seed 7 · context \d+ of 1,000\n> \n$", screen)
    assert talk.code == 0
    assert not re.search(r"[\x1b\r]", screen)  # nothing moves the cursor


def test_the_bundled_model_offers_three_puzzles(talk, history, monkeypatch):
    assert "Try one of these" not in talk.run()
    monkeypatch.setattr("localthink.locations.bundled_model", lambda: Path("/models/toy.gguf"))
    screen = Talk(history).run()
    assert all(f"\n  {puzzle}\n" in screen for puzzle in PUZZLES)


def test_a_long_prompt_says_that_it_is_read(history):
    talk = Talk(history, Reply("Yes.", reading=3))
    assert "reading 304 tokens …\nYes.\n" in talk.run(words(300), talk.write(2), talk.finish)


def test_what_is_typed_while_it_writes_waits_but_for_stop(history):
    talk = Talk(history, SLOW, Reply("Then that."))
    screen = talk.run("Hello", talk.write(), "And then?", "/stop", talk.finish)
    assert [order.number for order in talk.client.orders if isinstance(order, Cancel)] == [talk.client.asks[0].number]
    assert talk.asked == ["Hello", "And then?"]
    assert "stopped: /go goes on" in screen
    assert "\n> And then?\nThen that.\n" in screen


def test_now_think_alpha_and_beta_act_while_it_writes(slow):
    screen = slow.run("Hello", slow.write(), "/alpha 5", "/beta 40", "/think", "/think", "/now", "/temperature 1",
                      slow.finish)
    assert [(order.tip, order.wish) for order in slow.client.steers] == [
        (Tip(5.0, 600), None), (Tip(5.0, 40.0), None), (None, "think"), (None, "free"), (None, "answer")]
    assert "alpha is 5 from the next token on" in screen
    assert screen.index("\n42\n") < screen.index("temperature is 1")  # it is for the next answer


def test_now_has_nothing_to_do_where_nothing_is_thought(talk):
    screen = talk.run("/now", "/stop", "/go", "Hi", talk.write(), "/think", talk.finish)
    assert screen.count("no thinking is under way") == 2
    assert "nothing is under way" in screen and "nothing to go on with" in screen


def test_an_answer_that_was_stopped_goes_on_where_it_ended(slow):
    screen = slow.run("Hello", slow.write(2), "/stop", "/go", slow.write(2), slow.finish)
    begun = slow.client.asks[1].prefix.tokens
    assert begun == slow.client.traces[0].token_ids and begun
    assert "◆ 1 Hm,/stop\n" in screen and "> /go\n on and on" in screen
    assert screen.count("◆ 1") == 1


def test_an_engine_that_died_says_why_and_go_goes_on(slow):
    screen = slow.run("Hello", slow.write(2), slow.client.die, "/go", slow.finish)
    assert "interrupted: /go goes on" in screen
    assert screen.count("the engine's process ended (SIGKILL") == 1
    assert "/go opens the model again and lets the answer go on\n" in screen
    assert sum(isinstance(order, Loading) for order in slow.client.orders) == 2
    assert len(slow.client.asks) == 2 and slow.client.asks[1].prefix.tokens
    assert "\n42\n" in screen


def test_an_engine_that_died_idle_is_opened_again_by_the_next_question(slow):
    screen = slow.run("Hello", slow.finish, slow.client.die, "Another", slow.finish, slow.client.die, "/again",
                      slow.finish)
    assert "the next question opens the model again\n" in screen
    assert slow.asked == ["Hello", "Another", "Another"] and screen.count("\n42\n") == 3
    assert sum(isinstance(order, Loading) for order in slow.client.orders) == 3


def test_an_answer_that_begins_and_ends_between_two_looks_is_told_of(slow):
    def die_at_once() -> None:
        slow.client._ask = lambda ask: slow.client.die()

    screen = slow.run("Hello", slow.write(2), "/stop", die_at_once, "/go", "/load", "And now?")
    assert screen.count("interrupted: /go goes on") == 2


def test_a_refused_question_says_why(history):
    screen = Talk(history, Refusal("the template takes no such message")).run("Hello")
    assert "the template takes no such message\ninterrupted" in screen


def test_a_question_that_cannot_be_measured_says_why(talk):
    talk.client.count_refusal = "the template is broken"
    assert "the template is broken\n> " in talk.run("Hello")


def test_what_does_not_fit_says_tokens_and_room_and_what_can_be_done(talk):
    screen = talk.run(words(LONGEST))
    assert "the prompt is 1,004 tokens, and the context holds 1,000, answer included" in screen
    assert "/load --context 2008 opens the model with more room" in screen
    assert "/new" not in screen  # nothing goes before it there either
    assert "/drop" not in screen  # nothing is older
    assert talk.asked == []


def test_the_oldest_turn_can_be_left_out(history):
    talk = Talk(history, Reply(words(100)), Reply("fits"))
    screen = talk.run(words(600), talk.finish, f"z {words(400)}", "/drop", talk.finish, "/drop")
    assert "/drop leaves the oldest turns out" in screen
    assert [message.content[0] for message in talk.client.asks[1].messages] == ["z"]
    assert "fits\n" in screen
    assert "nothing waits to fit" in screen


def test_what_does_not_fit_can_be_asked_with_more_room_or_elsewhere(talk):
    talk.run("Hello", talk.finish, f"x {words(1000)}", "/load --context 4000", talk.finish, "/new", f"y {words(4000)}",
             "z", talk.finish)
    assert ["".join(message.content[0] for message in ask.messages) for ask in talk.client.asks] == ["H", "HYx", "z"]
    assert [order.cells for order in talk.client.orders if isinstance(order, Loading)] == [None, 4000]


def test_a_question_that_does_not_fit_is_asked_in_a_new_conversation(talk, history):
    talk.run(words(900), talk.finish, f"z {words(100)}", "/new", talk.finish)
    assert [message.content[0] for message in talk.client.asks[1].messages] == ["z"]
    assert len(history.conversations()) == 2


def test_ctrl_c_stops_the_answer_and_twice_at_the_prompt_leaves(slow):
    screen = slow.run("Hello", slow.write(), slow.press_ctrl_c, slow.press_ctrl_c, "/alpha", slow.press_ctrl_c,
                      slow.press_ctrl_c, "Never")
    assert "stopped: /go goes on" in screen
    assert screen.count("Ctrl+C again") == 2  # what is typed between them makes the first one void
    assert slow.code == 130
    assert slow.asked == ["Hello"]


def test_ctrl_c_twice_leaves_where_an_answer_does_not_stop(slow, monkeypatch):
    monkeypatch.setattr(slow.session, "stop", lambda: None)
    slow.run("Hello", slow.write(), slow.press_ctrl_c, slow.press_ctrl_c, "Never")
    assert slow.code == 130


def test_loading_can_be_given_up(history):
    talk = Talk(history, loads=False)
    screen = talk.run("/eject", "Hello", "/load", talk.press_ctrl_c)
    assert "the model is ejected" in screen and "loading is given up" in screen
    assert "no model is loaded" in screen


def test_loading_says_now_and_then_how_far_it_is(history):
    talk = Talk(history, loads=False)

    def wait(seconds: float, share: float):
        def pass_by() -> None:
            talk.client.clock.wait(seconds)
            talk.client._news.append(LoadingShare(share))

        return pass_by

    screen = talk.run(wait(1, 0.1), wait(5, 0.5), wait(1, 0.6), talk.client.open)
    assert re.findall("loading.*", screen) == ["loading toy …", "loading: 50%"]


def test_a_question_typed_while_a_model_loads_waits_for_it(history):
    talk = Talk(history, loads=False)
    assert "\n> Hello\nYes.\n" in talk.run("Hello", talk.client.open, talk.finish)


def test_quit_leaves_at_once_and_keeps_what_was_written(slow, history):
    slow.run("Hello", slow.write(2), "/quit", "Never")
    slow.session.close()
    assert slow.code == 0
    assert [(message.state, message.thinking) for message in history.path(1)] == [("stop", ""), ("cancelled", "Hm,")]


def test_many_lines_are_one_question(talk):
    screen = talk.run("one \\", "two", talk.finish, "/paste", "/three", "four\\", ".", talk.finish)
    assert talk.asked == ["one \ntwo", "/three\nfour\\"]
    assert "until one that is a single dot" in screen
    assert screen.count("… ") == 1 + 3  # before each line that goes on


def test_a_question_may_begin_with_a_slash_behind_a_space(talk):
    screen = talk.run("/etc is what?", " /etc is what?", talk.finish)
    assert "there is no command /etc" in screen
    assert talk.asked == ["/etc is what?"]


def test_an_unknown_command_names_the_nearest(talk):
    assert "there is no command /agian: did you mean /again? /help shows them all" in talk.run("/agian")


def test_help_has_every_command_once(talk):
    screen = talk.run("/help", "/help alpha", "/help nothing")
    for verb in VERBS:
        shown = re.findall(rf"^/{verb.name}(?= ).*  {re.escape(verb.help)}$", screen, re.MULTILINE)
        assert len(shown) == 1 + (verb.name == "alpha"), verb.name
    assert "no command /nothing" in screen


@pytest.mark.parametrize("under_way", [True, False])
def test_every_command_can_be_said_at_any_time_with_anything_behind_it(slow, under_way, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for exports
    commands = [f"/{verb.name}{rest}" for verb in VERBS if verb.name not in ("quit", "paste", "eject")
                for rest in ("", " 1", " x", " \ud800", " 99999999999999999999", " --context \x00")]
    steps = [step for command in commands for step in ((command,) if under_way else (command, slow.finish))]
    rest = [slow.finish] * len(commands)  # of what waited meanwhile
    screen = slow.run("Hello", slow.write(), *steps, *rest, "/eject", *commands, "/load", "Last", slow.finish)
    assert slow.asked[-1] == "Last"
    assert "this is not UTF-8 at character" in screen


def test_again_and_edit_make_siblings_and_prev_and_next_turn_to_them(history):
    talk = Talk(history, *map(Reply, ("one", "two", "three", "four")))
    screen = talk.run("Hello", talk.finish, "/again", talk.finish, "/prev", "/prev", "/next", "/edit Good day",
                      talk.finish, "/prev", "/edit 2 x", "/edit 1 Third", talk.finish)
    assert "> /prev\n(1 of 2) one\n" in screen and "> /next\n(2 of 2) two\n" in screen
    assert "there is none before it" in screen
    assert "> (1 of 2) Hello\n(2 of 2) two\n" in screen
    assert "there is no question 2: there are 1" in screen
    assert talk.asked == ["Hello", "Hello", "Good day", "Third"]


def test_an_answer_that_speaks_of_tags_is_written_as_it_is(history):
    talk = Talk(history, Reply(TAGGED, ("Hm.",)))
    assert talk.run("Hello", talk.finish, "/answer").count(TAGGED) == 2


def test_an_answer_can_be_looked_at_again(history):
    talk = Talk(history, Reply("Look:\n```py\nx = 1\n```\n~~~\ny\n~~~\nDone.", THOUGHTFUL.thoughts))
    screen = talk.run("Hello", talk.finish, "/thoughts", "/thought 2", "/code", "/code 1", "/code 3", "/tokens 2",
                      "/thinking", "/answer")
    for shown in ("◆ 2 5 tokens, 0.0 s, 1 switch held: Alternatively, that.\n",
                  "> /thought 2\n◆ 2 Alternatively⊘, that.\n5 tokens, 0.0 s, 1 switch held\n",
                  "> /code\ny\n", "> /code 1\nx = 1\n", "> /code 3\nthere is no block of code 3: there are 2\n",
                  "> /thinking\n◆ 1 First, this.\n◆ 2 Alternatively⊘, that.\n", "> /answer\nLook:\n```py\n"):
        assert shown in screen
    assert re.search(r'> /tokens 2\n"\." \d+\.\d % else " \w+" \d+\.\d %, .*\n', screen)


def test_a_switch_that_was_held_is_shown_with_what_would_have_come_and_branch_goes_there(history):
    talk = Talk(history, Reply("Yes.", (Line("So it is, and so it stays.", {3: 0.75, 6: 0.6}), "Alternatively, no.")))
    screen = talk.run("Hello", talk.finish, "/tokens 50", "/branch 3", "/branch 2", talk.finish, "/tokens 99")
    assert re.search(r'"," \d+\.\d % \(\d+\.\d % without the penalty\) ⊘ held back: " Alternatively" 75.0 % → 0.1 %;',
                     screen)
    assert "there is no ⊘ 3 from the last: of its tokens that are kept, 2 have one" in screen
    first, second = talk.client.asks
    assert second.seed == first.seed and len(second.prefix.tokens) == 4
    assert re.search(r"So it is Alternatively", talk.session.entries[-1].turn.thinking)
    assert talk.session.entries[-1].place == (2, 2)


def test_a_token_that_was_held_back_shows_both_probabilities(history):
    talk = Talk(history, THOUGHTFUL)
    screen = talk.run("Hello", talk.write(7), "/stop", "/tokens 1")
    assert re.search(r'"," \d+\.\d % \(\d+\.\d % without the penalty\) ⊘ held back: .*; else " so"', screen)


def test_settings_are_shown_and_turned(talk):
    screen = talk.run("/alpha", "/alpha inf", "/beta 1e7", "/seed off", "/seed 123456789", "/max-thinking 50",
                      "/max-thinking off", "/top-k 40", "/settings", "/min-p 2", "/max-tokens many")
    assert re.findall("^(?:alpha|beta|seed|max-thinking|top-k) is .*", screen, re.MULTILINE)[:9] == [
        "alpha is 3", "alpha is inf", "beta is 10000000.0", "seed is off: a new one for every answer",
        "seed is 123456789", "max-thinking is 50", "max-thinking is off", "top-k is 40", "alpha is inf"]
    assert "min-p is 2.0: give" in screen and "max-tokens is 'many': give a whole number, or off" in screen
    assert talk.session.settings.tip.alpha == math.inf


def test_conversations_are_listed_found_opened_renamed_deleted_and_had_back(talk):
    screen = talk.run("Hello", talk.finish, "/rename Greeting", "/new", "Bye", talk.finish, "/list", "/search hel",
                      "/open 1", "/delete 1", "/list", "/undo", "/undo", "/list 1", "/open 2")
    assert "2  Bye · 1 question · " in screen and "1  Greeting · 1 question · " in screen
    assert "1  Greeting: " in screen
    assert "Greeting: 1 question\n> Hello\nYes.\n" in screen
    assert "deleted: Greeting; /undo brings it back" in screen and "back again: conversation 1" in screen
    assert "nothing was deleted" in screen
    assert "> /open 2\nBye: 1 question\n> Bye\nYes.\n" in screen


def test_a_conversation_is_found_once_with_how_often(talk):
    screen = talk.run("Hello", talk.finish, "/rename Greeting", "Hello again", talk.finish, "/search hello")
    assert screen.count("1  Greeting: ") == 1 and "(and 1 more)" in screen


def test_the_last_conversation_is_continued(talk, history):
    talk.run("Hello", talk.finish)
    later = Talk(history, Reply("No."))
    screen = later.run("Bye", later.finish, continue_last=True)
    assert screen.startswith("Hello: 1 question\n> Hello\nYes.\n")
    assert [message.content for message in later.client.asks[0].messages] == ["Hello", "Yes.", "Bye"]


def test_there_may_be_nothing_to_continue_or_to_keep(history):
    assert "this is the first" in Talk(history).run(continue_last=True)
    assert Talk(None).run("/list", "/open 1", "/undo").count("started with --no-history") == 3


def test_without_a_penalty_there_is_nothing_to_compare(history):
    talk = Talk(history, settings=ChatSettings(Generation(tip=Tip(alpha=0))))
    screen = talk.run("/compare", "Hello", talk.finish, "/compare")
    assert "there is no question yet" in screen and "alpha is 0" in screen


def test_two_answers_with_one_seed_are_shown_one_below_the_other(history):
    talk = Talk(history, *map(Reply, ("Yes.", "left side", "right side", "waited")))
    screen = talk.run("Hello", talk.finish, "/compare", talk.write(), "/again", talk.finish, talk.finish)
    assert [ask.generation.tip.alpha for ask in talk.client.asks] == [3, 0, 3, 3]
    assert {ask.seed for ask in talk.client.asks} == {7}
    shown = screen[screen.index("two answers with seed 7"):]
    places = [shown.index(text) for text in ("without the penalty", "left side", "right side", "tokens: ", "waited")]
    assert places == sorted(places)


def test_a_comparison_can_be_stopped(history):
    talk = Talk(history, Reply("Yes."), SLOW, SLOW)
    screen = talk.run("Hello", talk.finish, "/compare", talk.write(3), "/stop")
    assert "ended: stopped" in screen


def test_what_a_model_says_is_never_obeyed(history):
    talk = Talk(history, Reply("\x1b[2J\x07"))
    screen = talk.run("Hello\x1b[2J", talk.finish, "/open 1", "/list", "/tokens")
    assert not re.search(r"[\x07\x1b]", screen)
    assert screen.count("\\x1b[2J") >= 4


def test_loading_another_model_by_a_wrong_name_costs_nothing(talk, tmp_path):
    screen = talk.run("/load nonsense", f"/load {tmp_path / 'gone.gguf'}", "/load --context 0", "/load --context x",
                      "Hello", talk.finish)
    assert "there is no model called 'nonsense'" in screen and "gone.gguf" in screen
    assert "context is 0" in screen and "context is 'x'" in screen
    assert "Yes.\n" in screen
    assert sum(isinstance(order, Loading) for order in talk.client.orders) == 1


def test_a_model_that_cannot_be_loaded_says_what_can_be_done(history):
    talk = Talk(history, loads=False)
    screen = talk.run(lambda: talk.client.die("toy.gguf is damaged", lasting=True), "Hello", "/models")
    assert "toy.gguf is damaged\n/load NAME opens another model; /models lists those that are here\n" in screen
    assert "the model could not be loaded: " in screen
    assert re.search(r"^  toy: cannot be opened \(.*toy.gguf: .*, 64 B, localthink$", screen, re.MULTILINE)
