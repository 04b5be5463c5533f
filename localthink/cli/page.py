"""What `ask` shows of a sample: thinking on one stream, the answer on the other."""
from __future__ import annotations

import time

from localthink.cli.terminal import Terminal
from localthink.records import Event, Trace

HELD_STEP = 0.5  # from this probability on, a switch that the penalty prevented is marked
DIM, THOUGHT_STYLE, HELD_STYLE = "2", "1;36", "33"
THOUGHT_MARK, HELD_MARK = "◆", "⊘"
COUNT_EVERY = 0.2  # seconds


class Page:
    """Writes samples as they come. Where both streams are terminals they are taken to be one screen."""

    def __init__(self, out: Terminal, err: Terminal, hide_thinking: bool) -> None:
        self._out, self._err, self._hide_thinking = out, err, hide_thinking
        self._thought, self._answered, self._tokens, self._done = -1, False, 0, 0
        self._counted = 0.0

    def show(self, event: Event) -> None:
        """Write one token of the only sample."""
        if event.part == "answer":
            self._answer(event.text)
        elif not self._hide_thinking:
            if event.thought > self._thought:
                self._open_thought(event.thought)
            if event.held >= HELD_STEP:
                self._err.write(HELD_MARK, HELD_STYLE)
            self._err.write(event.text, DIM)

    def _open_thought(self, index: int) -> None:
        self._err.end_line()
        self._err.write(f"{THOUGHT_MARK} {index + 1} ", THOUGHT_STYLE)
        self._thought = index

    def _answer(self, text: str) -> None:
        if not self._answered:
            text = text.lstrip()  # R1 leaves blank lines between the two
            if not text:
                return
            self._answered = True
            self._err.end_line()
        self._out.write(text)

    def count(self, event: Event, samples: int) -> None:
        """Say how far several samples are, on a terminal, in a line that is written over."""
        self._tokens += 1
        self._done += event.trace is not None
        now = time.perf_counter()
        if self._err.colour and now - self._counted > COUNT_EVERY:
            self._counted = now
            self._err.replace_line(f"{self._done} of {samples} samples, {self._tokens:,} tokens")

    def show_sample(self, trace: Trace) -> None:
        """Write a finished sample, one of several."""
        self._err.replace_line("")
        self._err.write(f"── sample {trace.sample + 1}, seed {trace.seed} ──\n", "1")
        if not self._hide_thinking:
            for thought in trace.thoughts:
                self._open_thought(thought.index)
                self._err.write(thought.text, DIM)
            self._err.end_line()
        self._out.write(trace.answer)
        self._out.end_line()

    def end(self) -> None:
        """Leave the cursor at the start of a line."""
        self._err.end_line()
        self._out.end_line()
