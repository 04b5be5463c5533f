"""What is shown of a model's text as it is written: thinking on one stream, the answer on the other."""
from __future__ import annotations

import time

from localthink.cli.terminal import Terminal
from localthink.records import HELD_STEP, Event, Trace

DIM, THOUGHT_STYLE, HELD_STYLE = "2", "1;36", "33"
THOUGHT_MARK, HELD_MARK = "◆", "⊘"
COUNT_EVERY = 0.2  # seconds


class Sheet:
    """One sample as text that is only ever appended. Two streams that are terminals are taken to be one screen."""

    def __init__(self, out: Terminal, err: Terminal, hide_thinking: bool = False) -> None:
        self._out, self._err, self._hide_thinking = out, err, hide_thinking
        self._thought, self._thinks, self._answered = -1, False, False

    def think(self, thought: int, text: str, held: bool) -> None:
        """Write text of a thought, with its mark where it is a new one, and another where a switch was `held`."""
        self._thinks = True
        if self._hide_thinking:
            return
        if thought > self._thought:
            self._err.end_line()
            self._err.write(f"{THOUGHT_MARK} {thought + 1} ", THOUGHT_STYLE)
            self._thought = thought
        if held:
            self._err.write(HELD_MARK, HELD_STYLE)
        self._err.write(text, DIM)

    def answer(self, text: str) -> None:
        if self._thinks and not self._answered:
            text = text.lstrip()  # R1 leaves blank lines between the two
            if not text:
                return
            self._answered = True
            self._err.end_line()
        self._out.write(text)

    def end(self) -> None:
        """Leave the cursor at the start of a line."""
        self._err.end_line()
        self._out.end_line()


class Page:
    """Writes the events of samples: one as it comes, or several, each once it is whole."""

    def __init__(self, out: Terminal, err: Terminal, hide_thinking: bool) -> None:
        self._out, self._err, self._hide_thinking = out, err, hide_thinking
        self._sheet = Sheet(out, err, hide_thinking)
        self._collected: dict[int, list[Event]] = {}
        self._shown, self._tokens, self._counted = 0, 0, 0.0

    def show(self, event: Event) -> None:
        """Write one token of the sample that is being shown."""
        if event.part == "answer":
            self._sheet.answer(event.text)
        else:
            self._sheet.think(event.thought, event.text, event.held >= HELD_STEP)

    def collect(self, event: Event, samples: int) -> None:
        """Keep a token of one of several samples, and show those that have ended in their order."""
        self._collected.setdefault(event.sample, []).append(event)
        self._tokens += 1
        while (events := self._collected.get(self._shown)) and events[-1].trace is not None:
            self._show_sample(self._collected.pop(self._shown), events[-1].trace)
            self._shown += 1
        now = time.perf_counter()
        if now - self._counted > COUNT_EVERY and self._shown < samples:
            self._counted = now
            self._err.replace_line(f"{self._shown} of {samples} samples shown, {self._tokens:,} tokens written")

    def _show_sample(self, events: list[Event], trace: Trace) -> None:
        self._err.replace_line("")
        self._err.write(f"── sample {trace.sample + 1}, seed {trace.seed} ──\n", "1")
        if self._shown:
            self._out.write("\n")  # a blank line between two answers
        self._sheet = Sheet(self._out, self._err, self._hide_thinking)
        for event in events:
            self.show(event)
        self.end()

    def end(self) -> None:
        """Leave the cursor at the start of a line."""
        self._sheet.end()
