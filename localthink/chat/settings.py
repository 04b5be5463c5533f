"""What a person can turn in a conversation."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localthink.records import Sampling, ThinkMode, Tip, check_limits
from localthink.trace_json import settings_object


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """`seed` None means a new one for every answer; the limits None mean what the context holds.

    `system` goes before every conversation; R1's authors advise against any.
    """

    tip: Tip = field(default_factory=Tip)
    sampling: Sampling = field(default_factory=Sampling)
    max_thinking: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    system: str = ""
    think: ThinkMode = "auto"

    def __post_init__(self) -> None:
        check_limits(1, self.seed or 0, self.max_tokens, (), self.max_thinking)

    def as_object(self) -> dict[str, Any]:
        """As JSON, for what is kept beside an answer."""
        return {**settings_object(self.tip, self.sampling), "max_thinking": self.max_thinking,
                "max_tokens": self.max_tokens, "system": self.system, "think": self.think}
