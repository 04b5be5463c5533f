"""What a run was asked to be, before anything is looked at but the model's header."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from localthink import locations
from localthink.batch.settings import Settings
from localthink.batch.shard import Shard
from localthink.errors import UsageError
from localthink.fit.batch import even_slots
from localthink.offload import Offload
from localthink.thinking import markers


@dataclass(frozen=True, slots=True)
class Spec:
    """What a run was asked to be. `cache`, `longest`, `slots` and `split` are chosen where they are None.

    With `force` it is tried also where the model does not fit into memory.
    """

    source: str
    folder: Path
    model: Path
    settings: Settings
    append: str = ""
    limit: int | None = None
    shard: Shard | None = None
    cache: str | None = None
    longest: int | None = None
    slots: int | None = None
    split: bool | None = None
    deterministic: bool = False
    threads: int | None = None
    offload: Offload = field(default_factory=Offload)
    force: bool = False
    strict: bool = False
    extend: bool = False
    retry_errors: bool = False
    think_tags: tuple[str, str] | None = None
    grade: bool = True

    def check(self, trained: int | None) -> None:
        """Raise UsageError for what cannot be, with a model that was trained for a context of so many tokens."""
        markers.select(markers.read_groups(locations.user_markers()), self.settings.generation.tip.groups)
        if self.longest is not None and trained is not None and self.longest > trained:
            raise UsageError(f"context is {self.longest}: the model was trained for {trained} at most")
        if self.deterministic and self.slots is not None and even_slots(self.slots) != self.slots:
            raise UsageError(f"slots is {self.slots}: with --deterministic give 1, 2, 3 or a multiple of 4")
        if self.deterministic and self.shard is not None and self.slots is None:
            raise UsageError("--deterministic with --shard takes --slots N: every machine must have the same")

    @property
    def placed(self) -> Offload:
        """Where it must always be the same, all layers go to the GPU and not as many as there is room for."""
        everywhere = self.deterministic and self.offload.layers is None
        return replace(self.offload, layers=-1) if everywhere else self.offload
