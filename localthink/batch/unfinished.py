"""What the unfinished samples of a run have written, kept so that it goes on from there.

A sample's tokens are known by its key, in which model, settings and markers are: what belongs to another run is
never found. Each writing adds a line a sample, with what is new; a line that is damaged, or that does not
follow what is known, ends what is trusted. When the file has doubled it is written anew, a line a sample.
"""
from __future__ import annotations

import zlib
from array import array
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localthink.batch.jsonlines import JsonLines, json_text, read_lines, replace_lines
from localthink.errors import UsageError
from localthink.records import Prefix

SAVE_SECONDS = 5.0  # between two writings: no more of a sample is lost
SPARE = 2**20  # bytes by which the file may grow, beyond doubling, until it is written anew


@dataclass(slots=True)
class _Sample:
    tokens: array[int] = field(default_factory=lambda: array("i"))
    held: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0


class Unfinished:
    """The samples of the file at `path`, which one process at a time may use.

    First `read` it, then `keep_only` what is to be done. `damaged` says whether some of it could not be trusted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._samples: dict[str, _Sample] = {}
        self._new: list[dict[str, Any]] = []
        self._most = SPARE  # bytes until the file is written anew
        self._file: JsonLines | None = None
        self.damaged = False

    def read(self) -> None:
        """Take in what is in the file, if there is one. Raises LocalthinkError where it cannot be opened."""
        if not self.path.exists():
            return
        self._file = JsonLines(self.path)
        self.damaged = self._file.torn > 0
        try:
            for _, line in read_lines(self.path):
                self._take(line)
        except (UsageError, KeyError, TypeError, ValueError, OverflowError):
            self.damaged = True

    def _take(self, line: dict[str, Any]) -> None:
        """Raises one of many errors for a line that is not of this program's making."""
        if line.pop("crc") != _checksum(line) or not bytes.fromhex(line["key"]):
            raise ValueError
        held = tuple((position, switches) for position, switches in line["held"])
        if not self._extend(line["key"], line["start"], Prefix(tuple(line["tokens"]), held, line["seconds"])):
            raise ValueError

    def _extend(self, key: str, start: int, written: Prefix) -> bool:
        """Whether the tokens follow those that are known; from 0 on they are in place of them."""
        tokens = array("i", written.tokens)
        sample = self._samples.get(key) if start else _Sample()
        if sample is None or start != len(sample.tokens):
            return False
        sample.tokens.extend(tokens)
        sample.held.extend(written.held)
        sample.seconds = written.seconds
        self._samples[key] = sample
        return True

    def __contains__(self, key: str) -> bool:
        return key in self._samples

    def __iter__(self) -> Iterator[str]:
        return iter(self._samples)

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def tokens(self) -> int:
        """Of all samples together."""
        return sum(len(sample.tokens) for sample in self._samples.values())

    def prefix(self, key: str) -> Prefix:
        """What the sample of this key has written; nothing of one that is not known."""
        sample = self._samples.get(key, _Sample())
        return Prefix(tuple(sample.tokens), tuple(sample.held), sample.seconds)

    def keep_only(self, keys: Collection[str]) -> None:
        """Forget all samples but these, in the file as well."""
        for key in self._samples.keys() - set(keys):
            del self._samples[key]
        if self._samples:
            self._write_anew()
        else:
            self.remove()

    def add(self, key: str, start: int, written: Prefix) -> None:
        """What a sample has written from its token `start` on; it is on the disk after the next `save`."""
        if self._extend(key, start, written):
            self._new.append(_line(key, start, written))

    def forget(self, key: str) -> None:
        """A sample is finished, or given up."""
        self._samples.pop(key, None)

    def save(self) -> None:
        """Write what was added. Raises LocalthinkError where that fails: what was saved before is safe."""
        new, self._new = [line for line in self._new if line["key"] in self._samples], []
        if new and self._file is None:
            self._file = JsonLines(self.path)
        if self._file is not None:
            self._file.append(new)
            if self._file.size > self._most:
                self._write_anew()

    def _write_anew(self) -> None:
        lines = [_line(key, 0, self.prefix(key)) for key in self._samples]
        assert self._file is not None, "what is known was read from a file, or saved to one"
        replace_lines(self.path, lines, self._file)
        self._file = JsonLines(self.path)
        self._most = 2 * self._file.size + SPARE

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Nothing is unfinished any more."""
        self.close()
        with suppress(OSError):  # then it is found next time, and is of no use
            self.path.unlink(missing_ok=True)


def _line(key: str, start: int, written: Prefix) -> dict[str, Any]:
    line: dict[str, Any] = {"key": key, "start": start, "tokens": list(written.tokens),
                            "held": [list(each) for each in written.held], "seconds": round(written.seconds, 3)}
    return {**line, "crc": _checksum(line)}


def _checksum(line: dict[str, Any]) -> int:
    return zlib.crc32(json_text(line).encode())
