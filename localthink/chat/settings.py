"""What a person can turn in a conversation."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from localthink.generation import field_of, generation_object, whole, with_field
from localthink.records import Generation, Tip, check_samples


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """How answers are written. `seed` None means a new one for every answer.

    `system` goes before every conversation; R1's authors advise against any.
    """

    generation: Generation = field(default_factory=Generation)
    seed: int | None = None
    system: str = ""

    def __post_init__(self) -> None:
        check_samples(1, self.seed or 0)

    @property
    def tip(self) -> Tip:
        return self.generation.tip

    def value(self, name: str) -> Any:
        """A setting by its name: `seed`, or one of `generation.FIELDS`; as an option has it (max-tokens), too."""
        return self.seed if name == "seed" else field_of(self.generation, name.replace("-", "_"))

    def changed(self, name: str, value: object) -> ChatSettings:
        """The same with one of them changed; None puts it back to what it is by itself. Raises UsageError."""
        if name == "seed":
            return replace(self, seed=None if value is None else whole("seed", value))
        return replace(self, generation=with_field(self.generation, name.replace("-", "_"), value))

    def with_tip(self, tip: Tip) -> ChatSettings:
        return replace(self, generation=replace(self.generation, tip=tip))

    def as_object(self) -> dict[str, Any]:
        """As JSON, for what is kept beside an answer."""
        return {**generation_object(self.generation), "system": self.system}
