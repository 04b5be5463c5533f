"""A real child process behind a conversation: nothing waits for it, nothing of it stays behind, its death is news."""
from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from localthink.chat.asking import Asker, Opening
from localthink.chat.client import EngineClient
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.engine.host import serve_engine
from localthink.engine.messages import (
    Count,
    Counted,
    Died,
    Loaded,
    Loading,
    LoadingShare,
    News,
    Steer,
    Throughput,
)
from localthink.locations import bundled_model
from localthink.records import Generation, Message, Tip

PATIENCE = 60.0  # seconds; a busy machine is not a failing test
LOADED = Loaded(2, 100, 100, "echo", False, "echo")
QUESTION = (Message("user", "Use 3, 5 and 12 to make 57."),)
needs_sigkill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as POSIX has them")


def _echo(orders, news, log: Path) -> None:
    """Says of each order that it came; of a Loading that all is ready, of a Steer that it wants to end."""
    try:
        while True:
            order = orders.recv()
            if isinstance(order, Steer):
                return
            news.send(LOADED if isinstance(order, Loading) else Counted(order.number, order.number))
    except EOFError:
        pass


def _chatter(orders, news, log: Path) -> None:
    """Speaks without an end, much at a time, and listens to nobody."""
    while True:
        news.send(Loaded(1, 1, 1, "x" * 100_000, False))


def _silent(orders, news, log: Path) -> None:
    time.sleep(1_000)


def _mute_reader(orders, news, log: Path) -> None:
    """Says one thing and ends."""
    news.send(Throughput(1, 0.5, 1))


def heard(client: EngineClient, enough, seconds: float = PATIENCE) -> list[News]:
    """What is said until there is enough of it."""
    news: list[News] = []
    end = time.monotonic() + seconds
    while not enough(news):
        assert time.monotonic() < end, f"waited in vain: {news[-3:]}"
        news += client.receive()
        time.sleep(0.005)
    return news


def until(kind: type[News]):
    return lambda news: any(isinstance(one, kind) for one in news)


@pytest.fixture
def make():
    """Clients that end with the test."""
    made: list[EngineClient] = []

    def start(serve, started: bool = True) -> EngineClient:
        client = EngineClient(serve)
        made.append(client)
        if started:
            client.start()
        return client

    yield start
    for client in made:
        client.close()


def listeners() -> int:
    return threading.active_count()


def test_orders_are_answered_in_their_order_and_receiving_waits_for_nothing(make):
    client = make(_silent)
    begun = time.monotonic()
    assert [client.receive() for _ in range(100)] == [[]] * 100
    assert time.monotonic() - begun < 10  # and not a hundred times LISTEN_SECONDS
    client = make(_echo)
    client.send(Loading("toy"))
    client.send(Count(1, QUESTION))
    assert heard(client, lambda news: len(news) == 2) == [LOADED, Counted(1, 1)]


def test_a_thousand_orders_at_once_are_all_heard(make):
    client = make(_echo)
    for number in range(1_000):
        client.send(Count(number, QUESTION))
    news = heard(client, lambda news: len(news) >= 1_000)
    assert news == [Counted(number, number) for number in range(1_000)]


@needs_sigkill
def test_a_killed_process_is_told_of_and_orders_to_it_are_lost(make):
    client = make(_echo)
    client.send(Loading("toy"))
    heard(client, until(Loaded))
    os.kill(client.pid, signal.SIGKILL)
    [died] = heard(client, until(Died))
    assert "SIGKILL" in died.reason and not died.lasting
    client.send(Count(1, QUESTION))
    assert client.receive() == []
    client.start()
    client.send(Count(2, QUESTION))
    assert heard(client, until(Counted)) == [Counted(2, 2)]


def test_a_process_that_ends_by_itself_is_told_of_after_what_it_said(make):
    assert [type(one) for one in heard(make(_mute_reader), until(Died))] == [Throughput, Died]
    client = make(_echo)
    client.send(Count(1, QUESTION))
    client.send(Steer(1, Tip()))
    assert [type(one) for one in heard(client, until(Died))] == [Counted, Died]


@pytest.mark.parametrize("serve", [_chatter, _silent, _echo])
def test_closing_ends_the_process_and_its_listener_whatever_it_does(make, serve):
    before = listeners()
    client = make(serve)
    if serve is _chatter:
        heard(client, until(Loaded))
    child = psutil.Process(client.pid)
    client.close()
    assert not child.is_running() and listeners() == before and client.pid is None
    client.close()


def test_after_closing_nothing_more_is_said_and_orders_go_nowhere(make):
    client = make(_chatter)
    heard(client, until(Loaded))
    client.close()
    assert client.receive() == []
    client.send(Count(1, QUESTION))
    assert client.receive() == []


def test_starting_again_ends_the_one_before_and_none_of_its_news_are_heard(make):
    client = make(_chatter)
    heard(client, until(Loaded))
    child = psutil.Process(client.pid)
    client.start()
    assert not child.is_running() and client.pid != child.pid
    client._host._serve = _silent
    client.start()
    assert client.receive() == []


def test_before_it_is_started_it_hears_and_says_nothing(make):
    client = make(_echo, started=False)
    client.send(Count(1, QUESTION))
    assert client.receive() == [] and client.pid is None
    client.close()


def test_an_ejected_model_is_not_taken_for_one_that_died(make):
    asker = Asker(make(_echo, started=False), time.monotonic)
    for _ in range(3):
        asker.load(Opening("toy"))
        end = time.monotonic() + PATIENCE
        while asker.model.phase == "loading":
            assert time.monotonic() < end
            asker.pump()
            time.sleep(0.005)
        assert asker.model.phase == "ready"
        asker.eject()
        for _ in range(20):
            asker.pump()
            time.sleep(0.005)
        assert asker.model.phase == "none" and asker.model.reason == ""


def test_it_is_given_up_while_it_loads(make):
    asker = Asker(make(_silent, started=False), time.monotonic)
    asker.load(Opening("toy"))
    asker.eject()
    asker.pump()
    assert asker.model.phase == "none"


# with the engine itself


def pumped(talk: Session, enough) -> None:
    end = time.monotonic() + PATIENCE
    while not enough():
        assert time.monotonic() < end, (talk.asker.model, talk.said)
        talk.pump()
        time.sleep(0.01)


@pytest.fixture
def talk():
    session = Session(EngineClient(), None, ChatSettings(Generation(tip=Tip(alpha=0.0)), seed=3))
    session.load(Opening(str(bundled_model()), threads=1))
    pumped(session, lambda: session.asker.model.phase != "loading")
    yield session
    session.close()


def test_a_conversation_with_the_bundled_model(talk):
    model = talk.asker.model
    assert model.phase == "ready" and model.loaded.name == "countdown" and model.loaded.thinks
    talk.send(QUESTION[0].content)
    pumped(talk, lambda: len(talk.entries) == 2 and not talk.busy)
    turn = talk.entries[1].turn
    assert turn.state == "stop" and turn.answer and len(turn.thoughts) > 3
    assert turn.prompt_tokens > 10 and turn.speed > 0 and turn.tokens == len(turn.token_ids)
    assert all(event.alternatives for event in turn.recent)
    talk.regenerate()
    pumped(talk, lambda: not talk.busy)
    again = talk.entries[1].turn
    assert (again.token_ids, again.thinking, again.answer) == (turn.token_ids, turn.thinking, turn.answer)


@needs_sigkill
def test_killed_while_it_writes_it_is_opened_again_and_goes_on(talk):
    talk.send(QUESTION[0].content)
    talk.pump()
    turn = None
    end = time.monotonic() + PATIENCE
    while turn is None or not turn.tokens:
        assert time.monotonic() < end
        talk.pump()
        turn = talk.entries[1].turn if talk.entries else None
    pid = talk.asker._client.pid
    if turn.running:  # it may be fast
        os.kill(pid, signal.SIGKILL)
        pumped(talk, lambda: not turn.running)
    if turn.state != "stop":
        assert turn.state == "interrupted" and "SIGKILL" in turn.reason and talk.asker.model.phase == "died"
        ids = tuple(turn.token_ids)
        talk.go_on()
        pumped(talk, lambda: not turn.running and turn.state != "interrupted")
        assert turn.state == "stop" and tuple(turn.token_ids[:len(ids)]) == ids and talk.asker._client.pid != pid


def test_what_the_engine_refuses_is_said(talk):
    talk.count("word " * 5_000)
    pumped(talk, lambda: talk.prompt_tokens is not None)
    assert talk.prompt_tokens > 5_000
    talk.send("word " * 5_000)
    pumped(talk, lambda: talk.overflow is not None)
    assert talk.overflow.longest == talk.asker.model.longest


def test_news_of_loading_come_before_it_is_loaded(make):
    client = make(serve_engine)
    client.send(Loading(str(bundled_model()), threads=1, watched=True))
    news = heard(client, until(Loaded))
    assert all(isinstance(one, LoadingShare) for one in news[:-1])
    shares = [one.share for one in news[:-1]]
    assert shares == sorted(shares) and all(0 <= share <= 1 for share in shares)
