"""What the process that downloads is told, and what it tells."""
from __future__ import annotations

from dataclasses import dataclass, field

from localthink.hub.listing import Listing
from localthink.hub.wanted import Wanted
from localthink.shelf.receipts import Receipt

SPARE_BYTES = 2**29  # of the disk that a download leaves free for everything else


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a download tries again: `tries` without progress, waiting `first_seconds` and twice as long each time.

    No wait is longer than `most_seconds`, unless the Hub asks for one, and then no longer than `longest_seconds`.
    Before the Hub has answered at all there are fewer tries: `tries_to_begin`.
    """

    tries: int = 8
    tries_to_begin: int = 3
    first_seconds: float = 1.0
    most_seconds: float = 60.0
    longest_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class PullOrder:
    """What to do: pull `wanted`, or only look what its repository holds. `prefer` are precisions, best first."""

    wanted: Wanted
    prefer: tuple[str, ...] = ()
    only_look: bool = False
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    spare: int = SPARE_BYTES


@dataclass(frozen=True, slots=True)
class Listed:
    """What a repository holds: the first of the places that could be read. Ends a look."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Found:
    """What will be pulled: `files` by their names in the repository, `here` of its bytes are on the disk already."""

    repository: str
    commit: str
    precision: str
    files: tuple[str, ...]
    bytes: int
    here: int


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How many bytes of all files are here."""

    bytes: int
    total: int


@dataclass(frozen=True, slots=True)
class Checking:
    """What was here already is being compared with the Hub's sums; the share of it that is done."""

    share: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next try is in so many seconds, because of `reason`."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line worth knowing; it goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Pulled:
    """All of it is here and checked. The last word."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be done, in one line, with the exit code that a command would end with. The last word."""

    reason: str
    code: int


PullNews = Listed | Found | PullProgress | Checking | Waiting | Note | Pulled | Failed
LAST = (Listed, Pulled, Failed)
