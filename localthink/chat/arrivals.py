"""What becomes of a model that was pulled: it is opened as soon as nobody is disturbed by that, or else left alone."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from localthink.chat.asking import Asker, Opening
from localthink.chat.pulling import Pulls, PullState
from localthink.hub.wanted import Wanted


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the model is to be opened, and which one was chosen when its pull began."""

    opening: Opening
    chosen: str | None


class Opener(Protocol):
    """What opens a model that has arrived: a session.

    It is not disturbed while it is `busy`, nor where it has an answer that can go on with the model that is open.
    """

    asker: Asker

    @property
    def busy(self) -> bool: ...

    @property
    def resumable(self) -> object: ...

    def load(self, opening: Opening) -> None: ...


class Arrivals:
    """The pull under way, for a session that opens what it brings.

    `said` are lines for the person; whoever shows them empties the list.
    """

    def __init__(self, session: Opener, pulls: Pulls) -> None:
        self._session, self._pulls = session, pulls
        self.said: list[str] = []
        self._plan: _Plan | None = None
        self._waiting = False  # it is here, and it was said that it waits
        self._opened: Opening | None = None  # what was opened last by itself, until that has ended
        self._earlier: Opening | None = None  # the model that made way for it
        self._holds = 0

    @property
    def state(self) -> PullState:
        return self._pulls.state

    @property
    def pending(self) -> bool:
        """Whether a model is on its way, or waits to be opened."""
        return self._plan is not None

    @property
    def waiting(self) -> bool:
        """Whether it is here, and waits for something to end."""
        return self.pending and self._waiting

    def begin(self, wanted: Wanted, opening: Opening, prefer: Sequence[str] = ()) -> None:
        """Pull a model, to be opened like `opening`. Raises UsageError where a pull is under way already."""
        left = self.state.name if self.waiting else ""
        self._pulls.begin(wanted, prefer)
        if left:
            self.said.append(f"{left}: here; it is not opened, since another is pulled")
        self._plan, self._waiting = _Plan(opening, self._session.asker.opening.model), False

    def stop(self) -> None:
        """End the pull at once; what is here and waits to be opened is not opened."""
        if self.state.running:
            self._pulls.stop()
            self._say(self.state.figures)
        self._plan = None

    def hold(self) -> None:
        """Open nothing by itself until `release` was called as often."""
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1

    def pump(self) -> bool:
        """Take in what has happened; returns whether anything has."""
        heard = self._pulls.pump()
        self.said += self._pulls.said
        self._pulls.said.clear()
        if self._plan is not None and self.state.phase == "failed":
            self._plan = None
            self._say(self.state.figures)
        elif self._plan is not None and self.state.phase == "here":
            self._arrived(self._plan)
        elif self._opened is not None:
            self._look_after(self._opened)
        return heard

    def close(self) -> None:
        self._plan = None
        self._pulls.close()

    def _arrived(self, plan: _Plan) -> None:
        session = self._session
        if session.asker.opening.model != plan.chosen:
            self._leave("it is not opened, since another model was chosen meanwhile")
        elif self._holds or session.busy or session.asker.busy or session.asker.model.phase == "loading":
            if not self._waiting:
                self._waiting = True
                self._say("here, and opened when what is under way has ended")
        elif session.resumable is not None:
            self._leave("it is not opened, so that the answer which ended early can go on with its own model")
        else:
            self._plan = None
            self._say("here, and is being opened")
            self._earlier = session.asker.opening if session.asker.model.phase == "ready" else None
            self._opened = replace(plan.opening, model=str(self.state.path))
            session.load(self._opened)

    def _look_after(self, opened: Opening) -> None:
        """Where it cannot be opened, nobody asked for the model before it to be gone."""
        asker = self._session.asker
        if asker.opening is opened and asker.model.phase == "loading":
            return
        self._opened = None
        if asker.opening is opened and asker.model.phase == "failed" and self._earlier is not None:
            self._say(f"{asker.model.reason}; the model before it is opened again")
            self._session.load(self._earlier)

    def _leave(self, why: str) -> None:
        self._plan = None
        self._say(f"here; {why}")

    def _say(self, text: str) -> None:
        self.said.append(f"{self.state.name}: {text}")
