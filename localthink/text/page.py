"""What is shown of a model's text as it is written: thinking on one stream, the answer on the other."""
from __future__ import annotations

import time

from localthink.records import Event, Trace
from localthink.text.terminal import Terminal

DIM, THOUGHT_STYLE, HELD_STYLE = "2", "1;36", "33"
THOUGHT_MARK, HELD_MARK = "◆", "⊘"
COUNT_EVERY = 0.2  # seconds
RECAST = "what stands above was its thinking"


class Sheet:
    """One sample as text that is only ever appended. Two streams that are terminals are taken to be one screen."""

    def __init__(self, out: Terminal, err: Terminal, hide_thinking: bool = False) -> None:
        self._out, self._err, self._hide_thinking = out, err, hide_thinking
        self._thought, self._thinks, self._answered = -1, False, False
        self._said = ""  # of the answer, so far

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
        self._said += text
        self._out.write(text)

    def recast(self) -> None:
        """What was written as the answer was thinking: it cannot be taken back."""
        self._out.end_line()
        self._err.write(f"── {RECAST} ──\n", HELD_STYLE)
        self._thought, self._thinks, self._answered, self._said = 0, True, False, ""

    def complete(self, answer: str) -> None:
        """Write what is missing of a finished answer."""
        if answer.startswith(said := self._said.strip()):
            self.answer(answer[len(said):])

    def end(self) -> None:
        """Leave the cursor at the start of a line."""
        self._err.end_line()
        self._out.end_line()


class Page:
    """Writes the events of samples: one as it comes, or several, each once it is whole.

    Whoever reads a pipe gets the answer alone: there, what may yet turn out to be thinking waits until that is known.
    """

    def __init__(self, out: Terminal, err: Terminal, hide_thinking: bool) -> None:
        self._out, self._err, self._hide_thinking = out, err, hide_thinking
        self._sheet = Sheet(out, err, hide_thinking)
        self._collected: dict[int, list[Event]] = {}
        self._shown, self._tokens, self._counted = 0, 0, 0.0
        self._waiting: list[Event] = []

    def show(self, event: Event, thinks: bool = False) -> None:
        """Write one token of the only sample; `thinks` says whether its model does, even where no block is open."""
        undecided = event.part == "answer" and not event.recasts and event.trace is None
        if thinks and not self._out.is_terminal and undecided and (self._waiting or not self._tokens):
            self._waiting.append(event)
        else:
            self._write([*self._waiting, event])
            self._waiting = []
        self._tokens += 1

    def _write(self, events: list[Event]) -> None:
        place = next((place for place, event in enumerate(events) if event.recasts), 0)
        for event in events[:place]:
            self._sheet.think(0, event.text, held=False)
        for event in events[place:]:
            if event.recasts and not place:
                self._sheet.recast()
            if event.part == "answer":
                self._sheet.answer(event.text)
            else:
                self._sheet.think(event.thought, event.text, event.held > 0)
            if event.trace is not None and event.part == "thinking":
                self._sheet.complete(event.trace.answer)

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
        self._write(events)
        self.end()

    def end(self) -> None:
        """Leave the cursor at the start of a line."""
        self._sheet.end()
