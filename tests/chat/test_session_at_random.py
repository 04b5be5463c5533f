"""Whatever a person does in whatever order, and whatever fails on the way: nothing of it is lost or mixed up."""
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.scripted import BreakableHistory, Line, Reply, ScriptedClient, client_of, session
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.history import History

REPLIES = [Reply(f"\n\nThe answer is {number}.\n", (Line("So it is. It is so.\n", {2: 0.75}), f"But {number}.\n"),
                 reading=number % 3) for number in range(7)]
QUESTION = "question " * 6
ACTIONS = ("send", "send", "long", "again", "edit", "back", "on", "stop", "now", "think", "turn", "go on", "die",
           "eject", "load", "other", "new", "open", "drop", "give up", "count", "break", "repair", "wait")
steps = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 12), st.booleans()), max_size=30)


def act(talk: Session, action: str, number: int, store: BreakableHistory) -> None:
    client, questions = client_of(talk), [entry for entry in talk.entries if entry.turn is None]
    match action:
        case "send" | "long":
            talk.send(QUESTION * (4 if action == "long" else 1))
        case "again":
            talk.regenerate()
        case "edit" if questions:
            talk.edit(questions[number % len(questions)], f"other {number}")
        case "back" | "on" if talk.entries:
            talk.show_sibling(talk.entries[number % len(talk.entries)], -1 if action == "back" else 1)
        case "stop":
            talk.stop()
        case "now" | "think":
            talk.wish("answer" if action == "now" else "think")
        case "turn":
            talk.change(talk.settings.changed("alpha", float(number)))
        case "go on":
            talk.go_on()
        case "die" if client.running:
            client.die()
        case "eject":
            talk.eject()
        case "load" | "other":
            client.name = "scripted" if action == "load" else "other"
            talk.load(Opening(client.name))
        case "new":
            talk.new()
        case "open":
            if store.reads and not store.trouble and (there := store.conversations()):
                talk.open(there[number % len(there)].id)
        case "drop":
            talk.drop_oldest()
        case "give up":
            talk.give_up()
        case "count":
            talk.count("draft")
        case "break" | "repair":
            store.trouble = "the disk is full" if action == "break" else ""
        case "wait":
            client.clock.wait(1.0)


def check(talk: Session) -> None:
    entries = talk.entries
    assert [entry.role for entry in entries] == ["user", "assistant"] * (len(entries) // 2)
    assert all(not entry.turn.running for entry in entries[1::2] if entry is not talk.live)
    assert talk.overflow is None or talk.busy
    assert talk.live is None or talk.asker.model.phase == "ready"
    assert talk.first % 2 == 0 and talk.first <= len(entries) + 2
    for entry in entries[1::2]:
        assert entry.turn.tokens == len(entry.turn.token_ids) or not entry.turn.token_ids


@settings(max_examples=150)
@given(steps)
def test_nothing_is_lost_or_mixed_up(tmp_path_factory, actions):
    path = tmp_path_factory.mktemp("store") / "history.sqlite"
    with BreakableHistory(path) as store:
        talk = session(None, ScriptedClient(REPLIES, longest=150), history=store)
        for action, number, pumped in actions:
            act(talk, action, number, store)
            client_of(talk).advance(number)
            if pumped:
                talk.pump()
                check(talk)
        store.trouble = ""
        talk.pump()
        talk.give_up()
        if talk.live is not None and talk.live.turn.wish == "think":
            talk.wish("think")
        client_of(talk).finish()
        for _ in range(2):
            client_of(talk).clock.wait(1.0)
            talk.pump()
        assert not talk.busy and talk.transcript.complete
        check(talk)
        with History(path) as other:
            found = other.path(talk.transcript.conversation) if talk.transcript.conversation else []
            assert [(one.id, one.content, one.thinking, one.state) for one in found] == [
                (entry.id, entry.message().content, entry.turn.thinking if entry.turn else "",
                 entry.turn.state if entry.turn else "stop") for entry in talk.entries]
            for conversation in other.conversations():
                for message in other.messages(conversation.id):
                    assert message.state != "writing"
                    assert message.role == "user" or message.parent is not None
