"""A sample without a model: a view that tokens are written into, one by one, and what its controls make of them."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from localthink.control.controls import Controls, Step
from localthink.control.interface import Control
from localthink.control.view import View, Words
from localthink.thinking.automaton import Automaton
from localthink.thinking.tracker import ThoughtTracker

VOCABULARY = 64
END_THINK, END, DOT = 60, 61, 62  # DOT is " it." and ends a sentence; token t else is " wt"
WAIT, WAIT_SPACED, BUT = 50, 51, 52
SWITCH = 55
WORDS: Mapping[str, list[int]] = {
    "Wait": [WAIT], " Wait": [WAIT_SPACED], "but": [BUT], " but": [3, BUT], "So.": [40, 41]}


def text_of(token: int) -> str:
    return {DOT: " it.", WAIT: "Wait", END_THINK: "", END: ""}.get(token, f" w{token}")


class Scene:
    """One sample under way; `logits` are what its next token is drawn from."""

    def __init__(self, *controls: Control, thinking: bool = True, room: int = 2**31,
                 switch: int | None = None) -> None:
        self._tokens: list[int] = []
        self._texts: list[str] = []
        words = Words((END_THINK,), lambda text: WORDS.get(text, [1, 2]), lambda token: token == END)
        automaton = Automaton([] if switch is None else [(switch,)])
        self.view = View(ThoughtTracker(automaton, thinking), words, self._tokens, self._texts)
        self.view.logits, self._room = np.zeros(VOCABULARY, np.float32), room
        self.controls = Controls(controls, self.view)

    @property
    def why(self) -> list[str]:
        return [each.why for each in self.controls.interventions]

    def plan(self) -> Step:
        self.view.room = self._room - self.view.position
        return self.controls.plan()

    def write(self, token: int) -> int:
        """One step in which `token` is drawn; the token that is taken."""
        self.plan()
        taken = self.controls.choose(token) if self.controls.steers else token
        self.told(taken)
        return taken

    def told(self, token: int) -> None:
        self._tokens.append(token)
        self._texts.append(text_of(token))
        if token == END_THINK:
            self.view.tracker.turn("answer", 1)
        else:
            self.view.tracker.observe(token)
        self.controls.told(token)

    def write_all(self, tokens: Iterable[int]) -> list[int]:
        return [self.write(token) for token in tokens]


def biases(step: Step) -> dict[int, float]:
    if step.bias is None:
        return {}
    values = np.broadcast_to(step.bias.values, step.bias.ids.shape)
    return dict(zip(step.bias.ids.tolist(), values.tolist(), strict=True))
