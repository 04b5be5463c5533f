"""A test that decodes for real: puzzles for the bundled model, in a process like that of a conversation."""
from __future__ import annotations

import time
from collections.abc import Iterator

from localthink.doctor.findings import Finding
from localthink.doctor.software import reinstall
from localthink.engine.host import EngineHost, Serve, serve_engine
from localthink.engine.messages import Ask, Died, Finished, Loading, News, Refused
from localthink.grade.countdown import Puzzle, solves
from localthink.records import Generation, Message, Sampling, Trace

# Solved greedily, with the widest margins between the two likeliest tokens of 300 that were tried: a llama.cpp that
# rounds otherwise may lose one of them, one that computes wrongly solves none.
PUZZLES = (Puzzle((2, 5, 8), 15), Puzzle((8, 3, 7), 18), Puzzle((13, 10, 10), 13), Puzzle((9, 9, 4), 22))
MOST_TOKENS = 300
GREEDY = Generation(Sampling(temperature=0.0), max_tokens=MOST_TOKENS)
DEADLINE_SECONDS = 6.0  # seconds, loading included; it takes less than two


def decoding(serve: Serve = serve_engine, seconds: float = DEADLINE_SECONDS) -> Iterator[Finding]:
    """Write the answers to all puzzles at once, and see whether they are what they should be."""
    try:
        traces = answers(serve, seconds)
    except Refusal as refusal:
        yield Finding("decoding", "the bundled model cannot be used", "trouble", str(refusal))
        return
    except OSError as error:
        yield Finding("decoding", f"the engine's process cannot be started: {error}", "trouble",
                      "it needs a folder for temporary files that can be written (TMPDIR), and memory")
        return
    except Problem as problem:
        yield Finding("decoding", str(problem), "trouble", "where the machine is not busy with other things, "
                      "llama.cpp does not work on it: compile it here", reinstall("CPU"))
        return
    solved = sum(solves(trace.answer, puzzle.numbers, puzzle.target)
                 for trace, puzzle in zip(traces, PUZZLES, strict=True))
    speed = sum(trace.tokens for trace in traces) / max(trace.seconds for trace in traces)
    value = f"the bundled model solves {solved} of {len(PUZZLES)} puzzles"
    if solved >= len(PUZZLES) / 2:
        yield Finding("decoding", f"{value}; {speed:,.0f} tokens/s, all together on one thread")
    else:
        yield Finding("decoding", f"{value}: it solves all where llama.cpp computes correctly", "trouble",
                      "llama.cpp was miscompiled, or a GPU's driver computes incorrectly: compile it on this machine",
                      reinstall("CPU"))


class Problem(Exception):  # noqa: N818 - it is what is found, not an error of the program
    """Why there are no answers."""


class Refusal(Problem):
    """What localthink itself had against it, which says what to do."""


def answers(serve: Serve, seconds: float) -> list[Trace]:
    """The answers to the puzzles, in their order. Raises Problem, or Refusal."""
    traces: dict[int, Trace] = {}
    with EngineHost(serve) as host:
        host.start()
        host.send(Loading(None, len(PUZZLES), threads=1))  # more wait for each other where other programs are busy
        for number, puzzle in enumerate(PUZZLES):
            a, b, c = puzzle.numbers
            question = f"Use {a}, {b} and {c} to make {puzzle.target}."
            host.send(Ask(number, (Message("user", question),), GREEDY))
        until = time.monotonic() + seconds
        while len(traces) < len(PUZZLES):
            left = until - time.monotonic()
            if left <= 0:
                raise Problem(f"{len(traces)} of {len(PUZZLES)} answers within {seconds:g} seconds")
            for news in host.receive(left):
                _take(news, traces)
    return [traces[number] for number in range(len(PUZZLES))]


def _take(news: News, traces: dict[int, Trace]) -> None:
    match news:
        case Finished(number, trace):
            traces[number] = trace
        case Refused(_, reason) | Died(reason, lasting=True):
            raise Refusal(reason)
        case Died(reason):
            raise Problem(reason)
