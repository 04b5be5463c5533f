"""What the terminal can show, and which keys it can tell apart."""
from __future__ import annotations

import codecs
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from localthink.doctor.findings import Finding

NARROW, LOW = 60, 18  # columns and lines, below which the chat's panels take the whole screen
ANY_COLOUR = ("truecolor", "24bit")
KEY_GRABBERS = (  # a variable, what it holds, who sets it, and the keys that this terminal may keep for itself
    ("VTE_VERSION", "", "GNOME Terminal and its relatives", "F1, F10 and F11"),
    ("TERM_PROGRAM", "vscode", "VS Code", "some function keys"),
    ("TERM_PROGRAM", "Apple_Terminal", "Terminal.app", "function keys without fn"))
ASK = b"\x1b[?u\x1b[c"  # the flags of the kitty keyboard protocol, then what every terminal answers: what it is
KITTY, ANSWERED = re.compile(rb"\x1b\[\?\d+u"), re.compile(rb"\x1b\[\?[\d;]*c")
ANSWER_SECONDS = 0.5  # seconds, for a terminal at the other end of the world


def _standard_streams() -> dict[str, TextIO]:
    return {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}


@dataclass(frozen=True, slots=True)
class Screen:
    """The three streams and the environment of a program that talks with a person."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    streams: Mapping[str, TextIO] = field(default_factory=_standard_streams)

    @property
    def others(self) -> list[str]:
        """The streams that are no terminal."""
        return [name for name, stream in self.streams.items() if not stream.isatty()]

    @property
    def _in_screen(self) -> bool:
        return "STY" in self.environment and "TMUX" not in self.environment

    def terminal(self) -> Iterator[Finding]:
        """Whether there is one, its kind and its size."""
        kind = self.environment.get("TERM", "")
        if others := self.others:
            yield Finding("terminal", f"none at {', '.join(others)}", "note",
                          "chat would be plain text here; give this command in the terminal that you use, to have "
                          "that looked at")
            return
        if kind == "dumb" or (not kind and sys.platform != "win32"):
            yield Finding("terminal", f"TERM is {kind!r}: nothing can be drawn", "warning",
                          "set TERM to what your terminal is (xterm-256color suits most), or use chat --plain")
            return
        columns, lines = os.get_terminal_size(self.streams["standard output"].fileno())
        program = ("GNU screen" if self._in_screen else self.environment.get("TERM_PROGRAM")
                   or self.environment.get("TERM") or "Windows")
        value = f"{program}, {columns} columns and {lines} lines"
        if columns < NARROW or lines < LOW:
            yield Finding("terminal", value, "note", f"{NARROW} columns and {LOW} lines leave the chat room to show "
                                                     "things beside each other")
        else:
            yield Finding("terminal", value)

    def encoding(self) -> Iterator[Finding]:
        name = self.streams["standard output"].encoding or "none"
        if codecs.lookup(name).name == "utf-8":
            yield Finding("encoding", "UTF-8")
        else:
            yield Finding("encoding", f"{name}: signs such as ◆ and ⊘ are shown as ?", "warning",
                          "set PYTHONUTF8=1 and use a terminal with UTF-8" if sys.platform == "win32"
                          else "choose a locale with UTF-8, as LANG=C.UTF-8")

    def colours(self) -> Iterator[Finding]:
        if self.others:
            return
        kind = self.environment.get("TERM", "")
        if self.environment.get("NO_COLOR"):
            yield Finding("colours", "none: NO_COLOR is set", "note", "unset NO_COLOR to have them")
        elif (self.environment.get("COLORTERM", "").lower() in ANY_COLOUR or "WT_SESSION" in self.environment
              or kind.endswith("-direct")):
            yield Finding("colours", "all")
        elif sys.platform == "win32" or "256color" in kind or kind == "xterm-kitty":
            yield Finding("colours", "256: the chat's own are approximated", "note",
                          "nothing to do; where your terminal can show all colours, set COLORTERM=truecolor")
        else:
            yield Finding("colours", f"16 or fewer, by TERM={kind}", "note",
                          "set TERM to what your terminal is (xterm-256color suits most)")

    def keyboard(self) -> Iterator[Finding]:
        """Keys that arrive as others, or not at all."""
        if self.others:
            return
        apart = tells_keys_apart(self.streams["standard input"].fileno(), self.streams["standard output"].fileno())
        if apart:
            yield Finding("Shift+Enter", "is another key than Enter (kitty keyboard protocol)")
        else:
            what = "cannot be told from Enter" if apart is False else "is not known to be told from Enter"
            yield Finding("Shift+Enter", what, "note", "Ctrl+J begins a new line in every terminal")
        for variable, value, who, kept in KEY_GRABBERS:
            if variable in self.environment and value in ("", self.environment[variable]):
                yield Finding("function keys", f"{who} may keep {kept}", "note",
                              "all that they do is in the list of commands (Ctrl+P)")

    def clipboard(self) -> Iterator[Finding]:
        """Which way copied text takes; see `localthink.tui.clipboard`."""
        import pyperclip

        ssh = "SSH_CONNECTION" in self.environment
        copier: object = pyperclip.determine_clipboard()[0]  # false where there is none
        if not ssh and copier:
            yield Finding("copying", "through the desktop's clipboard, and the terminal's (OSC 52)")
            return
        why = "over ssh" if ssh else "no clipboard program is installed"
        value = f"through the terminal alone (OSC 52; {why})"
        if "TMUX" in self.environment and (set_to := _tmux_clipboard()) not in ("on", ""):
            yield Finding("copying", f"{value}, which tmux keeps to itself: its set-clipboard is {set_to}", "warning",
                          "let tmux pass it on; to keep that, write it into ~/.tmux.conf without the first word",
                          "tmux set -g set-clipboard on")
        elif self._in_screen:
            yield Finding("copying", f"{value}, which GNU screen keeps to itself", "warning",
                          "use tmux, or no multiplexer, where you want to copy")
        else:
            yield Finding("copying", value, "note", "some terminals ignore it, or ask for permission in their settings"
                          if ssh else "some terminals ignore it; on Linux, installing wl-clipboard or xclip helps")


def _tmux_clipboard() -> str:
    """How tmux treats what programs put on the clipboard: on, external or off; empty where it does not say."""
    try:
        told = subprocess.run(["tmux", "show", "-gv", "set-clipboard"], capture_output=True, text=True, timeout=1)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()


def tells_keys_apart(keyboard: int, screen: int, seconds: float = ANSWER_SECONDS) -> bool | None:
    """Whether the terminal behind two descriptors speaks the kitty keyboard protocol; None where it cannot be asked.

    With the protocol, Shift+Enter and Enter are two keys; without it most terminals send the same for both.
    """
    if sys.platform == "win32":
        return None
    import termios
    import tty

    try:
        if os.tcgetpgrp(keyboard) != os.getpgrp():  # in the background: whoever asks is stopped
            return None
        before = termios.tcgetattr(keyboard)
    except (OSError, termios.error):
        return None
    try:
        tty.setcbreak(keyboard, termios.TCSAFLUSH)
        os.write(screen, ASK)
        return _answer(keyboard, seconds)
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)  # what came late is nobody's input


def _answer(keyboard: int, seconds: float) -> bool | None:
    import select

    said, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not select.select([keyboard], [], [], left)[0]:
            break
        said += os.read(keyboard, 1024)
        if ANSWERED.search(said):
            return KITTY.search(said) is not None
    return None
