"""How llama.cpp was built and what it sees, asked in a process of its own: what kills it there is a finding here.

`python -m localthink.doctor.llama` is that process. It writes a line of JSON as soon as it knows something, so
that one who dies or hangs has said before how far it came.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from localthink.child_process import ending

if TYPE_CHECKING:
    from localthink.machine.devices import Device

DEADLINE_SECONDS = 6.0  # seconds; it takes one where the files are in memory, and some where a driver has to wake up
COMMAND = (sys.executable, "-P", "-m", "localthink.doctor.llama")  # -P: never import from the current folder
LAST_LINE = 300  # characters of what a process said last


@dataclass(frozen=True, slots=True)
class LlamaFacts:
    """`built` is llama.cpp's own account of itself; `problem` says why there is no more than there is.

    `imported` says whether there is a llama.cpp at all.
    """

    imported: bool = False
    built: str = ""
    gpu: bool = False
    devices: tuple[Device, ...] = ()
    problem: str = ""

    @property
    def features(self) -> dict[str, tuple[str, ...]]:
        """What each backend that speaks of itself was built with: `CPU : AVX2 = 1 | FMA = 1 | CUDA : ARCHS = 890`."""
        found: dict[str, list[str]] = {}
        backend = ""
        for part in self.built.split("|"):
            title, colon, rest = part.partition(" : ")
            if colon:
                backend, part = title.strip(), rest
            name, _, value = part.partition("=")
            if backend and name.strip():
                found.setdefault(backend, [])
                if value.strip() not in ("", "0"):
                    found[backend].append(name.strip())
        return {backend: tuple(names) for backend, names in found.items()}


def ask_llama(command: Sequence[str] = COMMAND, seconds: float = DEADLINE_SECONDS) -> LlamaFacts:
    """Ask llama.cpp about itself. Never raises for what it does."""
    problem = ""
    try:
        told = subprocess.run(command, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
        out, code = told.stdout, told.returncode
        if code:
            problem = f"its process ended ({ending(code)}){_last_line(told.stderr)}"
    except subprocess.TimeoutExpired as late:
        out, problem = late.stdout or b"", f"it said no more for {seconds:g} seconds"
    except OSError as error:
        return LlamaFacts(problem=f"its process cannot be started: {error}")
    return _read(out, problem)


def _read(out: bytes, problem: str) -> LlamaFacts:
    facts: dict[str, Any] = {}
    for line in out.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):  # half a line of one who died
            told = json.loads(line)
            facts |= told if isinstance(told, dict) else {}
    problem = facts.get("error") or problem
    devices: tuple[Device, ...] = ()
    if "devices" in facts:
        from localthink.machine.devices import Device  # whose import is safe: the child has done it

        devices = tuple(Device(**device) for device in facts["devices"])
    elif not problem:
        problem = "its process ended before it had said all"
    return LlamaFacts("built" in facts, facts.get("built", ""), facts.get("gpu", False), devices, problem)


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()[:LAST_LINE]}" if lines else ""


def main() -> None:
    """The child: what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**facts: object) -> None:
        print(json.dumps(facts), file=answers, flush=True)

    try:
        from localthink.engine import bindings

        say(built=bindings.backend())
        say(gpu=bindings.supports_gpu())
        from localthink.machine.devices import devices

        say(devices=[asdict(device) for device in devices()])
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}".splitlines()[0])


if __name__ == "__main__":
    main()
