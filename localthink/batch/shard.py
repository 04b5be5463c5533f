"""A part of the items for one of several machines, chosen by the items' ids and not by their order."""
from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from localthink.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard `index`, from 1, of `count`. Every id is in exactly one."""

    index: int
    count: int

    def __contains__(self, item: str) -> bool:
        digest = hashlib.sha256(item.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def read_shard(text: str) -> Shard:
    """`i/N` as a shard. Raises UsageError for anything else."""
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"shard is {text!r}: give i/N, from 1/N to N/N")
    return Shard(int(match[1]), int(match[2]))
