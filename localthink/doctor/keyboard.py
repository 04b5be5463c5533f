"""What a terminal says of its keyboard, asked of the terminal itself."""
from __future__ import annotations

import os
import re
import sys
import time

ASK = b"\x1b[?u\x1b[c"  # the flags of the kitty keyboard protocol, then what every terminal answers: what it is
KITTY, ANSWERED = re.compile(rb"\x1b\[\?\d+u"), re.compile(rb"\x1b\[\?[\d;]*c")
ANSWER_SECONDS = 0.5  # seconds, for a terminal at the other end of the world


def tells_keys_apart(keyboard: int, screen: int, patience: float = ANSWER_SECONDS) -> bool | None:
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
        return _answer(keyboard, patience)
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)  # what came late is nobody's input


def _answer(keyboard: int, patience: float) -> bool | None:
    import select

    said, until = b"", time.monotonic() + patience
    while (left := until - time.monotonic()) > 0:
        if not select.select([keyboard], [], [], left)[0]:
            break
        said += os.read(keyboard, 1024)
        if ANSWERED.search(said):
            return KITTY.search(said) is not None
    return None
