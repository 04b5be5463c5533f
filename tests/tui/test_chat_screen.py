"""The chat screen, key by key, over a scripted engine."""
from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from chat.scripted import DEMO_QUESTION, TAGGED, BreakableHistory, Line, Reply, ScriptedClient
from localthink.chat.settings import ChatSettings
from localthink.engine.messages import Cancel, Loading
from localthink.history import History
from localthink.tui.keys import CHAT_KEYS
from localthink.tui.screens.help import HelpScreen
from localthink.tui.widgets.settings_panel import SettingsPanel
from localthink.tui.widgets.thought_list import ThoughtList
from localthink.tui.widgets.thought_map import ThoughtMap
from localthink.tui.widgets.token_flow import TokenFlow
from localthink.tui.widgets.transcript import TranscriptView
from localthink.tui.widgets.turns import AnswerTurn, QuestionTurn, figures
from localthink.tui.widgets.welcome import Welcome
from tui.chatting import Person, talking

SHORT = [Reply("It is 4.", ("Two and two is four.\n",)), Reply("It is 9.", ("Three times three.\n",)),
         Reply("It is 16.", ("Four times four.\n",))]


def test_an_empty_conversation_says_what_this_is_and_goes_away(tmp_path):
    async def test(person: Person) -> None:
        assert "jump from idea to idea" in person.text
        await person.ask()
        await person.shown()
        assert not person.screen.query_one(Welcome).display
        assert DEMO_QUESTION in person.text

    talking(tmp_path)(test)


def test_enter_sends_and_ctrl_j_makes_a_new_line(tmp_path):
    async def test(person: Person) -> None:
        await person.press("a", "ctrl+j", "b", "enter")
        await person.wait(lambda: person.session.live is not None)
        assert person.session.entries[0].content == "a\nb"
        assert person.prompt.text == ""

    talking(tmp_path)(test)


def test_a_question_that_is_sent_while_the_model_loads_is_asked_once_it_is_there(tmp_path):
    client = ScriptedClient(loads=False)

    async def test(person: Person) -> None:
        person.prompt.text = "What is 2 + 2?"
        await person.press("enter")
        await person.shown()
        assert not client.asks
        client.open()
        await person.wait(lambda: client.asks)
        assert client.asks[0].messages[-1].content == "What is 2 + 2?"

    talking(tmp_path, client)(test)


def test_a_question_whose_model_cannot_be_loaded_is_given_back(tmp_path):
    client = ScriptedClient(loads=False)

    async def test(person: Person) -> None:
        person.prompt.text = "What is 2 + 2?"
        await person.press("enter")
        await person.shown()
        assert person.prompt.text == ""
        client.die("there is no such file", lasting=True)
        await person.wait(lambda: person.prompt.text == "What is 2 + 2?")

    talking(tmp_path, client)(test)


def test_thinking_is_open_while_it_thinks_and_folds_when_the_answer_begins(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(60)
        latest = person.screen.query_one(AnswerTurn)
        assert latest.pane.expanded
        assert person.screen.query_one(ThoughtMap).display and person.screen.query_one(ThoughtList).display
        assert "Okay, so I need to count" in person.text and "thinking" in person.text
        await person.finish()
        assert not latest.pane.expanded
        assert "4 thoughts" in person.text and "inclusion and exclusion" in person.text and "46" in person.text

    talking(tmp_path)(test)


def test_the_meter_tells_reading_thinking_answering_and_idle_apart(tmp_path):
    seen = []

    async def test(person: Person) -> None:
        person.client.replies[0] = Reply("word " * 40, (Line("think " * 40),), reading=3)
        await person.ask()
        for tokens, word in ((2, "reading"), (10, "thinking"), (60, "answering")):
            person.client.advance(tokens)
            await person.shown()
            seen.append(word in person.text)
        await person.finish()
        seen.append("idle" in person.text)

    talking(tmp_path)(test)
    assert seen == [True, True, True, True]


def test_escape_stops_and_what_was_said_stays(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(20)
        await person.press("escape")
        await person.wait(lambda: person.session.live is None)
        await person.shown()
        assert any(isinstance(order, Cancel) for order in person.client.orders)
        assert "stopped" in person.text and "Okay, so I need" in person.text

    talking(tmp_path)(test)


def test_ctrl_g_closes_the_thinking_while_it_thinks(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(10)
        await person.press("ctrl+g")
        assert person.client.steers[-1].wish == "answer"
        await person.finish()
        assert len(person.session.entries[-1].turn.thoughts) < 4

    talking(tmp_path)(test)


def test_ctrl_g_lets_a_stopped_answer_go_on(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(20)
        await person.press("escape")
        await person.wait(lambda: person.session.live is None)
        await person.shown()
        await person.press("ctrl+g")
        await person.wait(lambda: person.session.live is not None)
        assert len(person.client.asks[-1].prefix.tokens) == 17  # three steps read the prompt
        await person.finish()
        assert len(person.session.entries) == 2 and "46" in person.session.entries[-1].turn.answer

    talking(tmp_path)(test)


def test_ctrl_t_keeps_it_thinking_and_again_lets_it_close(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(10)
        await person.press("ctrl+t")
        assert person.client.steers[-1].wish == "think"
        await person.shown()
        assert "think on" in person.text
        await person.press("ctrl+t")
        assert person.client.steers[-1].wish == "free"

    talking(tmp_path)(test)


def test_the_engine_killed_in_a_thought_is_said_and_ctrl_g_goes_on(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(30)
        person.client.die()
        await person.wait(lambda: person.session.live is None)
        await person.shown()
        assert "SIGKILL" in person.text and "Okay, so I need" in person.text
        await person.press("ctrl+g")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        assert "46" in person.session.entries[-1].turn.answer

    talking(tmp_path)(test)


@pytest.mark.parametrize("key", ["enter", "ctrl+r"])
def test_an_engine_killed_while_idle_is_opened_again_by_the_next_question(tmp_path, key):
    async def test(person: Person) -> None:
        await person.answered()
        person.client.die()
        await person.wait(lambda: person.session.asker.model.phase == "died")
        await person.shown()
        assert "engine stopped" in person.text
        assert any("the next question opens it again" in toast.message for toast in person.app._notifications)
        person.prompt.text = "And now?" if key == "enter" else ""
        await person.press(key)
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        asked = [entry.content for entry in person.session.entries if entry.turn is None]
        assert asked[1:] == (["And now?"] if key == "enter" else []) and person.prompt.text == ""
        assert person.client.starts == 2 and "46" in person.session.entries[-1].turn.answer

    talking(tmp_path)(test)


def test_ctrl_r_writes_again_beside_the_old_answer_and_f3_f4_move_between_them(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        await person.press("ctrl+r")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        assert person.session.entries[-1].place == (2, 2) and "2/2" in person.text
        await person.press("f3")
        await person.shown()
        assert person.session.entries[-1].place == (1, 2)
        await person.press("alt+right")
        await person.shown()
        assert person.session.entries[-1].place == (2, 2)

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_branches_are_turned_by_a_click(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        await person.press("ctrl+r")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        await person.pilot.click("AnswerTurn Branches", offset=(0, 0))
        await person.shown()
        assert person.session.entries[-1].place == (1, 2)

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_f2_edits_the_latest_question_as_a_new_branch(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        await person.press("f2")
        assert person.prompt.text == "What is 2 + 2?"
        person.prompt.text = "What is 3 * 3?"
        await person.press("enter")
        await person.wait(lambda: person.session.live is not None)
        await person.finish()
        assert [entry.content for entry in person.session.entries if entry.turn is None] == ["What is 3 * 3?"]
        assert person.session.entries[0].place == (2, 2)

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_an_earlier_question_is_edited_when_it_has_the_focus(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        await person.answered("What is 3 * 3?")
        person.screen.query(QuestionTurn).first().focus()
        await person.press("f2")
        assert person.prompt.text == "What is 2 + 2?"
        await person.press("escape")
        assert person.prompt.text == ""
        assert len(person.session.entries) == 4

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_a_draft_outlives_an_edit(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        person.prompt.text = "half a thou"
        await person.press("f2", "x", "escape")
        assert person.prompt.text == "half a thou"
        await person.press("up")
        assert person.prompt.text == "What is 2 + 2?x"

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_settings_turned_while_it_writes_reach_the_engine_at_once(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(10)
        await person.press("ctrl+s")
        await person.shown()
        await person.press("up")  # in the field of alpha: a step up
        await person.wait(lambda: person.client.steers)
        assert person.client.steers[-1].tip.alpha == 3.5
        await person.press("ctrl+s")
        await person.shown()
        assert person.prompt.has_focus

    talking(tmp_path)(test)


def test_f6_shows_tokens_and_what_else_was_likely(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(40)
        await person.press("f6")
        await person.shown()
        assert "without penalty" in person.text
        await person.press("f6")
        await person.shown()
        assert "without penalty" not in person.text

    talking(tmp_path)(test)


def test_f6_begins_at_the_latest_mark_and_enter_goes_where_it_was_held(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        turn = person.session.entries[-1].turn
        places = [place for place, event in enumerate(turn.recent) if event.held > 0]
        await person.press("f6")
        flow = person.screen.query_one
        await person.wait(lambda: flow(TokenFlow).selected == places[-1])
        await person.shown()
        assert re.search(r"⊘ ␣Alternatively 88 % → <1 %", person.text) and "Go there" in person.text
        for key, place in (("n", -1), ("p", -2), ("p", -3), ("n", -2)):
            await person.press(key)
            await person.wait(lambda place=place: flow(TokenFlow).selected == places[place])
        await person.press("enter")
        await person.wait(lambda: person.session.live is not None)
        await person.press("enter")
        await person.finish()
        branch = person.session.entries[-1]
        assert branch.turn.token_ids[:places[-2]] == turn.token_ids[:places[-2]]
        assert branch.place == (2, 2) and f"branched at token {places[-2] + 1}" in person.text
        await person.press("end", "enter")
        assert person.session.live is None, "the last token holds nothing"

    talking(tmp_path, size=(120, 50))(test)


def test_f10_goes_to_the_thoughts_and_back(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        await person.press("f10")
        await person.shown()
        assert person.screen.query_one(ThoughtList).has_focus
        await person.press("a")
        await person.shown()
        await person.press("f10")
        assert person.prompt.has_focus

    talking(tmp_path)(test)


def test_f7_opens_and_folds_all_thinking(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        await person.answered("What is 3 * 3?")
        panes = [turn.pane for turn in person.screen.query(AnswerTurn)]
        await person.press("f7")
        assert [pane.expanded for pane in panes] == [True, True]
        await person.press("f7")
        assert [pane.expanded for pane in panes] == [False, False]

    talking(tmp_path, ScriptedClient(SHORT))(test)


@pytest.mark.parametrize(("key", "copied"), [
    ("f9", "It is `4`:\n\n```python\nprint(2 + 2)\n```"), ("shift+f9", "Two and two."), ("ctrl+f9", "print(2 + 2)")])
def test_answer_thinking_and_code_are_copied(tmp_path, monkeypatch, key, copied):
    monkeypatch.setenv("SSH_CONNECTION", "elsewhere")  # no desktop here
    reply = Reply("It is `4`:\n\n```python\nprint(2 + 2)\n```\n", ("Two and two.",))

    async def test(person: Person) -> None:
        await person.answered()
        await person.press(key)
        assert person.app.clipboard.strip() == copied

    talking(tmp_path, ScriptedClient([reply]))(test)


def test_an_answer_that_speaks_of_tags_is_shown_and_copied_as_it_is_today_and_later(tmp_path, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "elsewhere")

    async def look(person: Person) -> None:
        await person.wait(lambda: "So </think>" in person.text)
        assert "Thinks from <think> on, <think> as text, to </think>:" in person.text
        assert re.search(r"<think> *\n *hm *\n *</think>", person.text)
        await person.press("f9")
        assert person.app.clipboard == TAGGED

    async def test(person: Person) -> None:
        await person.answered("Which tags, </think> apart?")
        await look(person)
        assert person.session.entries[-1].turn.thinking == "Tags: <think> and </think>."

    with History(tmp_path / "history.sqlite") as history:
        talking(None, ScriptedClient([Reply(TAGGED, ("Tags: <think> and </think>.",))]), history=history)(test)
        talking(None, ScriptedClient(), history=history, continue_last=True)(look)


def test_f8_writes_the_conversation_to_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        for number in ("1", "2"):
            await person.press("f8")
            await person.pilot.pause()
            await person.press(number)
            await person.wait(lambda: person.app.screen is person.screen)

    talking(tmp_path / "home", ScriptedClient(SHORT))(test)
    [markdown], [as_json] = tmp_path.glob("*.md"), tmp_path.glob("*.json")
    assert "It is 4." in markdown.read_text(encoding="utf-8")
    assert "What is 2 + 2?" in json.dumps(json.loads(as_json.read_text(encoding="utf-8")))


def test_f8_writes_the_map_of_thoughts_to_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def test(person: Person) -> None:
        await person.answered()
        for number, suffix in (("3", "svg"), ("4", "txt")):
            await person.press("f8", number)
            await person.wait(lambda suffix=suffix: list(tmp_path.glob(f"thoughts-*.{suffix}")))
            assert "⊘" in next(tmp_path.glob(f"thoughts-*.{suffix}")).read_text(encoding="utf-8")

    talking(tmp_path)(test)


def test_ctrl_n_begins_anew_and_ctrl_o_opens_what_was(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        await person.press("ctrl+n")
        await person.shown()
        assert not person.session.entries and person.screen.query_one(Welcome).display
        await person.press("ctrl+o")
        await person.wait(lambda: "What is 2 + 2?" in person.text)
        await person.press("enter")
        await person.wait(lambda: person.session.entries)
        await person.shown()
        assert "It is 4." in person.text

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_a_conversation_that_is_deleted_while_it_is_open_is_left(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        await person.press("ctrl+o")
        await person.wait(lambda: "1 turn" in person.text)
        await person.press("delete", "escape")
        await person.wait(lambda: person.app.screen is person.screen)
        await person.shown()
        assert not person.session.entries

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_leaving_while_it_writes_keeps_what_was_written(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(30)
        await person.press("ctrl+n")
        await person.shown()

    talking(tmp_path)(test)
    with History(tmp_path / "history.sqlite") as history:
        [kept] = history.conversations()
        answer = history.path(kept.id)[-1]
    assert answer.state == "cancelled" and "Okay, so I need" in answer.thinking


def test_f5_while_it_writes_says_that_it_waits_and_compares_at_the_end(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(20)
        await person.press("f5")
        await person.wait(lambda: "the comparison waits" in person.text)
        person.client.finish()
        await person.wait(lambda: person.app.screen.__class__.__name__ == "CompareScreen")

    talking(tmp_path)(test)


def test_f5_again_or_another_conversation_calls_a_waiting_comparison_off(tmp_path):
    async def test(person: Person) -> None:
        for call_off in ("f5", "ctrl+n"):
            await person.ask()
            await person.press("f5", call_off)
            person.client.finish()
            await person.wait(lambda: not person.session.busy)
            await person.shown()
            assert person.app.screen is person.screen and person.screen.comparing_after == -1

    talking(tmp_path)(test)


def test_f5_compares_the_latest_question(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        asked = len(person.client.asks)
        await person.press("f5")
        await person.wait(lambda: len(person.client.asks) == asked + 2)
        left, right = person.client.asks[-2:]
        assert (left.generation.tip.alpha, right.generation.tip.alpha) == (0.0, 3.0)
        assert left.seed == right.seed == person.session.entries[-1].turn.seed
        assert left.messages == right.messages
        person.client.finish()
        await person.wait(lambda: not person.session.asker.busy)
        await person.press("escape")
        await person.wait(lambda: person.app.screen is person.screen)

    talking(tmp_path)(test)


def test_a_short_conversation_begins_at_the_top_and_a_long_one_stays_at_its_end(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        assert person.screen.query(QuestionTurn).first().region.y <= 3
        for _ in range(6):
            await person.answered()
        transcript = person.screen.query_one(TranscriptView)
        await person.wait(lambda: transcript.max_scroll_y > 0 and transcript.scroll_y == transcript.max_scroll_y)
        await person.press("ctrl+n")
        await person.answered()
        await person.wait(lambda: transcript.scroll_y == 0)
        assert person.screen.query(QuestionTurn).first().region.y <= 3

    talking(tmp_path)(test)


@pytest.mark.parametrize("size", [(100, 40), (80, 24), (40, 12)])
def test_what_is_told_in_passing_does_not_lie_on_the_question(tmp_path, size):
    async def test(person: Person) -> None:
        person.app.notify("told in passing")
        await person.wait(lambda: person.app.screen.query("Toast"))
        await person.shown()
        toast = person.app.screen.query("Toast").first()
        assert not toast.region.overlaps(person.prompt.region)

    talking(tmp_path, size=size)(test)


def test_a_model_that_does_not_think_is_offered_nothing_to_steer(tmp_path):
    async def test(person: Person) -> None:
        asker = person.session.asker
        asker.model = replace(asker.model, loaded=replace(asker.model.loaded, thinks=False))
        await person.ask()
        await person.write(20)
        for action in ("answer_now", "think_on"):
            assert person.screen.check_action(action, ()) is False
        await person.press("ctrl+s")
        await person.shown()
        panel = person.screen.query_one(SettingsPanel)
        assert panel.query_one("Static.unpenalised").display and not any(each.display for each in panel.query(".tip"))
        await person.finish()
        assert "α" not in figures(person.session.entries[-1].turn, person.session.entries[-1].details)

    talking(tmp_path)(test)


def test_what_was_turned_in_flight_stands_in_the_line_of_the_answer(tmp_path):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(20)
        person.session.change(person.session.settings.changed("alpha", 0))
        await person.write(5)
        await person.press("ctrl+g")
        await person.finish()
        told = figures(person.session.entries[-1].turn, person.session.entries[-1].details)
        assert "α 3, β 600 · no penalty from token " in told and "answer now at token " in told

    talking(tmp_path)(test)


def test_a_conversation_that_does_not_fit_is_said_before_it_is_sent(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("one " * 30)
        await person.answered("two " * 30)
        asked = len(person.client.asks)
        person.prompt.text = "three " * 30
        await person.press("enter")
        await person.wait(lambda: "does not fit" in person.text)
        assert len(person.client.asks) == asked
        await person.press("1")  # leave the oldest out
        await person.wait(lambda: len(person.client.asks) == asked + 1)
        assert not any("one" in message.content for message in person.client.asks[-1].messages)
        await person.shown()
        assert person.screen.query(".left-out")

    talking(tmp_path, ScriptedClient(SHORT, longest=170))(test)


def test_a_question_that_fits_nowhere_is_offered_no_other_conversation(tmp_path):
    async def test(person: Person) -> None:
        person.prompt.text = "three " * 300
        await person.press("enter")
        await person.wait(lambda: "This question does not fit" in person.text)
        assert "A new conversation" not in person.text and "Back to the question" in person.text
        await person.press("escape")
        await person.wait(lambda: person.prompt.text.startswith("three"))

    talking(tmp_path, ScriptedClient(SHORT, longest=170))(test)


def test_ctrl_l_loads_and_ejects(tmp_path):
    async def test(person: Person) -> None:
        await person.press("ctrl+l")
        await person.wait(lambda: "countdown" in person.text)
        await person.press("f4")
        await person.wait(lambda: person.session.asker.model.phase == "none")
        assert not person.client.running
        await person.press("enter")
        await person.wait(lambda: person.session.asker.model.phase == "ready")
        assert sum(isinstance(order, Loading) for order in person.client.orders) == 2

    talking(tmp_path)(test)


def test_f1_opens_the_help_and_closes_it(tmp_path):
    async def test(person: Person) -> None:
        await person.press("f1")
        await person.wait(lambda: isinstance(person.app.screen, HelpScreen))
        await person.press("f1")
        await person.wait(lambda: person.app.screen is person.screen)

    talking(tmp_path)(test)


def test_every_verb_is_in_the_command_palette(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        verbs = {command.title for command in person.app.get_system_commands(person.screen)}
        usable = {key.label for key in CHAT_KEYS} - {"Stop", "Answer now", "Think on", "Go on", "Older", "Newer"}
        assert usable <= verbs

    talking(tmp_path)(test)


def test_a_store_that_fails_is_said_once_and_the_chat_goes_on(tmp_path):
    store = BreakableHistory(tmp_path / "history.sqlite")

    async def test(person: Person) -> None:
        store.trouble = "the disk is full"
        await person.answered("What is 2 + 2?")
        person.client.clock.wait(2)
        await person.wait(lambda: "the disk is full" in person.text)
        assert "It is 4." in person.text
        store.trouble = ""
        person.client.clock.wait(2)
        await person.wait(lambda: store.conversations())

    talking(None, ScriptedClient(SHORT), history=store)(test)


def test_what_a_model_says_is_never_obeyed(tmp_path):
    hostile = "[red]no[/red] [@click=app.quit]x[/] \x1b[2Jgone \x07 <think>open</think> מימין לשמאל 漢字 e\u0301"
    reply = Reply(hostile, (Line(hostile + "\n"),))

    async def test(person: Person) -> None:
        await person.answered(hostile)
        await person.press("f7")
        await person.shown()
        assert "\x1b" not in person.text and "\x07" not in person.text
        assert person.text.count("[@click=app.quit]") >= 2

    talking(tmp_path, ScriptedClient([reply]))(test)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (300, 100)])
def test_every_size_of_terminal_shows_the_conversation(tmp_path, size):
    async def test(person: Person) -> None:
        await person.ask()
        await person.write(40)
        await person.press("f6")
        await person.press("ctrl+s")
        await person.shown()
        await person.press("ctrl+s")
        await person.press("f6")
        await person.pilot.resize_terminal(40, 12)
        await person.shown()
        await person.pilot.resize_terminal(*size)
        await person.finish()
        assert "46" in person.text

    talking(tmp_path, size=size)(test)


def test_no_colour_changes_nothing_but_colours(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def test(person: Person) -> None:
        await person.answered()
        assert "46" in person.text

    talking(tmp_path)(test)


def test_two_windows_on_one_history_both_work(tmp_path):
    async def test(person: Person) -> None:
        await person.answered("What is 2 + 2?")
        with History(tmp_path / "history.sqlite") as other:
            [seen] = other.conversations()
            assert [message.content for message in other.path(seen.id)] == ["What is 2 + 2?", "It is 4."]
            other.rename(seen.id, "from elsewhere")
            other.create("another")
        await person.answered("What is 3 * 3?")
        assert "It is 9." in person.text

    talking(tmp_path, ScriptedClient(SHORT))(test)


def test_continue_opens_the_last_conversation(tmp_path):
    async def first(person: Person) -> None:
        await person.answered("What is 2 + 2?")

    async def second(person: Person) -> None:
        await person.shown()
        assert "It is 4." in person.text and "1 thought" in person.text
        await person.answered("What is 3 * 3?")
        assert [message.content for message in person.client.asks[-1].messages] == [
            "What is 2 + 2?", "It is 4.", "What is 3 * 3?"]

    talking(tmp_path, ScriptedClient(SHORT))(first)
    talking(tmp_path, ScriptedClient(SHORT[1:]), continue_last=True)(second)


def test_a_long_conversation_shows_its_end_first_and_earlier_turns_on_demand(tmp_path):
    async def test(person: Person) -> None:
        for number in range(13):
            await person.answered(f"question {number}")
        conversation = person.session.transcript.conversation
        person.session.new()
        person.session.open(conversation)
        await person.shown()
        assert len(person.screen.query(QuestionTurn)) == 10
        person.screen.query_one("#transcript").scroll_home(animate=False)
        await person.shown()
        await person.pilot.click("Earlier")
        await person.shown()
        assert len(person.screen.query(QuestionTurn)) == 13

    talking(tmp_path, ScriptedClient(SHORT[:1]))(test)


def test_a_fixed_seed_is_sent_and_shown(tmp_path):
    async def test(person: Person) -> None:
        await person.answered()
        assert person.client.asks[0].seed == 77 and "seed 77" in person.text

    talking(tmp_path, settings=ChatSettings(seed=77))(test)
