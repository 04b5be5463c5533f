#!/usr/bin/env python3
"""How fast localthink decodes beside other programs that use the processor.

    python scripts/bench_busy.py MODEL.gguf [--tokens 96] [--rounds 3]

Every round measures, by turns and each in a process of its own, one stream (as `ask`), 16 slots (as `run`) and one
watched stream in an engine's process (as `chat`): alone and beside one and two processes that do nothing but run; as
localthink is, as it was before it looked at the processor (all threads, spinning for long, as llama.cpp does by
itself), and with one thread. Where llama-server is on PATH, its speed stands beside them. Printed are medians, and
their ratios to the same thing alone.
"""
from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import localthink
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Died, Finished, Loading, Written
from localthink.machine.resources import physical_cores
from localthink.records import Generation, Message

QUESTION = "Explain in detail how a bridge is designed, built and maintained."
SPINNING = "300000"  # libgomp's own count where nobody says
SLOTS = {"ask": 1, "run": 16, "chat": 1}
SETTLE = 3.0  # seconds until a process beside is known to the system's figures


def as_it_is(kind: str, model: str, tokens: int, threads: int | None) -> float:
    return in_a_process_of_its_own(model, tokens, threads) if kind == "chat" else \
        in_this_process(model, SLOTS[kind], tokens, threads)


def in_this_process(model: str, slots: int, tokens: int, threads: int | None) -> float:
    """Tokens a second of `slots` streams, from the first of them on."""
    with localthink.load(model, slots=slots, context=slots * (tokens + 256), threads=threads, layout="split") as engine:
        request = engine.submit(engine.request(QUESTION, Generation(max_tokens=tokens), n=slots, seed=1))
        written, start = 0, 0.0
        while not engine.idle:
            events = engine.step()
            if events and not start:
                start = time.perf_counter()
                continue
            written += sum(event.token >= 0 for event in events)
        assert request
        return written / (time.perf_counter() - start)


def in_a_process_of_its_own(model: str, tokens: int, threads: int | None) -> float:
    with EngineHost() as host:
        host.start()
        host.send(Loading(model, cells=tokens + 512, threads=threads))
        host.send(Ask(1, (Message("user", QUESTION),), Generation(max_tokens=tokens), seed=1, watched=True))
        written, start = 0, 0.0
        while True:
            for news in host.receive(0.1):
                if isinstance(news, Written):
                    written += len(news.events) if start else 0
                    start = start or time.perf_counter()
                elif isinstance(news, Finished):
                    return written / (time.perf_counter() - start)
                elif isinstance(news, Died):
                    raise news.error()


@contextmanager
def busy(count: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(SETTLE if count else 0)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measured(way: str, kind: str, model: str, tokens: int) -> float:
    """One measurement, in a process that has its own environment from its start."""
    environment = {**os.environ, **({"GOMP_SPINCOUNT": SPINNING} if way == "before" else {})}
    threads = {"now": 0, "before": physical_cores(), "one thread": 1}[way]
    ran = subprocess.run([sys.executable, __file__, model, "--only", kind, str(threads), "--tokens", str(tokens)],
                         env=environment, check=True, capture_output=True, text=True)
    return float(ran.stdout)


def of_llama_server(model: str, tokens: int) -> float:
    """Tokens a second of one completion, in llama-server's own words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["llama-server", "-m", model, "--port", str(port), "--no-repack", "-c", str(tokens + 512)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        body = json.dumps({"prompt": QUESTION, "n_predict": tokens, "ignore_eos": True}).encode()
        for _ in range(600):
            try:
                with urllib.request.urlopen(urllib.request.Request(
                        f"http://127.0.0.1:{port}/completion", body, {"Content-Type": "application/json"})) as answer:
                    return float(json.load(answer)["timings"]["predicted_per_second"])
            except OSError:
                time.sleep(0.1)
        raise SystemExit("llama-server does not answer")
    finally:
        server.kill()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=list(SLOTS), default=list(SLOTS))
    parser.add_argument("--only", nargs=2, metavar=("KIND", "THREADS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    model = str(given.model)
    if given.only:
        kind, threads = given.only
        print(as_it_is(kind, model, given.tokens, int(threads) or None))
        return
    speeds: dict[tuple[str, str, int], list[float]] = {}
    for _ in range(given.rounds):
        for others in (0, 1, 2):
            with busy(others):
                for kind in given.kinds:
                    for way in ("now", "before", "one thread"):
                        speeds.setdefault((kind, way, others), []).append(measured(way, kind, model, given.tokens))
                if shutil.which("llama-server"):
                    speeds.setdefault(("one stream", "llama-server", others), []).append(
                        of_llama_server(model, given.tokens))
    print(f"{given.model.name}, {physical_cores()} cores, tokens/s: medians of {given.rounds} (of the same alone)")
    for kind, way in dict.fromkeys((kind, way) for kind, way, _ in speeds):
        alone, *beside = (statistics.median(speeds[kind, way, others]) for others in (0, 1, 2))
        print(f"  {kind:10} {way:12} alone {alone:8.1f}   " + "   ".join(
            f"beside {others}: {speed:8.1f} ({speed / alone:.2f})" for others, speed in enumerate(beside, 1)))


if __name__ == "__main__":
    main()
