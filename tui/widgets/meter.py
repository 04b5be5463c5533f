"""Two lines below a conversation: what the model is doing, how fast, and how full its context is.

What is shown depends on the session and the width alone: where there is little room, what matters least goes first.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from localthink.chat.session import Session
from localthink.chat.turn import Turn
from localthink.records import BudgetRequest
from localthink.text.sizes import counted
from localthink.text.visible import visible
from localthink.tui.wrapping import shortened

POINTS = 16  # of the speed's curve
BAR = 10  # cells
NAME = 36  # cells of a model's name
HIGH, FULL = 0.75, 0.92  # of the context
LEVELS = "▁▂▃▄▅▆▇"
GAP, DOT = "  ", " · "
WISHES: dict[BudgetRequest, str] = {"free": "", "answer": "answer now…", "think": "think on"}
STATES = {"idle": "○ idle", "none": "○ no model", "measuring": "◔ measuring", "waiting": "◔ waiting",
          "reading": "◔ reading", "thinking": "● thinking", "answering": "▶ answering", "loading": "… loading",
          "failed": "✕ not loaded", "died": "✕ engine stopped"}
STYLES = {"none": "idle", "measuring": "reading", "waiting": "reading", "failed": "stopped", "died": "stopped"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the meter shows of a session. `used` is None where it has not been measured."""

    state: str = "idle"
    share: float = 0.0  # of a model that is being loaded
    read: tuple[int, int] = (0, 0)  # prompt tokens, and of how many
    model: str = ""
    prompt_speed: float = 0.0
    speed: float = 0.0
    speeds: tuple[float, ...] = ()
    alpha: float = 0.0
    beta: float = 0.0
    wish: BudgetRequest = "free"
    used: int | None = None
    size: int = 0
    left_out: int = 0
    penalised: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """Texts, each with the component class it is shown in. Of those on a line, the highest `rank` goes first."""

    rank: int
    pieces: tuple[tuple[str, str], ...]
    right: bool = False

    @property
    def cells(self) -> int:
        return sum(cell_len(text) for text, _ in self.pieces)


class Meter(Widget):
    """Shows a session's state and figures; `show` may be called as often as one likes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"meter--{name}" for name in (
        "idle", "reading", "thinking", "answering", "loading", "stopped", "figure", "faint", "track", "wish", "curve",
        "high", "full")}
    DEFAULT_CSS = """
    Meter {
        height: 2; padding: 0 1;
        & > .meter--idle { color: $text-muted; }
        & > .meter--reading { color: $text-primary; }
        & > .meter--thinking { color: $text-accent; text-style: bold; }
        & > .meter--answering { color: $text-success; text-style: bold; }
        & > .meter--loading { color: $text-secondary; }
        & > .meter--stopped { color: $text-error; text-style: bold; }
        & > .meter--figure { color: $foreground; }
        & > .meter--faint { color: $text-muted; }
        & > .meter--track { color: $text-disabled; }
        & > .meter--wish { color: $text-accent; text-style: bold; }
        & > .meter--curve { color: $foreground 40%; }
        & > .meter--high { color: $text-warning; }
        & > .meter--full { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.facts = Facts()

    def show(self, session: Session) -> None:
        """Show the session as it is now."""
        facts = facts_of(session)
        if facts != self.facts:
            self.facts = facts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, blank = self.size.width, self.rich_style
        if y > 1:
            return Strip.blank(width, blank)
        parts, between = (upper(self.facts), GAP) if y == 0 else (lower(self.facts), DOT)
        kept = fitting(parts, width, cell_len(between))
        left = self._segments([part for part in kept if not part.right], between)
        right = self._segments([part for part in kept if part.right], " ")
        gap = max(0, width - sum(cell_len(segment.text) for segment in left + right))
        return Strip([*left, Segment(" " * gap, blank), *right]).adjust_cell_length(width, blank)

    def _segments(self, parts: Sequence[Part], between: str) -> list[Segment]:
        pieces: list[tuple[str, str]] = []
        for part in parts:
            pieces += [(between, "track"), *part.pieces] if pieces else part.pieces
        return [Segment(text, self.get_component_rich_style(f"meter--{name}")) for text, name in pieces]


def facts_of(session: Session) -> Facts:
    """What there is to show of a session. The figures of an answer that has ended stand below it."""
    live = session.live.turn if session.live is not None else None
    model, tip = session.asker.model, session.settings.tip
    shown = live if live is not None else Turn(alpha=tip.alpha, beta=tip.beta)
    loaded = model.loaded
    return Facts(
        _state(session, live), round(model.share, 2), (shown.prompt_read, shown.prompt_tokens),
        model_name(loaded.name, loaded.quantization) if loaded is not None else "",
        shown.prompt_speed, shown.speed, tuple(shown.speeds)[-POINTS:],
        live.alpha if live is not None else tip.alpha, live.beta if live is not None else tip.beta,
        live.wish if live is not None else "free",
        _used(session, live), model.longest, session.first, model.penalises(session.settings))


def _used(session: Session, live: Turn | None) -> int | None:
    """Tokens of the context: what would be sent now, or the prompt of the answer under way and what it has written."""
    prompt = (live.prompt_tokens if live is not None else 0) or session.prompt_tokens
    return prompt if live is None or prompt is None else prompt + live.tokens


def _state(session: Session, live: Turn | None) -> str:
    if live is not None:
        return live.phase
    phase = session.asker.model.phase
    if phase == "ready":
        return "measuring" if session.busy else "idle"
    return phase


def model_name(name: str, quantization: str) -> str:
    """A model as it is called, with its quantization where its name does not say it."""
    name = visible(PurePath(name).name)
    if quantization and quantization.lower() not in name.lower():
        return f"{shortened(name, NAME)} {visible(quantization)}"
    return shortened(name, NAME + 1 + len(quantization))


def fitting(parts: Iterable[Part], width: int, gap: int) -> list[Part]:
    """Those parts that have room on a line together, in their order."""
    kept = list(parts)
    while len(kept) > 1 and sum(part.cells + (1 if part.right else gap) for part in kept) - 1 > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    return kept


def upper(facts: Facts) -> list[Part]:
    """The first line: the state and the speed; the context on the right."""
    parts = [_state_part(facts)]
    if facts.state == "reading" and facts.read[1]:
        parts.append(Part(5, _bar(facts.read[0] / facts.read[1], "reading")))
    elif facts.state == "loading" and 0 < facts.share < 1:
        parts.append(Part(5, _bar(facts.share, "loading")))
    if facts.speed and facts.state in ("thinking", "answering"):
        parts.append(Part(1, ((speed(facts.speed).rjust(3), "figure"), (" tok/s", "faint"))))
    if facts.speeds:
        parts.append(Part(7, ((curve(facts.speeds).rjust(POINTS), "curve"),)))
    return parts + _context(facts)


def lower(facts: Facts) -> list[Part]:
    """The second line: under which settings; what is left out of the context on the right."""
    parts = []
    if facts.model:
        parts.append(Part(3, ((facts.model, "faint"),)))
    if not facts.penalised:
        parts.append(Part(0, (("does not think", "faint"),)))
    elif facts.alpha:
        parts.append(Part(0, (("α ", "faint"), (number(facts.alpha), "figure"), (" β ", "faint"),
                              (number(facts.beta), "figure"))))
    else:
        parts.append(Part(0, (("no penalty", "faint"),)))
    if facts.wish != "free":
        parts.append(Part(1, ((WISHES[facts.wish], "wish"),)))
    if facts.prompt_speed:
        parts.append(Part(4, (("prompt ", "faint"), (speed(facts.prompt_speed), "figure"), (" tok/s", "faint"))))
    if facts.left_out:
        parts.append(Part(2, ((f"{counted(facts.left_out, 'turn')} left out", "high"),), right=True))
    return parts


def _state_part(facts: Facts) -> Part:
    text = STATES[facts.state]
    if facts.state == "reading" and facts.read[1]:
        text += f" {facts.read[0]:,}/{facts.read[1]:,}"
    elif facts.state == "loading" and facts.share:
        text += f" {facts.share * 100:.0f} %" if facts.share < 1 else ", weights are read"
    return Part(0, ((text, STYLES.get(facts.state, facts.state)),))


def _context(facts: Facts) -> list[Part]:
    if not facts.size:
        return []
    size = Part(3, ((f"/ {facts.size:,}", "faint"),), right=True)
    if facts.used is None:
        return [Part(2, (("–", "faint"),), right=True), size]
    share = facts.used / facts.size
    name = "full" if share > FULL else "high" if share > HIGH else "figure"
    return [Part(6, _bar(share, name), right=True),
            Part(2, ((f"{facts.used:,}{' !' if share > FULL else ''}", name),), right=True), size]


def _bar(share: float, name: str) -> tuple[tuple[str, str], ...]:
    """A heavy line on a light one, which can be told apart without colours."""
    filled = min(BAR, max(int(share > 0), round(share * BAR)))
    return ("━" * filled, name), ("─" * (BAR - filled), "track")


def curve(speeds: Sequence[float]) -> str:
    """The latest speeds as heights, the largest of them full height."""
    most = max(speeds, default=0.0)
    if most <= 0:
        return LEVELS[0] * len(speeds)
    return "".join(LEVELS[min(len(LEVELS) - 1, int(point / most * len(LEVELS)))] for point in speeds)


def speed(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"


def number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:g}"
