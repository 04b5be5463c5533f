#!/usr/bin/env python3
"""What the terminal program costs: the time to show, to echo a key, to start, and what it takes from the engine.

    python scripts/bench_tui.py stream [--tokens 30000] [--rate 200]
    python scripts/bench_tui.py start [--rounds 10]
    python scripts/bench_tui.py engine MODEL [--rounds 5] [--tokens 400] [--threads N]

`stream` runs the program without a terminal, at 100 x 40, on a scripted engine that writes thinking with code
and mathematics at --rate tokens a second, and then an answer. A flush is timed from the look at what has happened
until every widget knows it; with all that the process does until the next one (layout, painting, and here also the
scripted engine and the keys), it is given in processor time. A key is timed from its arrival until it is shown.

`start` runs `localthink chat` in a pseudo-terminal, on a home folder of its own, and measures until the first
words are there (POSIX only).

`engine` lets the same questions be answered by the program (without a terminal) and by `localthink ask`, by turns;
tokens a second of all answers of a round, medians, and the median of the paired ratios.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from textual import events

from bench_engine import machine
from localthink.chat.asking import Opening
from localthink.chat.client import EngineClient
from localthink.chat.puzzles import PUZZLES
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.engine.messages import (
    Ask,
    Cancel,
    Count,
    Counted,
    Finished,
    Loaded,
    Loading,
    News,
    Order,
    Written,
)
from localthink.history import History
from localthink.records import Alternative, Event, Generation, Sampling, Thought, Tip, Trace
from localthink.tui.app import ChatApp
from localthink.tui.widgets.prompt import Prompt

SIZE = (100, 40)
KEY_EVERY = 0.5  # seconds
PROSE = ("Let me set up the equation first. If \\(x^2 + 2x = 15\\) then \\(x = 3\\) or \\(x = -5\\), and the sum of "
         "the digits has to be even, so I check both.\n\n")
CODE = "```python\ndef digits(n):\n    return sum(map(int, str(n)))\n\nprint(digits(3 ** 5))\n```\n\n"
SWITCH = "Alternatively, count the pairs (a, b) with a + b = 12 one by one.\n"
ANSWER = ("## The result\n\nThere are **two** roots, \\(x = 3\\) and \\(x = -5\\):\n\n| root | digits |\n|---|---|\n"
          "| 3 | 3 |\n| -5 | 5 |\n\n" + CODE + "\\[ \\boxed{3} \\]\n\n")
QUESTIONS = (*PUZZLES, "Use 5, 6 and 9 to make 39.", "Use 3, 8 and 10 to make 54.", "Use 1, 7 and 12 to make 72.")


def pieces(text: str) -> list[str]:
    """Text as tokens of about four characters."""
    return [text[start:start + 4] for start in range(0, len(text), 4)]


class PacedClient:
    """A client without a process: an answer of `tokens` tokens of thinking at `rate` a second, and then its text."""

    def __init__(self, tokens: int, rate: float) -> None:
        self._script: list[tuple[str, int]] = []  # text and thought, -1 in the answer
        thought = 0
        while len(self._script) < tokens:
            for part in (PROSE, CODE, PROSE, SWITCH):
                thought += part is SWITCH and len(self._script) > (thought + 1) * tokens / 40
                self._script += [(piece, thought) for piece in pieces(part)]
        self._script = self._script[:tokens] + [(piece, -1) for piece in pieces(ANSWER * 12)]
        self._rate, self._news = rate, list[News]()
        self._ask: Ask | None = None
        self._begun, self._said = 0.0, 0

    def start(self) -> None:
        pass

    def close(self) -> None:
        self._ask = None

    def send(self, order: Order) -> None:
        if isinstance(order, Loading):
            self._news.append(Loaded(2, 65_536, 65_536, "", False, "scripted", "scripted", "Q4_K_M", 131_072, True))
        elif isinstance(order, Count):
            self._news.append(Counted(order.number, 100))
        elif isinstance(order, Ask):
            self._ask, self._begun, self._said = order, time.monotonic(), 0
        elif isinstance(order, Cancel):
            self._said = len(self._script)

    def receive(self) -> list[News]:
        news, self._news = self._news, []
        if (ask := self._ask) is not None:
            upto = min(len(self._script), int((time.monotonic() - self._begun) * self._rate))
            if upto > self._said:
                news.append(Written(ask.number, tuple(self._event(n) for n in range(self._said, upto))))
                self._said = upto
            if self._said == len(self._script):
                news.append(Finished(ask.number, self._trace()))
                self._ask = None
        return news

    def _event(self, place: int) -> Event:
        text, thought = self._script[place]
        others = tuple(Alternative(n, text, 0.3, 0.3) for n in range(6)) if place % 4 == 0 else ()
        return Event(1, 0, place, text, "thinking" if thought >= 0 else "answer", thought, False, -0.2, -0.2,
                     int(place % 97 == 0), alternatives=others)

    def _trace(self) -> Trace:
        count = len(self._script)
        thoughts = (Thought(0, 0, count, 0.0, ""),)
        return Trace(0, 1, 100, tuple(range(count)), "", "", "stop", thoughts, 0, 0.0, Sampling(), Tip(), 1.0, 1.0, 1.0)


async def until(done: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise SystemExit("it took too long")
        await asyncio.sleep(0.002)


async def stream(tokens: int, rate: float) -> None:
    with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.sqlite") as history:
        session = Session(PacedClient(tokens, rate), history, ChatSettings())
        app = ChatApp(session, Opening())
        async with app.run_test(size=SIZE):
            prompt = app.chat.query_one(Prompt)
            await until(lambda: session.asker.model.phase == "ready")
            session.send("How many?")
            await until(lambda: session.live is not None and session.live.turn.tokens > 50)
            app.chat.flushes.clear()
            app.chat.shows.clear()
            before, peak, keys = psutil.Process().memory_info().rss, 0, list[float]()
            while session.live is not None:
                keys.append(await key_echo(app, prompt))
                peak = max(peak, psutil.Process().memory_info().rss)
                await asyncio.sleep(KEY_EVERY)
    show("flush", list(app.chat.shows))
    show("flush with layout, painting and all else, processor time", list(app.chat.flushes))
    show("key", keys)
    print(f"memory grew by {(peak - before) / 2**20:.1f} MiB")


async def key_echo(app: ChatApp, prompt: Prompt) -> float:
    """Seconds from a key's arrival until the screen has been drawn with it."""
    drawn = asyncio.Event()
    length = len(prompt.text)
    begun = time.perf_counter()
    app.post_message(events.Key("x", "x"))
    while len(prompt.text) == length:
        await asyncio.sleep(0)
    app.chat.call_after_refresh(drawn.set)
    await drawn.wait()
    took = time.perf_counter() - begun
    prompt.text = ""
    return took


def show(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    print(f"{name}: {len(ordered)} times, mean {statistics.fmean(ordered) * 1e3:.1f} ms, median "
          f"{statistics.median(ordered) * 1e3:.1f}, p99 {ordered[int(len(ordered) * 0.99) - 1] * 1e3:.1f}, "
          f"most {ordered[-1] * 1e3:.1f}")


def first_paint() -> float:
    """Seconds from the start of `localthink chat` until its first words are on the terminal."""
    import fcntl
    import pty
    import struct
    import termios

    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "data").mkdir()
        (Path(home) / "data" / "demo-shown").touch()  # of the first launch ever, the demo is another measurement
        begun = time.perf_counter()
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(LOCALTHINK_HOME=home, TERM="xterm-256color", COLUMNS="100", LINES="40")
            os.execv(sys.executable, [sys.executable, "-m", "localthink", "chat"])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        seen = b""
        while b"jump from idea to idea" not in seen:
            seen += os.read(terminal, 65_536)
        took = time.perf_counter() - begun
        psutil.Process(child).kill()
        os.waitpid(child, 0)
        os.close(terminal)
    return took


def start(rounds: int) -> None:
    first_paint()  # what the system has not read yet
    show("first paint", [first_paint() for _ in range(rounds)])


class Answers:
    """The same questions, by the program or by `localthink ask`."""

    def __init__(self, model: str | None, tokens: int, threads: int | None) -> None:
        self._opening = Opening(model, 4096 if model else None, threads=threads)
        self._settings = ChatSettings(Generation(max_tokens=tokens), seed=1)
        self._questions = QUESTIONS if model is None else QUESTIONS[:1]
        self._command = [sys.executable, "-m", "localthink", "ask", "--json", "--seed", "1",
                         "--max-tokens", str(tokens)]
        self._command += ["-m", model, "--context", "4096"] if model else []
        self._command += ["--threads", str(threads)] if threads else []

    async def by_program(self) -> float:
        with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.sqlite") as history:
            session = Session(EngineClient(), history, self._settings)
            app = ChatApp(session, self._opening)
            async with app.run_test(size=SIZE):
                await until(lambda: session.asker.model.phase == "ready")
                turns = []
                for question in self._questions:
                    session.new()
                    session.send(question)
                    await until(lambda: not session.busy)
                    turns.append(session.entries[-1].turn)
        return sum(turn.tokens for turn in turns) / sum(turn.tokens / turn.speed for turn in turns)

    async def by_ask(self) -> float:
        traces = [json.loads(subprocess.run([*self._command, question], check=True, capture_output=True).stdout)
                  for question in self._questions]
        return (sum(trace["tokens"] for trace in traces)
                / sum(trace["tokens"] / trace["tokens_per_second"] for trace in traces))


async def engine(model: str | None, rounds: int, tokens: int, threads: int | None) -> None:
    answers, pairs = Answers(model, tokens, threads), []
    for number in range(rounds):
        turns = [answers.by_ask, answers.by_program]
        speeds = [await turn() for turn in (turns if number % 2 else reversed(turns))]
        pairs.append(tuple(speeds if number % 2 else reversed(speeds)))
    alone, program = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / its for its, mine in pairs)
    print(f"ask {alone:,.1f} tokens/s, with the program {program:,.1f}: {ratio:.3f} of it "
          f"({', '.join(f'{mine / its:.3f}' for its, mine in pairs)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    streaming = kinds.add_parser("stream")
    streaming.add_argument("--tokens", type=int, default=30_000)
    streaming.add_argument("--rate", type=float, default=200)
    starting = kinds.add_parser("start")
    starting.add_argument("--rounds", type=int, default=10)
    running = kinds.add_parser("engine")
    running.add_argument("model", nargs="?", help="a path or a name; the bundled model if left out")
    running.add_argument("--rounds", type=int, default=5)
    running.add_argument("--tokens", type=int, default=400)
    running.add_argument("--threads", type=int)
    args = parser.parse_args()
    print(machine())
    if args.kind == "stream":
        asyncio.run(stream(args.tokens, args.rate))
    elif args.kind == "start":
        start(args.rounds)
    else:
        asyncio.run(engine(args.model, args.rounds, args.tokens, args.threads))


if __name__ == "__main__":
    main()
