"""An engine in a child process: its news, its deaths, and that nothing of it stays behind."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Checked, Died, Finished, Loaded, Loading, News, Progress, Refused
from localthink.locations import bundled_model
from localthink.records import Message

PUZZLE = (Message("user", "Use 3, 5 and 12 to make 57."),)
MODEL = str(bundled_model())


def hear(host: EngineHost, kind: type[News], seconds: float = 60) -> list[News]:
    """All news up to the first of a kind."""
    heard: list[News] = []
    end = time.monotonic() + seconds
    while not any(isinstance(news, kind) for news in heard):
        assert time.monotonic() < end, f"no {kind.__name__} but {heard}"
        heard += host.receive(1.0)
    return heard


@pytest.fixture
def host():
    with EngineHost() as started:
        started.start()
        yield started


def test_it_loads_answers_and_counts(host):
    host.send(Loading(MODEL, slots=2, threads=1))
    [loaded] = [news for news in hear(host, Loaded) if isinstance(news, Loaded)]
    assert (loaded.slots, loaded.longest) == (2, 1024)
    for number in (7, 8, 9):
        host.send(Ask(number, PUZZLE, seed=3, max_tokens=40))
    heard: list[News] = []
    while sum(isinstance(news, Finished) for news in heard) < 3:
        heard += hear(host, Finished)
    traces = {news.number: news.trace for news in heard if isinstance(news, Finished)}
    assert set(traces) == {7, 8, 9}
    assert len({trace.token_ids for trace in traces.values()}) == 1, "one seed, one text"
    assert [news for news in heard if isinstance(news, Progress)][-1].tokens == sum(t.tokens for t in traces.values())


def test_a_prompt_that_cannot_be_is_refused_and_the_next_is_answered(host):
    host.send(Loading(MODEL, threads=1))
    host.send(Ask(1, (Message("user", "word " * 3000),)))
    host.send(Ask(2, PUZZLE, max_tokens=5))
    heard = hear(host, Finished)
    [refused] = [news for news in heard if isinstance(news, Refused)]
    assert refused.number == 1 and "1024" in refused.reason


def test_prompts_are_measured_without_the_weights(host):
    host.send(Loading(MODEL, vocabulary_only=True))
    host.send(Ask(5, PUZZLE, only_check=True))
    [checked] = [news for news in hear(host, Checked) if isinstance(news, Checked)]
    assert checked == Checked(5, checked.prompt_tokens) and checked.prompt_tokens > 5


def test_a_model_that_is_not_there_is_a_lasting_end(host):
    host.send(Loading("no-such-model"))
    [died] = [news for news in hear(host, Died) if isinstance(news, Died)]
    assert died.lasting and died.code == 2 and "no-such-model" in died.reason


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as POSIX has them")
def test_a_killed_child_is_reported_with_the_signal_and_can_be_started_again(host):
    host.send(Loading(MODEL, threads=1))
    hear(host, Loaded)
    host.send(Ask(1, PUZZLE))
    os.kill(host.pid, signal.SIGKILL)
    [died] = [news for news in hear(host, Died) if isinstance(news, Died)]
    assert "SIGKILL" in died.reason and not died.lasting
    host.start()
    host.send(Loading(MODEL, threads=1))
    assert hear(host, Loaded)


def _abort(orders, news, log: Path) -> None:
    log.write_text("some noise\nggml.c:1: GGML_ASSERT(rows > 0) failed\n#1 0xdeadbeef in somewhere\n")
    os.abort()


def test_a_native_abort_is_a_message_that_quotes_it():
    with EngineHost(_abort) as host:
        host.start()
        [died] = [news for news in hear(host, Died) if isinstance(news, Died)]
    assert "GGML_ASSERT(rows > 0) failed" in died.reason


def test_closing_ends_the_child_and_removes_its_log():
    host = EngineHost()
    host.start()
    child, log = psutil.Process(host.pid), host._log
    assert log is not None and log.exists()
    host.close()
    assert not child.is_running() and not log.exists()
    host.close()


ORPHAN = f"""
import os, sys
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Loading
from localthink.records import Message
if __name__ == "__main__":
    host = EngineHost()
    host.start()
    host.send(Loading({MODEL!r}, threads=1))
    print(host.pid, flush=True)
    sys.stdin.read()
"""


def test_a_child_does_not_outlive_its_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(ORPHAN)
    parent = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    child.wait(timeout=30)  # raises where it still runs
