"""The same prompt and the same random numbers under two settings, side by side, and what came of it in words."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from localthink.chat.asking import Asker
from localthink.chat.divergence import AROUND, Divergence, Move, divergence
from localthink.chat.settings import ChatSettings
from localthink.chat.turn import Turn
from localthink.engine.scheduler import common_prefix
from localthink.grade.boxes import last_boxed
from localthink.grade.countdown import read_puzzle, solves
from localthink.records import Message, Tip, Trace
from localthink.text.sizes import counted

NONE = "–"
DONE: dict[Move, str] = {"goes on": "went on", "switches": "left this thought here",
                         "closes": "closed its thinking here and answered"}
BOTH: dict[Move, str] = {
    "goes on": "Neither left the thought here: another word was drawn, and from it on these are two texts.",
    "switches": "Both left the thought here, in other words.",
    "closes": "Both closed their thinking here, and answered in other words."}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: where it is asked, and how. Two sides of one asker share every batch."""

    asker: Asker
    settings: ChatSettings

    @property
    def model(self) -> str:
        loaded = self.asker.model.loaded
        return loaded.name if loaded is not None else ""


class Comparison:
    """Two answers to `messages` with one seed. Whoever shows it pumps the askers."""

    def __init__(self, sides: Sequence[Side], messages: Sequence[Message], seed: int,
                 clock: Callable[[], float], make_turn: Callable[[int, float, float, float], Turn] = Turn) -> None:
        self.sides, self.seed = tuple(sides), seed
        self.turns = tuple(make_turn(seed, side.settings.tip.alpha, side.settings.tip.beta, clock()) for side in sides)
        self.messages = tuple(messages)
        self._numbers: list[int] = []

    def start(self) -> None:
        self._numbers = [side.asker.ask(self.messages, side.settings, self.seed, turn, _nothing_more)
                         for side, turn in zip(self.sides, self.turns, strict=True)]

    @property
    def running(self) -> bool:
        return any(turn.running for turn in self.turns)

    def stop(self) -> None:
        """End what is being written; what was not started has no numbers."""
        for side, turn, number in zip(self.sides, self.turns, self._numbers, strict=False):
            if turn.running:
                side.asker.cancel(number)

    def divergence(self) -> Divergence | None:
        """Where the two texts part; None as long as one is the beginning of the other."""
        return divergence(self.turns[0], self.turns[1], self.sides[0].model == self.sides[1].model)


def _nothing_more(turn: Turn, trace: Trace | None) -> None:
    """A comparison is looked at and not kept."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the sides are called: over a column, and in a sentence ("without the penalty it went on")."""

    headers: tuple[str, str]
    phrases: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both sides, in words."""

    label: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say of a comparison, also while it is under way.

    `opening` says how long the texts are the same; `quotes` are how they go on where they part (none as long as
    they do not), and `meaning` what each does there, as far as it is plain from the texts.
    """

    names: Names
    opening: str
    quotes: tuple[tuple[str, str], ...]
    meaning: str
    rows: tuple[Row, ...]


def summary(comparison: Comparison) -> Summary:
    names, place = names_of(comparison.sides), comparison.divergence()
    quotes = () if place is None else ((capitalized(names.phrases[0]), beginning(place.left)),
                                       (capitalized(names.phrases[1]), beginning(place.right)))
    return Summary(names, _opening(comparison, place), quotes, "" if place is None else _meaning(place, names),
                   _rows(comparison))


def names_of(sides: Sequence[Side]) -> Names:
    """Names that tell the sides apart by what differs: the penalty, or the models, or only the place."""
    tips = [side.settings.tip for side in sides]
    models = [side.model for side in sides]
    headers, phrases = [_tip_header(tip) for tip in tips], [_tip_phrase(tip) for tip in tips]
    if models[0] != models[1] and all(models):
        headers = [f"{model}, {header}" for model, header in zip(models, headers, strict=True)]
        phrases = [f"with {model}" for model in models]
    elif phrases[0] == phrases[1]:
        headers = [f"{place}: {header}" for place, header in zip(("left", "right"), headers, strict=True)]
        phrases = ["on the left", "on the right"]
    elif not penalises(tips[0]) and tips[1].alpha > 0:
        phrases = ["without the penalty", "with it"]
    elif not penalises(tips[1]) and tips[0].alpha > 0:
        phrases = ["with the penalty", "without it"]
    return Names((headers[0], headers[1]), (phrases[0], phrases[1]))


def penalises(tip: Tip) -> bool:
    """Whether a penalty changes anything."""
    return tip.alpha != 0 and tip.beta > 0


def _tip_header(tip: Tip) -> str:
    if not penalises(tip):
        return "without the penalty (α 0)" if tip.alpha == 0 else "without the penalty (β 0)"
    return f"with the penalty: {_figures(tip)}" if tip.alpha > 0 else f"switches invited: {_figures(tip)}"


def _tip_phrase(tip: Tip) -> str:
    return f"with {_figures(tip)}" if penalises(tip) else "without the penalty"


def _figures(tip: Tip) -> str:
    return f"α {_number(tip.alpha)}, β {_number(tip.beta)}"


def _number(value: float) -> str:
    return "∞" if value == math.inf else f"{value:g}".replace("-", "−")


def _opening(comparison: Comparison, place: Divergence | None) -> str:
    """How long the two are the same."""
    if place is None:
        return _unparted(comparison)
    before = ending(place.before)
    if place.part == "answer" and comparison.turns[0].thinking:
        return f"Their thinking is the same, and their answers up to {before}" if before else (
            "Their thinking is the same; their answers differ from the first word on.")
    if not before:
        return "They differ from the first word on."
    if place.tokens is None:
        return f"They begin with the same words, up to {before}"
    return f"The same for {counted(place.tokens, 'token')}, up to {before}"


def _unparted(comparison: Comparison) -> str:
    left, right = comparison.turns
    if (why := _unpenalised(comparison.sides)) and left.token_ids:
        return why
    if comparison.running:
        same = common_prefix(left.token_ids, right.token_ids)
        return f"So far the same: {counted(same, 'token')}." if same else ""
    if left.token_ids and left.token_ids == right.token_ids:
        return "Both wrote the same, word for word: with this seed the settings make no difference."
    if not left.token_ids or not right.token_ids:
        return "There is too little to compare."
    return "The same up to where the shorter one ended."


def _unpenalised(sides: Sequence[Side]) -> str:
    """Why the penalty makes no difference, where nothing else could."""
    left, right = sides
    if left.asker is not right.asker or left.asker.model.penalises(left.settings):
        return ""
    return (f"{left.model} does not think, and the penalty acts within thinking alone: with this seed both sides are "
            "the same.")


def _meaning(place: Divergence, names: Names) -> str:
    if place.part == "answer":
        return ""
    left, right = place.moves
    if left == right:
        return BOTH[left]
    said = f"{capitalized(names.phrases[0])} it {DONE[left]}; {names.phrases[1]}, it {DONE[right]}."
    return f"{said} A ⊘ marks the switch that was held back." if any(place.held) else said


def ending(text: str) -> str:
    """The last words before a place, in quotation marks; without half a word."""
    words = text.split()
    if len(text) < AROUND or len(words) < 3:
        return f"“{' '.join(words)}”" if words else ""
    return f"“…{' '.join(words[1:])}”"


def beginning(text: str) -> str:
    """The first words behind a place, in quotation marks; without half a word."""
    words = text.split()
    if len(text) < AROUND or len(words) < 3:
        return f"“{' '.join(words)}”"
    return f"“{' '.join(words[:-1])}…”"


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rows(comparison: Comparison) -> tuple[Row, ...]:
    left, right = comparison.turns
    question = next((m.content for m in reversed(comparison.messages) if m.role == "user"), "")
    puzzle = read_puzzle(question)
    rows = [Row("answer", _result(left), _result(right))]
    if puzzle is not None:
        solved = ["yes" if solves(turn.answer, puzzle.numbers, puzzle.target) else "no" for turn in (left, right)]
        rows.append(Row(f"makes {puzzle.target}", solved[0], solved[1]))
    return (*rows,
            Row("thoughts", f"{len(left.thoughts):,}", f"{len(right.thoughts):,}"),
            Row("tokens", f"{left.tokens:,}", f"{right.tokens:,}"),
            Row("held back", _held(left), _held(right)),
            Row("ended", _ended(left), _ended(right)))


def _result(turn: Turn) -> str:
    """What it came to: what is boxed, else how the answer begins."""
    if not turn.answer.strip():
        return "none"
    result = last_boxed(turn.answer)
    return " ".join(result.split()) if result else beginning(turn.answer[:AROUND])


def _held(turn: Turn) -> str:
    return f"{turn.ticks} ⊘" if turn.ticks else NONE


def _ended(turn: Turn) -> str:
    if turn.running:
        return "is being written"
    how = {"stop": "by itself", "length": "cut off, as no room is left", "cancelled": "stopped",
           "loop": "as it went round in a circle", "confidence": "as it was not confident enough",
           "interrupted": "interrupted"}[turn.state]
    return f"{how}, after {turn.seconds:,.1f} s"
