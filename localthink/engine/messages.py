"""What an engine in a process of its own is told, and what it says."""
from __future__ import annotations

from dataclasses import dataclass, field

from localthink.errors import EngineError, LocalthinkError, UsageError
from localthink.records import Message, Sampling, Tip, Trace


@dataclass(frozen=True, slots=True)
class Loading:
    """Open this model for so many samples at once; see `load`. `vocabulary_only` can check prompts and no more."""

    model: str
    slots: int = 1
    cells: int | None = None
    longest: int | None = None
    cache: str = "f16"
    split: bool = False
    fixed_shapes: bool = False
    threads: int | None = None
    gpu_layers: int | None = None
    vocabulary_only: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One sample, by a number of the asker's own. With `only_check` nothing is generated."""

    number: int
    messages: tuple[Message, ...]
    seed: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    tip: Tip = field(default_factory=Tip)
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    raw: bool = False
    only_check: bool = False


Order = Loading | Ask


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is open. `backend` is how llama.cpp was built, in its own words; `gpu` says if it can use one."""

    slots: int
    cells: int
    longest: int
    backend: str
    gpu: bool


@dataclass(frozen=True, slots=True)
class Checked:
    number: int
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Refused:
    """This sample cannot be had; the others are not concerned."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    number: int
    trace: Trace


@dataclass(frozen=True, slots=True)
class Progress:
    """Since the model was loaded: tokens written, expected switches held; and the slots that are busy now."""

    tokens: int
    held: float
    busy: int


@dataclass(frozen=True, slots=True)
class Died:
    """The process is gone, and all that it was asked with it. `code` is what a command would exit with.

    `lasting` says that the same would happen again: the model cannot be loaded as it was asked.
    """

    reason: str
    code: int = 1
    lasting: bool = False

    def error(self) -> LocalthinkError:
        return UsageError(self.reason) if self.code == UsageError.exit_code else EngineError(self.reason)


News = Loaded | Checked | Refused | Finished | Progress | Died
