"""The strategies by their names, with the settings that can be given to each: `consensus:sure=0.9`, `short-3@8`."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localthink.errors import UsageError
from localthink.solving.confident import Confident
from localthink.solving.consensus import Consensus, Single
from localthink.solving.shortest import Shortest
from localthink.solving.strategy import Strategy
from localthink.solving.verified import Best, Steps
from localthink.text.values import did_you_mean, quoted

USUAL_N, MOST_N = 8, 1024
_WRITTEN = re.compile(r"(?P<name>[a-z]+)(?:-(?P<m>[0-9]{1,4}))?(?:@(?P<k>[0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Setting:
    """A number from `least` to `most`, or one of `among`; `field` is where the strategy keeps it."""

    field: str
    help: str
    least: float = 0.0
    most: float = 1.0
    whole: bool = False
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A strategy: how it is made of n and its settings, of how many attempts at `least`, and what it does."""

    make: Callable[..., Strategy]
    about: str
    least: int = 2
    settings: Mapping[str, Setting] | None = None


_SURE = Setting("sure", "stop once the leader is safe with this probability", 0.5, 1.0)
_TAKE = Setting("take", "the highest rating, or the answer with the highest sum of ratings", among=("highest", "votes"))
STRATEGIES: Mapping[str, Entry] = {
    "single": Entry(Single, "one attempt", 1),
    "consensus": Entry(Consensus, "the most frequent answer, of as many attempts as it takes",
                       settings={"sure": _SURE}),
    "confident": Entry(Confident, "votes weighted by confidence; doubtful attempts end early", settings={
        "sure": Setting("sure", "stop once the leader has this share of the votes", 0.5, 1.0),
        "warm-up": Setting("warm_up", "attempts that run to their end, by which doubt is told", 2, MOST_N, whole=True),
        "keep": Setting("keep", "the share of those that is confident enough", 0.0, 1.0),
        "group": Setting("group", "tokens over which confidence is averaged", 1, 1_000_000, whole=True)}),
    "shortest": Entry(Shortest, "the answer of the shortest attempt"),
    "short": Entry(Shortest, "short-M: the most frequent answer of the M shortest attempts"),
    "best": Entry(Best, "the answer that a verifier rates highest", settings={"take": _TAKE}),
    "steps": Entry(Steps, "the attempt whose steps a verifier rates highest", settings={
        "by": Setting("by", "the worst step, the product of all, or the last", among=("min", "product", "last")),
        "take": _TAKE}),
}
NAMES = tuple("short-M" if name == "short" else name for name in STRATEGIES)


def read_strategy(written: str, n: int | None = None, sure: float | None = None) -> Strategy:
    """The strategy that is written as NAME[-M][@K][:key=value,…]; `n` is how many attempts it takes at most.

    `sure` is its setting of that name. Raises UsageError for whatever cannot be, with the nearest known name.
    """
    head, _, rest = written.strip().partition(":")
    found = _WRITTEN.fullmatch(head)
    if found is None or found["name"] not in STRATEGIES or (found["m"] is not None) != (found["name"] == "short"):
        hint = did_you_mean(head, NAMES, f"the strategies are {', '.join(NAMES)}")
        raise UsageError(f"there is no strategy {quoted(head)}: {hint}")
    name, entry = found["name"], STRATEGIES[found["name"]]
    given = _settings(name, entry, rest)
    if sure is not None:
        if "sure" not in (entry.settings or {}):
            raise UsageError(f"{head} has no setting sure: it is one of consensus and confident")
        given.setdefault("sure", _value(name, "sure", (entry.settings or {})["sure"], str(sure)))
    k = int(found["k"]) if found["k"] else None
    if k is not None and n is not None and k != n:
        raise UsageError(f"{quoted(head)} takes {k} attempts, and n is {n}: give one of them")
    n = next(count for count in (k, n, 1 if name == "single" else USUAL_N) if count is not None)
    m = int(found["m"]) if found["m"] else 1
    if m < 1:
        raise UsageError(f"{quoted(head)} waits for no attempt: give short-1 or more")
    _check_n(head, n, max(entry.least, m + (name == "short")))
    return entry.make(1 if name == "single" else n, **given, **({"m": m} if name == "short" else {}))


def _check_n(head: str, n: int, least: int) -> None:
    if not least <= n <= MOST_N:
        raise UsageError(f"n is {n}: {head} takes {least} to {MOST_N:,} attempts")


def _settings(name: str, entry: Entry, rest: str) -> dict[str, Any]:
    known = entry.settings or {}
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"{name} has {quoted(part)}: write its settings as key=value,key=value")
        if key not in known:
            otherwise = f"it has {', '.join(known)}" if known else "it has none"
            raise UsageError(f"{name} has no setting {quoted(key)}: {did_you_mean(key, known, otherwise)}")
        if known[key].field in given:
            raise UsageError(f"{name} has {key} twice: give it once")
        given[known[key].field] = _value(name, key, known[key], value)
    return given


def _value(name: str, key: str, setting: Setting, text: str) -> float | int | str:
    if setting.among:
        if text not in setting.among:
            raise UsageError(f"{name}'s {key} is {quoted(text)}: it is one of {', '.join(setting.among)}")
        return text
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not setting.least <= value <= setting.most or (setting.whole and value != int(value)):
        kind = "a whole number" if setting.whole else "a number"
        raise UsageError(f"{name}'s {key} is {quoted(text)}: give {kind} from {setting.least:g} to {setting.most:,g}")
    return int(value) if setting.whole else value
