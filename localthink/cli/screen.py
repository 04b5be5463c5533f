"""Whether there is a terminal for a whole screen."""
from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """Whether a whole screen can be drawn, for which a dumb terminal has no means."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream.isatty() for stream in streams) and os.environ.get("TERM") not in ("dumb", "unknown")
