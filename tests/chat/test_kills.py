"""Kill -9 of the program, and of its engine, at random tokens of an answer that goes on each time."""
from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from chat import killed_chat
from localthink.chat.asking import ALTERNATIVES, SLOTS
from localthink.chat.client import EngineClient
from localthink.engine.messages import Ask, Finished, Loading
from localthink.history import History, StoredMessage
from localthink.locations import bundled_model
from localthink.records import Message, Prefix, Trace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 as POSIX has it")
PATIENCE = 60.0  # seconds
KILLS = 3


def undisturbed(seed: int, ids: tuple[int, ...]) -> Trace:
    """What a fresh engine writes behind these tokens of the answer."""
    client, wanted = EngineClient(), killed_chat.settings(seed)
    try:
        client.start()
        client.send(Loading(str(bundled_model()), SLOTS, threads=1))
        client.send(Ask(1, (Message("user", killed_chat.QUESTION),), wanted.generation, seed,
                        alternatives=ALTERNATIVES, prefix=Prefix(ids)))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for news in client.receive():
                if isinstance(news, Finished):
                    return news.trace
            time.sleep(0.01)
    finally:
        client.close()
    raise AssertionError("it does not come to an end")


def kill(program: subprocess.Popen[str], whom: str) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(program.pid)
        engines = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
        for doomed in engines if whom == "engine" else [process]:
            doomed.kill()


def kept(file: Path) -> StoredMessage | None:
    """The answer as another program finds it."""
    with History(file) as store:
        latest = store.latest()
        found = store.path(latest.id) if latest is not None else []
        return found[1] if len(found) > 1 else None


def disturbed(file: Path, seed: int, rng: random.Random) -> tuple[list[str], list[StoredMessage]]:
    """Let an answer be written, killing on the way; returns what was said, and what was kept at each kill."""
    said, seen, left = [], [], KILLS
    while True:
        with subprocess.Popen([sys.executable, killed_chat.__file__, str(file), str(seed)], stdout=subprocess.PIPE,
                              text=True) as program:
            begun = time.monotonic()
            while left and program.poll() is None:
                answer = kept(file) if file.exists() else None
                if answer is None or answer.content == answer.thinking == "":
                    assert time.monotonic() < begun + PATIENCE
                    time.sleep(0.02)
                    continue
                time.sleep(rng.uniform(0.0, 1.0 if seen else 0.3))
                kill(program, rng.choice(["program", "engine"]))
                left -= 1
                if (answer := kept(file)) is not None:
                    seen.append(answer)
            said += program.communicate(timeout=PATIENCE)[0].split("\n")
        if program.returncode == 0:
            return [line for line in said if line], seen
        assert program.returncode < 0


def check(file: Path, seed: int) -> bool:
    """Whether it is to the last token what an undisturbed answer is; or it departs by rounding only.

    What goes on is read in one piece where it was written token by token, which llama.cpp rounds otherwise: so each
    stretch must be what an engine writes that is given the tokens before it.
    """
    lines, seen = disturbed(file, seed, random.Random(seed))
    ids = tuple(json.loads(lines.pop()))
    begins = sorted({0, *map(int, lines)})
    for begin, end in zip(begins, [*begins[1:], len(ids)], strict=True):
        trace = undisturbed(seed, ids[:begin])
        assert trace.token_ids[:end] == ids[:end], f"from token {begin} on"
    answer = kept(file)
    assert (answer.state, answer.thinking.strip(), answer.content) == ("stop", trace.thinking, trace.answer)
    assert trace.token_ids == ids
    for one in seen:
        assert answer.thinking.startswith(one.thinking) and answer.content.startswith(one.content.rstrip())
        assert one.token_ids == ids[:len(one.token_ids)]
        assert bool(one.token_ids) == (one.state != "stop")
    return len(begins) == 1 or undisturbed(seed, ()).token_ids == ids


def test_an_answer_that_is_killed_three_times_departs_by_rounding_only(tmp_path):
    check(tmp_path / "history.sqlite", 6)


@pytest.mark.slow
def test_twenty_answers_that_are_killed_three_times_each_depart_by_rounding_only(tmp_path):
    same = sum(check(tmp_path / f"{seed}.sqlite", seed) for seed in range(20))
    print(f"to the last token as if undisturbed: {same} of 20")
    assert same >= 12
