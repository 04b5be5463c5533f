"""All that is looked at, in order. No check depends on another; llama.cpp is asked about itself once."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from localthink.doctor import build, folders, machine, software
from localthink.doctor.decoding import decoding
from localthink.doctor.findings import Check, Finding, Section, look
from localthink.doctor.llama import LlamaFacts, ask_llama
from localthink.doctor.screen import Screen

Named = tuple[str, Check]


def examine() -> Iterator[Section]:
    """The sections, each as soon as it is done; a few seconds altogether."""
    yield _section("software", (("localthink", software.localthink), ("Python", software.python),
                                ("system", software.system), ("packages", software.packages)))
    asked = ask_llama()
    yield _section("llama.cpp", (
        ("llama.cpp", lambda: build.version(asked)), ("backends", lambda: build.backends(asked)),
        ("instructions", lambda: build.instructions(asked)), ("GPU", lambda: build.gpus(asked)),
        ("decoding", lambda: _decoding(asked))))
    yield _section("machine", (("processor", machine.processor), ("threads", machine.threads),
                               ("load", machine.load), ("memory", machine.free),
                               ("memory bandwidth", machine.bandwidth)))
    screen = Screen()
    yield _section("terminal", (("terminal", screen.terminal), ("encoding", screen.encoding),
                                ("colours", screen.colours), ("keys", screen.keyboard), ("copying", screen.clipboard)))
    yield _section("folders", (("home", folders.home), ("data", folders.data), ("history", folders.history),
                               ("Hugging Face", folders.hub_cache), ("disk", folders.disk), ("Hub", folders.hub)))


def _section(name: str, checks: Iterable[Named]) -> Section:
    return Section(name, tuple(finding for title, check in checks for finding in look(title, check)))


def _decoding(asked: LlamaFacts) -> Iterator[Finding]:
    if asked.problem:
        yield Finding("decoding", "not tried", "note", "it begins with what llama.cpp could not do just now")
    else:
        yield from decoding()
