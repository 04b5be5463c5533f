"""What an engine in a process of its own is told, and what it says."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from localthink.errors import EngineError, LocalthinkError, UsageError
from localthink.machine.capacity import MemoryBudget
from localthink.offload import Offload
from localthink.records import Alternative, BudgetRequest, Event, Generation, Message, Prefix, ThinkMode, Tip, Trace


@dataclass(frozen=True, slots=True)
class Loading:
    """Open this model for so many samples at once; see `load`. `vocabulary_only` can check prompts and no more.

    `at_once` samples may share the cache of these, where that is more.
    With `watched` there is news of how far the loading is; with `force` it is tried also where it does not fit.
    `keep_every` so many seconds there is news of what unfinished samples have written; None is never.
    """

    model: str | None
    slots: int = 1
    cells: int | None = None
    longest: int | None = None
    cache: str | None = None
    split: bool = False
    fixed_shapes: bool = False
    threads: int | None = None
    offload: Offload = field(default_factory=Offload)
    vocabulary_only: bool = False
    watched: bool = False
    force: bool = False
    think_tags: tuple[str, str] | None = None
    keep_every: float | None = None
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """One sample, by a number of the asker's own. With `only_check` nothing is generated.

    With `watched` its events are news, several at a time, and so is how far its prompt has been read.
    """

    number: int
    messages: tuple[Message, ...]
    generation: Generation = field(default_factory=Generation)
    seed: int = 0
    raw: bool = False
    only_check: bool = False
    alternatives: int = 0
    prefix: Prefix = field(default_factory=Prefix)
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give a sample up, now; it is `Finished` with what there is."""

    number: int


@dataclass(frozen=True, slots=True)
class Steer:
    """Change a sample from its next token on; see `Engine.steer`."""

    number: int
    tip: Tip | None = None
    wish: BudgetRequest | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many tokens would these messages be as a prompt?"""

    number: int
    messages: tuple[Message, ...]
    think: ThinkMode = "auto"


Order = Loading | Ask | Cancel | Steer | Count


@dataclass(frozen=True, slots=True)
class LoadingShare:
    """So much of the weights has been read, from 0 to 1."""

    share: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is open. `backend` is how llama.cpp was built, in its own words; `gpu` says if it can use one.

    `name` is the file's, without its ending; `path` the file itself; `trained` the context that the model
    was trained for; `weight_bytes` and `cache_bytes` are what its weights and the whole cache take, and
    `choice` says in a line how it was opened. `room` is the memory that was free beside a vocabulary.
    `mapped` says that weights in memory are pages of the file, which the system counts as free.
    """

    slots: int
    cells: int
    longest: int
    backend: str
    gpu: bool
    name: str = ""
    path: str = ""
    quantization: str = ""
    trained: int = 0
    thinks: bool = True
    weight_bytes: int = 0
    cache_bytes: int = 0
    choice: str = ""
    room: MemoryBudget | None = None
    mapped: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    number: int
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Counted:
    number: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """So many of a watched sample's prompt tokens have been read."""

    number: int
    tokens: int
    of: int


@dataclass(frozen=True, slots=True)
class Written:
    """A watched sample's latest tokens. `Finished` follows the last of them."""

    number: int
    events: tuple[Event, ...]

    def __reduce__(self) -> tuple[Callable[..., Written], tuple[int, tuple[tuple[object, ...], ...]]]:
        """Through the pipe as bare tuples: pickled one by one, events take as long as a small model takes to write."""
        return _unpacked, (self.number, tuple((*_FIELDS(event), tuple(map(_CHOICES, event.alternatives)))
                                              for event in self.events))


_FIELDS = attrgetter(*(each.name for each in fields(Event) if each.name != "alternatives"))
_CHOICES = attrgetter(*(each.name for each in fields(Alternative)))


def _unpacked(number: int, rows: tuple[tuple[Any, ...], ...]) -> Written:
    return Written(number, tuple(Event(*(*row, tuple(Alternative(*choice) for choice in choices)))
                                 for *row, choices in rows))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What an unfinished sample has written from its token `start` on, where the news before this one ended."""

    number: int
    start: int
    written: Prefix


@dataclass(frozen=True, slots=True)
class Refused:
    """This sample cannot be had; the others are not concerned. `advice` is for a command line, as errors have it."""

    number: int
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    number: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class Throughput:
    """Since the model was loaded: tokens written, switches held; and the slots that are busy now."""

    tokens: int
    held: int
    busy: int


@dataclass(frozen=True, slots=True)
class Died:
    """The process is gone, and all that it was asked with it. `code` is what a command would exit with.

    `lasting` says that the same would happen again: the model cannot be loaded as it was asked.
    """

    reason: str
    code: int = 1
    lasting: bool = False
    advice: str = ""

    def error(self) -> LocalthinkError:
        kind = UsageError if self.code == UsageError.exit_code else EngineError
        return kind(self.reason, self.advice)


News = (LoadingShare | Loaded | Checked | Counted | Reading | Written | Checkpoint | Refused | Finished | Throughput
        | Died)
