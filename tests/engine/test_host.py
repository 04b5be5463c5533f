"""An engine in a child process: its news, its deaths, and that nothing of it stays behind."""
from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import psutil
import pytest

from localthink.control.budget import GRACE_TOKENS
from localthink.engine.host import EngineHost
from localthink.engine.messages import (
    Ask,
    Cancel,
    Checked,
    Checkpoint,
    Count,
    Counted,
    Died,
    Finished,
    Loaded,
    Loading,
    LoadingShare,
    News,
    Reading,
    Refused,
    Steer,
    Throughput,
    Written,
)
from localthink.locations import bundled_model
from localthink.records import Event, Generation, Message, Prefix, Tip, Trace
from tiny_gguf import write_tiny_gguf

PUZZLE = (Message("user", "Use 3, 5 and 12 to make 57."),)
LONG = (Message("user", "word " * 1_500),)  # seconds of reading, for the model below
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
        host.send(Ask(number, PUZZLE, Generation(max_tokens=40), seed=3))
    heard: list[News] = []
    while sum(isinstance(news, Finished) for news in heard) < 3:
        heard += hear(host, Finished)
    traces = {news.number: news.trace for news in heard if isinstance(news, Finished)}
    assert set(traces) == {7, 8, 9}
    assert len({trace.token_ids for trace in traces.values()}) == 1, "one seed, one text"
    assert [news for news in heard if isinstance(news, Throughput)][-1].tokens == sum(t.tokens for t in traces.values())


def test_a_prompt_that_cannot_be_is_refused_and_the_next_is_answered(host):
    host.send(Loading(MODEL, threads=1))
    host.send(Ask(1, (Message("user", "word " * 3000),)))
    host.send(Ask(2, PUZZLE, Generation(max_tokens=5)))
    heard = hear(host, Finished)
    [refused] = [news for news in heard if isinstance(news, Refused)]
    assert refused.number == 1 and "1024" in refused.reason


@pytest.mark.parametrize("vocabulary_only", [True, False])
def test_a_prompt_far_longer_than_the_context_is_refused_by_its_characters(host, vocabulary_only):
    host.send(Loading(MODEL, threads=1, vocabulary_only=vocabulary_only))
    long = (Message("user", "x" * 2_000_000),)
    host.send(Ask(1, long, only_check=vocabulary_only))
    host.send(Count(2, long))
    host.send(Count(3, PUZZLE))
    heard = hear(host, Counted)
    assert [(news.number, "far more than the 1024 tokens" in news.reason) for news in heard
            if isinstance(news, Refused)] == [(1, True), (2, True)]


def test_prompts_are_measured_without_the_weights(host):
    host.send(Loading(MODEL, vocabulary_only=True))
    host.send(Ask(5, PUZZLE, only_check=True))
    [checked] = [news for news in hear(host, Checked) if isinstance(news, Checked)]
    assert checked == Checked(5, checked.prompt_tokens) and checked.prompt_tokens > 5


def test_a_model_that_is_not_there_is_a_lasting_end(host):
    host.send(Loading("no-such-model"))
    [died] = [news for news in hear(host, Died) if isinstance(news, Died)]
    assert died.lasting and died.code == 2 and "no-such-model" in died.reason


# watched, steered, given up


@pytest.fixture
def loaded(host):
    host.send(Loading(MODEL, slots=2, threads=1))
    hear(host, Loaded)
    return host


@pytest.fixture
def slow(host, tmp_path):
    """A model that reads the long question for seconds."""
    path = write_tiny_gguf(tmp_path / "slow.gguf", layers=4, width=256, hidden=512, context=8192)
    host.send(Loading(str(path), slots=2, threads=1))
    hear(host, Loaded)
    return host


def ended(heard: list[News], number: int) -> Trace:
    [trace] = [news.trace for news in heard if isinstance(news, Finished) and news.number == number]
    return trace


def written(heard: list[News], number: int) -> list[Event]:
    return [event for news in heard if isinstance(news, Written) and news.number == number for event in news.events]


def hear_all(host: EngineHost, *numbers: int) -> list[News]:
    """Everything up to the end of these."""
    heard: list[News] = []
    while set(numbers) - {news.number for news in heard if isinstance(news, Finished)}:
        heard += hear(host, Finished)
    return heard


def test_what_is_watched_is_told_token_for_token_and_then_as_a_whole(loaded):
    loaded.send(Ask(4, PUZZLE, seed=3, alternatives=3, watched=True))
    loaded.send(Ask(5, PUZZLE, seed=3))
    heard = hear_all(loaded, 4, 5)
    trace, events = ended(heard, 4), written(heard, 4)
    assert tuple(event.token for event in events) == trace.token_ids
    texts = {part: "".join(event.text for event in events if event.part == part) for part in ("thinking", "answer")}
    assert (texts["thinking"].strip(), texts["answer"].strip()) == (trace.thinking, trace.answer)
    assert all(1 <= len(event.alternatives) <= 3 for event in events)
    assert events[-1].trace == trace and not any(event.trace for event in events[:-1])
    kinds = [type(news) for news in heard if isinstance(news, Written | Finished) and news.number == 4]
    assert kinds[-1] is Finished and kinds.count(Finished) == 1
    assert written(heard, 5) == [] and ended(heard, 5).token_ids == trace.token_ids


def test_how_far_a_long_prompt_has_been_read_is_told(slow):
    question = (Message("user", "word " * 500),)
    slow.send(Count(1, question))
    [counted] = [news for news in hear(slow, Counted) if isinstance(news, Counted)]
    slow.send(Ask(2, question, Generation(max_tokens=3), watched=True))
    heard = hear_all(slow, 2)
    reading = [news for news in heard if isinstance(news, Reading)]
    assert reading and all(news.number == 2 and 0 <= news.tokens < news.of == counted.tokens for news in reading)
    assert [news.tokens for news in reading] == sorted(news.tokens for news in reading)
    assert ended(heard, 2).prompt_tokens == counted.tokens


def test_a_sample_is_given_up_in_the_middle_of_its_prompt_and_the_next_is_answered(slow):
    slow.send(Ask(1, LONG, watched=True))
    reading = hear(slow, Reading)
    assert all(not isinstance(news, Finished) for news in reading)
    slow.send(Cancel(1))
    heard = hear_all(slow, 1)
    trace = ended(heard, 1)
    assert (trace.finish_reason, trace.token_ids) == ("cancelled", ())
    assert all(news.tokens < news.of for news in heard if isinstance(news, Reading)), "it was not read to its end"
    slow.send(Ask(2, PUZZLE, Generation(max_tokens=3)))
    assert len(ended(hear_all(slow, 2), 2).token_ids) == 3


def test_what_is_watched_and_given_up_ends_with_its_trace_and_tells_nothing_that_was_held_back(slow):
    slow.send(Ask(1, PUZZLE, seed=2, watched=True))
    heard = hear(slow, Written)
    slow.send(Cancel(1))
    heard += hear_all(slow, 1)
    trace, (*told, last) = ended(heard, 1), written(heard, 1)
    assert (trace.finish_reason, last.token, last.text, last.trace) == ("cancelled", -1, "", trace)
    assert tuple(event.token for event in told) == trace.token_ids[:len(told)] and told


def test_giving_one_up_leaves_the_other_as_it_would_have_been(loaded):
    loaded.send(Ask(1, PUZZLE, seed=3))
    alone = ended(hear_all(loaded, 1), 1)
    loaded.send(Ask(2, PUZZLE, seed=3, watched=True))
    loaded.send(Ask(3, (Message("user", "Use 2, 4 and 6 to make 9."),), seed=4))
    loaded.send(Cancel(3))
    heard = hear_all(loaded, 2, 3)
    assert ended(heard, 3).finish_reason in ("cancelled", "stop", "length")
    assert ended(heard, 2).token_ids[:20] == alone.token_ids[:20]  # later ones may round otherwise beside another


def test_what_is_turned_on_the_way_reaches_the_sample(loaded):
    loaded.send(Ask(1, PUZZLE, Generation(tip=Tip(alpha=0.0)), seed=3, watched=True))
    loaded.send(Steer(1, Tip(alpha=2.0, beta=50)))
    loaded.send(Steer(1, wish="answer"))
    trace = ended(hear_all(loaded, 1), 1)
    assert [(one.alpha, one.beta, one.wish) for one in trace.steered] == [(2.0, 50, "free"), (2.0, 50, "answer")]
    assert sum(thought.tokens for thought in trace.thoughts) <= trace.steered[1].position + GRACE_TOKENS
    assert trace.answer


def test_orders_about_what_is_not_there_are_passed_over(loaded):
    loaded.send(Cancel(77))
    loaded.send(Steer(77, Tip(), "think"))
    loaded.send(Ask(1, PUZZLE, Generation(max_tokens=3)))
    hear_all(loaded, 1)
    loaded.send(Cancel(1))
    loaded.send(Steer(1, wish="answer"))
    loaded.send(Count(2, PUZZLE))
    assert not any(isinstance(news, Finished | Died) for news in hear(loaded, Counted))


def test_a_prompt_is_counted_while_another_is_read(slow):
    slow.send(Ask(1, LONG, watched=True))
    hear(slow, Reading)
    slow.send(Count(2, PUZZLE))
    heard = hear(slow, Counted)
    assert not any(isinstance(news, Finished) for news in heard)
    slow.send(Cancel(1))
    hear_all(slow, 1)
    slow.send(Ask(3, PUZZLE, Generation(max_tokens=1)))
    [counted] = [news for news in heard if isinstance(news, Counted)]
    assert counted == Counted(2, ended(hear_all(slow, 3), 3).prompt_tokens)


def test_what_cannot_be_counted_is_refused(loaded):
    loaded.send(Count(5, (Message("user", "\ud800"),)))
    [refused] = [news for news in hear(loaded, Refused) if isinstance(news, Refused)]
    assert refused.number == 5 and "not Unicode" in refused.reason
    loaded.send(Count(6, ()))
    [refused] = [news for news in hear(loaded, Refused) if isinstance(news, Refused)]
    assert refused.number == 6


def test_an_answer_goes_on_in_another_process(loaded):
    loaded.send(Ask(1, PUZZLE, seed=2))
    whole = ended(hear_all(loaded, 1), 1)
    loaded.start()
    loaded.send(Loading(MODEL, slots=2, threads=1, watched=True))
    shares = [news.share for news in hear(loaded, Loaded) if isinstance(news, LoadingShare)]
    assert shares == sorted(shares) and all(0 <= share <= 1 for share in shares)
    loaded.send(Ask(1, PUZZLE, seed=2, prefix=Prefix(whole.token_ids[:50]), watched=True))
    heard = hear_all(loaded, 1)
    again = ended(heard, 1)
    assert again.token_ids[:65] == whole.token_ids[:65]  # what was begun is read in one batch, and rounds otherwise
    assert tuple(event.token for event in written(heard, 1)) == again.token_ids[50:]


def test_what_unfinished_samples_have_written_is_told_piece_by_piece_and_another_process_goes_on_behind_it(host):
    asks = [Ask(number, PUZZLE, Generation(max_tokens=60), seed=number) for number in (1, 2, 3)]
    host.send(Loading(MODEL, slots=2, threads=1, keep_every=0.0))
    for ask in asks:
        host.send(ask)
    heard = hear_all(host, 1, 2, 3)
    pieces = [news for news in heard if isinstance(news, Checkpoint)]
    begun = {}
    for ask in asks:
        own, whole = [news for news in pieces if news.number == ask.number], ended(heard, ask.number)
        assert [news.start for news in own] == [*accumulate((len(news.written.tokens) for news in own[:-1]), initial=0)]
        assert sum((news.written.tokens for news in own), ()) == whole.token_ids[:-1]
        held = sum((news.written.held for news in own), ())
        assert sum(switches for _, switches in held) == whole.held
        assert own[-1].written.seconds <= whole.seconds
        begun[ask.number] = Prefix(whole.token_ids[:30], tuple(each for each in held if each[0] < 30), 2.0)
    host.start()
    host.send(Loading(MODEL, slots=2, threads=1, keep_every=0.0))
    for ask in asks:
        host.send(replace(ask, prefix=begun[ask.number]))
    again = hear_all(host, 1, 2, 3)
    assert {news.start for news in again if isinstance(news, Checkpoint)} == set(range(30, 59))
    for ask in asks:
        one, other = ended(heard, ask.number), ended(again, ask.number)
        assert (other.token_ids, other.thoughts, other.held) == (one.token_ids, one.thoughts, one.held)
        assert other.seconds > 2.0


def test_unless_it_is_wanted_nothing_is_told_of_unfinished_samples(loaded):
    loaded.send(Ask(1, PUZZLE, Generation(max_tokens=60)))
    assert not any(isinstance(news, Checkpoint) for news in hear_all(loaded, 1))


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


@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_ordered_and_whenever_every_ask_ends_once_with_what_was_told_of_it(loaded, seed):
    chance, told = random.Random(seed), {}
    asked: set[int] = set()
    ended: list[int] = []

    def take(seconds: float) -> None:
        for news in loaded.receive(seconds):
            assert not isinstance(news, Died)
            if isinstance(news, Written):
                assert news.number in asked and news.number not in ended
                told.setdefault(news.number, []).extend(event.token for event in news.events if event.token >= 0)
            if isinstance(news, Finished):
                ended.append(news.number)
                assert tuple(told.get(news.number, ())) == news.trace.token_ids

    for number in range(80):
        order = chance.choice(["ask", "cancel", "steer", "steer", "count"])
        earlier = chance.choice(sorted(asked) or [99])
        if order == "ask":
            asked.add(number)
            question = PUZZLE * chance.choice([1, 1, 20])
            generation = Generation(max_thinking=chance.choice([None, 30]))
            loaded.send(Ask(number, question, generation, seed=number, watched=True))
        elif order == "cancel":
            loaded.send(Cancel(earlier))
        elif order == "steer":
            loaded.send(Steer(earlier, Tip(alpha=chance.choice([0, 3, -5, math.inf])),
                              chance.choice(["answer", "think", "free"])))
        else:
            loaded.send(Count(number, PUZZLE))
        take(chance.choice([0, 0, 0.01]))
    for number in asked:
        loaded.send(Steer(number, wish="free"))
    end = time.monotonic() + 60
    while set(ended) != asked:
        assert time.monotonic() < end, asked - set(ended)
        take(0.2)
    assert len(ended) == len(asked)
