"""What decides the text of a sample, given its prompt and its model; its seed, and its key in the ledger."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from localthink.batch.values import json_sha256
from localthink.engine.randomness import SEED_BITS, sample_seed
from localthink.records import Sampling, ThinkMode, Tip, check_limits, check_think

SAMPLING = ("temperature", "top_p", "top_k", "min_p")
TIP = ("alpha", "beta", "groups", "grace")
LIMITS = ("samples", "seed", "max_tokens", "stop", "think")


@dataclass(frozen=True, slots=True)
class Settings:
    """How an item is answered, `samples` times.

    With `own_seed` the seed was given by the item itself and means what it means to `ask`: it is
    that of the first sample. Else it is the run's, and every item has seeds of its own.
    """

    sampling: Sampling = field(default_factory=Sampling)
    tip: Tip = field(default_factory=Tip)
    samples: int = 1
    seed: int = 0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    raw: bool = False
    own_seed: bool = False
    think: ThinkMode = "auto"

    def __post_init__(self) -> None:
        check_limits(self.samples, self.seed, self.max_tokens, self.stop)
        check_think(self.raw, self.think)

    def overridden(self, own: Mapping[str, Any]) -> Settings:
        """These settings, but for those that `own` names, by SAMPLING, TIP and LIMITS.

        Values have the types of the fields. Raises UsageError where one is out of its range.
        """
        sampling, tip, limits = ({name: own[name] for name in names if name in own}
                                 for names in (SAMPLING, TIP, LIMITS))
        return replace(self, sampling=replace(self.sampling, **sampling), tip=replace(self.tip, **tip),
                       own_seed=self.own_seed or "seed" in own, **limits)

    def decisive(self) -> dict[str, Any]:
        """What one sample's text depends on, as JSON: all of it but the number of its siblings."""
        values = asdict(self)
        del values["samples"]
        for part, names in (("sampling", ("temperature", "top_p", "min_p")), ("tip", ("alpha", "beta"))):
            for name in names:  # 600 and 600.0 are one setting and two texts
                values[part][name] = float(values[part][name])
        return values

    def seed_of(self, item: str, sample: int) -> int:
        """The seed of a sample: the same whatever alpha, beta and the order of the items are."""
        if self.own_seed:
            return sample_seed(self.seed, sample)
        return int(json_sha256([self.seed, item, sample])[:SEED_BITS // 4], 16)


def result_key(item: str, content: str, sample: int, settings: Settings, engine: Mapping[str, Any]) -> str:
    """The name of a result, 32 hexadecimal digits.

    `item` is the item's id and `content` the digest of what it asks; `engine` is what else the text
    depends on (the model's sha256, the longest context, the type of the cache, the markers).
    """
    return json_sha256([item, content, sample, settings.decisive(), dict(engine)])[:32]
