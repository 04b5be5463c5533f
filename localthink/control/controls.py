"""The controls of one sample, asked together: biases add up, temperatures multiply, and the first that forces wins."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from localthink.control.interface import Action, Bias, Control, Finish, Fork
from localthink.control.tip import TipControl
from localthink.control.view import View
from localthink.records import Intervention

MOST_NOTED = 1000  # interventions of a sample that its trace keeps


class Step(NamedTuple):
    """What all controls together want of the next token. `asker` is the control that made the request.

    `mixed` says that other ids than the penalty's have a bias, or have one as well.
    """

    bias: Bias | None = None
    mixed: bool = False
    temperature: float = 1.0
    request: Finish | Fork | None = None
    asker: Control | None = None


NOTHING = Step()


class Controls:
    """`controls` in the order in which they come first; those that never answer a question are never asked it."""

    def __init__(self, controls: Sequence[Control], view: View) -> None:
        self.view, self.controls = view, tuple(controls)
        self._before = [each for each in controls if type(each).before is not Control.before]
        self._instead = [each for each in controls if type(each).instead is not Control.instead]
        self._after = [each for each in controls if type(each).after is not Control.after]
        self._penalty = next((each for each in self._before if isinstance(each, TipControl)), None)  # has a bias alone
        self._forced: list[int] = []  # tokens that come next, whatever is drawn
        self.interventions: list[Intervention] = []

    def plan(self) -> Step:
        """Ask all of them, before a token is drawn."""
        if len(self._before) == 1:  # nearly always: the penalty alone
            action = self._before[0].before(self.view)
            if action is None:
                return NOTHING
            if self._before[0] is self._penalty:
                return Step(action.bias)
            return self._step([(self._before[0], action)])
        found = [(each, action) for each in self._before if (action := each.before(self.view)) is not None]
        return self._step(found) if found else NOTHING

    def _step(self, found: list[tuple[Control, Action]]) -> Step:
        biases, temperature, request, asker = [], 1.0, None, None
        for control, action in found:
            if action.bias is not None:
                biases.append(action.bias)
            temperature *= action.temperature
            if request is None and action.request is not None:
                request, asker = action.request, control
            if action.force and self._forced:
                continue  # what was forced before comes whole
            self._forced = self._forced or list(action.force)
            if action.why:
                self._note(control, action.why)
        mixed = bool(biases) and (len(biases) > 1 or found[0][0] is not self._penalty)
        return Step(added(biases), mixed, temperature, request, asker)

    @property
    def steers(self) -> bool:
        """Whether the drawn token may be replaced."""
        return bool(self._forced or self._instead)

    def choose(self, drawn: int) -> int:
        """The token to take where `drawn` was drawn."""
        if not self._forced:
            for control in self._instead:
                action = control.instead(self.view, drawn)
                if action is not None and action.force:
                    self._forced = list(action.force)
                    if action.why:
                        self._note(control, action.why)
                    break
        return self._forced.pop(0) if self._forced else drawn

    def told(self, token: int) -> None:
        """The sample has taken this token; the view has it already."""
        for control in self._after:
            control.after(self.view, token)

    def ended(self) -> None:
        """The sample has ended."""
        for control in self.controls:
            if said := control.summary():
                self._note(control, said)

    def _note(self, control: Control, why: str) -> None:
        if len(self.interventions) < MOST_NOTED:
            self.interventions.append(Intervention(self.view.position, control.name, why))


def added(biases: Sequence[Bias]) -> Bias | None:
    """The sum of biases, its ids ascending, each once."""
    if len(biases) < 2:
        return biases[0] if biases else None
    ids = np.unique(np.concatenate([bias.ids for bias in biases]))
    values = np.zeros(ids.size, np.float32)
    for bias in biases:
        values[ids.searchsorted(bias.ids)] += bias.values
    return Bias(ids, values)
