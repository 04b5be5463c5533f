"""The latest events of a sample that nobody may see yet, because what they say may still change.

The first words of a marker wait until it is clear whether they open a thought, those of a tag whether they are one,
and text that may be the beginning of a stop string until it is clear that it is none.
"""
from __future__ import annotations

from dataclasses import replace

from localthink.records import Event


class Pending:
    """The events that wait. Of them, the first `known` were told by an earlier attempt and are not told again."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.events: list[Event] = []
        self.known = 0
        self._stops = stops

    def __len__(self) -> int:
        return len(self.events)

    @property
    def watches(self) -> bool:
        """Whether there are stop strings to look for."""
        return bool(self._stops)

    def answer(self) -> str:
        """Their text, as far as it is the answer's: that of the thinking before it never stops anything."""
        return "".join(event.text for event in self.events if event.part == "answer")

    def beyond_stop(self) -> int:
        """How many of the latest characters a stop string that is complete, and what follows it, takes; 0 for none.

        The first to end is the one that would have been seen first, had every token been one character.
        """
        text = self.answer()
        found = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        return len(text) - min(found)[1] if found else 0

    def take_back(self, count: int, texts: list[str]) -> None:
        """Remove the latest `count` characters from the events, and from `texts`, one for each token of the sample."""
        place = len(self.events) - 1
        while count:
            event = self.events[place]
            left = event.text[:max(0, len(event.text) - count)]
            count -= len(event.text) - len(left)
            self.events[place] = replace(event, text=left)
            texts[len(texts) - len(self.events) + place] = left
            place -= 1

    def in_stop(self) -> int:
        """How many of the latest events may be the beginning of a stop string."""
        text = self.answer()
        open_text = max((n for stop in self._stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
        count = 0
        while open_text > 0:
            count += 1
            open_text -= len(self.events[-count].text)
        return count

    def reopen(self, count: int, thought: int) -> None:
        """The latest `count` events turn out to have opened a thought."""
        at = len(self.events) - count
        for i, event in enumerate(self.events[at:]):
            self.events[at + i] = replace(event, thought=thought, opens_thought=i == 0)

    def release(self, keep: int) -> list[Event]:
        """All but the latest `keep`, which go on waiting; of those, what is not told already."""
        ready = len(self.events) - keep
        events, self.events = self.events[:ready], self.events[ready:]
        known, self.known = min(self.known, ready), max(0, self.known - ready)
        return events[known:]
