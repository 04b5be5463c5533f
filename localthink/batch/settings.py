"""What decides the text of a sample, given its prompt and its model; its seed, and its key in the ledger."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from localthink.control.catalogue import forks
from localthink.engine.randomness import SEED_BITS, sample_seed
from localthink.errors import UsageError
from localthink.generation import FIELDS, LATER, LINE_FIELDS, later_object, whole, with_fields
from localthink.records import Generation, check_samples, check_think
from localthink.text.values import json_sha256

OWN = {"seed": "seed", "n": "samples"}  # of a line, beside the fields of `Generation`
LINE_SETTINGS = (*LINE_FIELDS, *OWN)
NUMERIC = frozenset({*OWN, *(name for name, each in LINE_FIELDS.items() if each.numeric)})


@dataclass(frozen=True, slots=True)
class Settings:
    """How an item is answered, `samples` times.

    With `own_seed` the seed was given by the item itself and means what it means to `ask`: it is
    that of the first sample. Else it is the run's, and every item has seeds of its own.
    """

    generation: Generation = field(default_factory=Generation)
    samples: int = 1
    seed: int = 0
    raw: bool = False
    own_seed: bool = False

    def __post_init__(self) -> None:
        check_samples(self.samples, self.seed)
        check_think(self.raw, self.generation.think)
        if forks(self.generation):
            raise UsageError("the control deer tries answers out in a slot of its own, and a batch takes all slots: "
                             "leave it out here, or use it in ask or chat")

    def overridden(self, fields: Mapping[str, object]) -> Settings:
        """These settings, but for those that are among the fields of a line. Raises UsageError where one is wrong."""
        own = {name: whole(field, fields[field]) for field, name in OWN.items() if fields.get(field) is not None}
        return replace(self, generation=with_fields(self.generation, fields, LINE_FIELDS),
                       samples=own.get("samples", self.samples), seed=own.get("seed", self.seed),
                       own_seed=self.own_seed or "seed" in own)

    def decisive(self) -> dict[str, Any]:
        """What one sample's text depends on, as JSON: all of it but the number of its siblings.

        What was not there when the first runs were written is left out where it is not set: their keys stay.
        """
        values = asdict(self.generation) | {"seed": self.seed, "raw": self.raw, "own_seed": self.own_seed}
        for name in LATER:
            del values[FIELDS[name].name]
        values |= later_object(self.generation)
        if values["max_thinking"] is None:
            del values["max_thinking"]
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
