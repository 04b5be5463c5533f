"""The program as a person has it: a real terminal, a real engine, the bundled model; and what survives a kill."""
from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from localthink import locations
from localthink.chat.demo import remember_shown
from localthink.history import History

pexpect = pytest.importorskip("pexpect", reason="pexpect needs a POSIX terminal")
pyte = pytest.importorskip("pyte")
pytestmark = pytest.mark.skipif(not hasattr(pexpect, "spawn"), reason="needs a POSIX terminal")
PATIENCE = 60.0  # seconds
ESCAPE, ANSWER_NOW, THINK_ON, GO_ON, QUIT = "\x1b", "\x07", "\x14", "\x07", "\x11"


class Window:
    """A terminal with the program in it."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (30, 100),
                 command: tuple[str, ...] = ("chat", "--threads", "1")) -> None:
        self._screen = pyte.Screen(size[1], size[0])
        self._stream = pyte.ByteStream(self._screen)
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("COLUMNS", "LINES"):  # they would win over the terminal's size
            environment.pop(name, None)
        self.child = pexpect.spawn(sys.executable, ["-m", "localthink", *command, *arguments], dimensions=size,
                                   env=environment)

    @property
    def text(self) -> str:
        with suppress(pexpect.TIMEOUT, pexpect.EOF):
            while True:
                self._stream.feed(self.child.read_nonblocking(65_536, timeout=0))
        return "\n".join(self._screen.display)

    def wait(self, *words: str) -> str:
        """Until the screen shows all of these."""
        return self._wait(lambda text: all(word in text for word in words), f"no {words}")

    def wait_for(self, pattern: str) -> str:
        """Until something on the screen matches; returns what its group holds."""
        self._wait(lambda text: re.search(pattern, text) is not None, f"no {pattern!r}")
        found = re.search(pattern, self.text)
        assert found is not None
        return found[1]

    def wait_gone(self, word: str) -> str:
        return self._wait(lambda text: word not in text, f"still {word!r}")

    def _wait(self, wanted: Callable[[str], bool], otherwise: str) -> str:
        end = time.monotonic() + PATIENCE
        while not wanted(text := self.text):
            assert time.monotonic() < end, f"{otherwise} on the screen:\n{text}"
            time.sleep(0.02)
        return text

    def press(self, keys: str) -> None:
        self.child.send(keys)

    def resize(self, lines: int, columns: int) -> None:
        """Another size; returns once the program has drawn itself anew, so that no size is passed over."""
        _ = self.text
        self._screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)
        self._stream.feed(self.child.read_nonblocking(65_536, timeout=PATIENCE))

    @property
    def engine(self) -> psutil.Process:
        """The engine's process."""
        return next(process for process in psutil.Process(self.child.pid).children()
                    if any("spawn_main" in part for part in process.cmdline()))

    @contextmanager
    def slowed(self) -> Iterator[None]:
        """Let the engine work a small part of the time, as it does with a large model."""
        engine, done = self.engine, threading.Event()

        def throttle() -> None:
            with suppress(psutil.Error):
                while not done.is_set():
                    engine.resume()
                    time.sleep(0.002)
                    engine.suspend()
                    done.wait(0.1)
                engine.resume()

        thread = threading.Thread(target=throttle)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def quit(self) -> None:
        self.press(QUIT)
        self.child.expect(pexpect.EOF, timeout=PATIENCE)
        self.child.close()
        assert self.child.exitstatus == 0

    def close(self) -> None:
        self.child.close(force=True)


@pytest.fixture
def window():
    opened: list[Window] = []
    remember_shown()

    def open_window(*arguments: str, **size: tuple[int, int]) -> Window:
        opened.append(Window(*arguments, **size))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()


def ask(window: Window, question: str) -> None:
    window.wait("countdown Q8_0", "idle")
    window.press(question)
    window.wait(f"│ {question}")
    window.press("\r")


def test_a_conversation_from_its_start_to_the_next_day(window):
    first = window("--seed", "6")
    first.wait("Use 4, 7 and 11 to make 39.", "idle")
    ask(first, "Use 3, 5 and 12 to make 57.")
    first.wait("Thought for", "(12 * 5) - 3 = 57", "seed 6")
    with first.slowed():
        ask(first, "Use 4, 7 and 11 to make 39.")
        first.wait("Thinking")
        first.press(ESCAPE)
        first.wait("stopped", "goes on")
        first.press(GO_ON)
        first.wait_gone("stopped")
        first.press(THINK_ON)
        first.wait("think on")
        first.press(ANSWER_NOW)
        first.wait("idle", "Again")
    first.quit()
    second = window("--continue")
    second.wait("Use 3, 5 and 12 to make 57.", "idle", "· seed 6 ·", "Again")
    second.quit()


def test_an_engine_that_is_killed_takes_no_word_with_it(window):
    opened = window("--seed", "6")
    opened.wait("countdown Q8_0")
    with opened.slowed():
        ask(opened, "Use 4, 7 and 11 to make 39.")
        opened.wait("Thinking", "1 thought")
        opened.engine.kill()
        opened.wait("engine stopped", "SIGKILL", "goes on")
    opened.press(GO_ON)
    opened.wait("idle", "Thought for")
    opened.quit()


def test_a_program_that_is_killed_loses_a_second_at_most(window):
    opened = window("--seed", "6")
    opened.wait("countdown Q8_0")
    with opened.slowed():
        ask(opened, "Use 4, 7 and 11 to make 39.")
        opened.wait("Thinking")
        opened.press(THINK_ON)  # for longer than the test waits
        tried = opened.wait_for("try ([^,]+), leaving")
        time.sleep(2.0)  # more than the second that may be lost
        os.kill(opened.child.pid, 9)
    with History(locations.history_file()) as history:
        assert tried in history.path(history.latest().id)[-1].thinking
    again = window("--continue")
    again.wait("Use 4, 7 and 11 to make 39.", "goes on", "idle")
    again.quit()


def test_it_survives_every_size_of_terminal(window):
    opened = window("--seed", "6")
    ask(opened, "Use 3, 5 and 12 to make 57.")
    opened.wait("Thought for")
    for lines, columns in ((12, 40), (40, 120), (100, 300), (30, 100)):
        opened.resize(lines, columns)
        opened.wait("57", "idle")
    opened.quit()


def test_the_first_launch_shows_what_the_penalty_does_and_the_next_does_not(window):
    locations.demo_mark().unlink()
    first = window()
    first.wait("one puzzle twice", "Without the penalty it left", "(13 * 7) - 7 = 84", "Any key goes to")
    first.press(" ")
    first.wait("countdown Q8_0", "idle")
    first.quit()
    again = window()
    again.wait("countdown Q8_0", "idle")
    again.press("/demo\r")
    again.wait("Any key goes to")
    again.quit()
