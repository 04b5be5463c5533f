"""Turns for tests: events as an engine gives them, and answers made of such events."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from localthink.chat.turn import Turn
from localthink.records import Event, Part

WORDS = ("the", "sum", "of", "both", "sides", "is", "even", "so", "parity", "cannot", "help", "and", "we", "look",
         "at", "every", "divisor", "again", "until", "one", "fits")
LOTS = 8


def event(text: str, thought: int = 0, part: Part = "thinking", held: int = 0, token: int = 1,
          opens: bool = False) -> Event:
    """One token. `held` is 1 where a switch was held back."""
    return Event(0, 0, token, text, part, thought if part == "thinking" else -1, opens, -0.1, -0.1, held)


def events(thought: int = 0, text: str = "", held: Sequence[int] = ()) -> list[Event]:
    """A token for each word of `text`; before those whose places are in `held`, a switch was held back."""
    words = text.split(" ")
    pieces = [word if place == 0 else f" {word}" for place, word in enumerate(words)]
    return [event(piece, thought, held=int(place in held), opens=place == 0)
            for place, piece in enumerate(pieces)]


def answer(text: str) -> list[Event]:
    """Tokens of an answer, one for each word."""
    return [event(piece, part="answer") for piece in text.replace(" ", "\0 ").split("\0")]


def words(count: int, opening: str = "Okay, let me see.") -> str:
    """So many words, a paragraph every forty."""
    text = opening.split(" ")
    while len(text) < count:
        place = len(text)
        text.append(WORDS[place * 8 % len(WORDS)] + (".\n\nThen" if place % 40 == 39 else ""))
    return " ".join(text[:count])


def thinking_turn(thoughts: int, tokens_each: int | Sequence[int] = 40, held: Iterable[tuple[int, int]] = (),
                  alpha: float = 3.0, beta: float = 600, seconds_each: float = 4.0) -> Turn:
    """A turn amid its last thought. `held` are (thought, token) pairs at which a switch was held back."""
    lengths = [tokens_each] * thoughts if isinstance(tokens_each, int) else list(tokens_each)
    turn, now = Turn(alpha=alpha, beta=beta), 0.0
    for batch in batches(lengths, list(held)):
        turn.take(batch, now)
        now += seconds_each / LOTS
    return turn


def batches(lengths: Sequence[int], held: Sequence[tuple[int, int]] = ()) -> Iterator[list[Event]]:
    """The events of thoughts of such lengths, every thought in LOTS lots."""
    for index, length in enumerate(lengths):
        opening = "Okay, let me see." if index == 0 else f"Alternatively, try number {index + 1}."
        made = events(index, words(length, opening), [token for thought, token in held if thought == index])
        size = -(-len(made) // LOTS)
        for start in range(0, len(made), size):
            yield made[start:start + size]


def end(turn: Turn, text: str = "The answer is 42.", now: float = 100.0) -> Turn:
    """Let a turn answer, and end."""
    turn.take(answer(text), now)
    turn.end("stop")
    return turn
