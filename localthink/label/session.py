"""A labelling session without a screen: which sample and which unit it is at, and what was said so far."""
from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from localthink.batch.manifest import write_json
from localthink.errors import LocalthinkError, UsageError
from localthink.files import small_object
from localthink.label.file import LabelFile
from localthink.label.labels import Rated, Rating, Unit, UnitKind, resolved
from localthink.label.run import Run, Sample
from localthink.text.visible import shown_name


class Labelling:
    """Goes through the units of some of a run's samples. Begins where the last session of the same person ended.

    Raises UsageError where none of the samples has a unit of this kind.
    """

    def __init__(self, run: Run, samples: Sequence[Sample], file: LabelFile, kind: UnitKind = "thoughts") -> None:
        self.run, self.kind, self._file = run, kind, file
        self.samples = tuple(sample for sample in samples if sample.units(kind))
        if not self.samples:
            raise UsageError(f"no sample of {shown_name(run.folder)} has {kind}: there is nothing to be labelled")
        self._all = frozenset(unit for sample in self.samples for unit in sample.units(kind))
        self.place, self.cursor = 0, 0
        self._resume()

    @property
    def by(self) -> str:
        """Who labels."""
        return self._file.by

    @property
    def sample(self) -> Sample:
        return self.samples[self.place]

    @property
    def units(self) -> tuple[Unit, ...]:
        """Those of the sample."""
        return self.sample.units(self.kind)

    @property
    def unit(self) -> Unit:
        return self.units[self.cursor]

    @property
    def rated(self) -> list[Rated]:
        """What holds for the units of the sample, in their order."""
        return resolved(self.units, self._file.said.labels)

    def progress(self) -> tuple[int, int]:
        """How many units were rated, and how many there are."""
        return sum(unit in self._all for unit in self._file.said.labels), len(self._all)

    def rate(self, rating: Rating) -> None:
        """Rate the unit and go to the next one, but not to the next sample. Raises LocalthinkError.

        A unit that was rated so already stays as it is, so that undo takes back what changed something.
        """
        if not (self.rated[self.cursor].said and self.rated[self.cursor].rating == rating):
            self._file.rate({self.unit: rating})
        self.move(1)

    def undo(self) -> bool:
        """Take the latest rating back and go to its unit. Raises LocalthinkError.

        False where there is none, or it is of a unit that this session does not show.
        """
        if self._file.said.latest not in self._all:
            return False
        unit = self._file.undo()
        return unit is not None and self._go_to(unit)

    def move(self, by: int) -> None:
        """So many units on, within the sample."""
        self.go(min(len(self.units) - 1, max(0, self.cursor + by)))

    def go(self, cursor: int) -> None:
        self.cursor = cursor
        self._keep_place()

    def move_sample(self, by: int) -> bool:
        """So many samples on, to the first unit nobody rated, or the first. False where there is no such sample."""
        place = self.place + by
        if not 0 <= place < len(self.samples):
            return False
        self.place = place
        self.go(next((cursor for cursor, rated in enumerate(self.rated) if not rated.said), 0))
        return True

    def next_open(self) -> bool:
        """To the next unit of which nothing is known, here or in a later sample, else to the first there is.

        False where there is none.
        """
        spots = [(place, cursor) for place, sample in enumerate(self.samples)
                 for cursor, rated in enumerate(resolved(sample.units(self.kind), self._file.said.labels))
                 if rated.rating is None]
        if not spots:
            return False
        self.place, cursor = next((spot for spot in spots if spot > (self.place, self.cursor)), spots[0])
        self.go(cursor)
        return True

    def close(self) -> None:
        """Let others write the file."""
        self._file.close()

    # Where it ended last time

    @property
    def _place_file(self) -> Path:
        return self._file.path.with_name(f".{self._file.path.stem}-{self.kind}.json")

    def _keep_place(self) -> None:
        """For the next session. Where it cannot be written, that begins behind the latest rating."""
        unit = self.unit
        with suppress(LocalthinkError):
            write_json(self._place_file, {"key": unit.key, "thought": unit.thought, "step": unit.step}, lasting=False)

    def _resume(self) -> None:
        kept = small_object(self._place_file)
        wanted = Unit(*(kept.get(name, -1) for name in ("key", "thought", "step")))
        if self._go_to(wanted):
            return
        latest = self._file.said.latest
        if latest is not None and self._go_to(latest):
            self.move(1)

    def _go_to(self, unit: Unit) -> bool:
        place = next((place for place, sample in enumerate(self.samples) if sample.key == unit.key), None)
        if place is None or unit not in self.samples[place].units(self.kind):
            return False
        self.place = place
        self.go(self.units.index(unit))
        return True
