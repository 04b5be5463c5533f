"""What opening or pulling a model would take, in figures and in words. Knows no widget."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localthink.chat.asking import ModelState
from localthink.chat.stock import Offer, Stock, offer, recommended
from localthink.chat.surveying import Machine
from localthink.errors import UsageError
from localthink.fit.choice import Asked, Choice
from localthink.fit.memory import LEAST_CONTEXT, Verdict
from localthink.fit.recommend import Recommendation
from localthink.fit.report import FitReport, of_file, report
from localthink.gguf.header import ModelFacts
from localthink.shelf.catalogue import ModelSpec
from localthink.text.sizes import sized

FIT = {"fits": "✓ fits", "tight": "~ tight", "too big": "✕ too big"}
CONSEQUENCE = {
    "fits": "",
    "tight": " (little is left to work in: a smaller context or cache leaves more)",
    "too big": " (the machine would swap, and crawl: take a smaller context, cache or model)",
}


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A file that may be opened: its facts once its header is read, or what is wrong with it.

    `keeper` says whose it is; `spec` is its entry in the catalogue, and `precision` the one it is known by there.
    """

    path: Path
    name: str
    facts: ModelFacts | None = None
    trouble: str = ""
    keeper: str = ""
    spec: ModelSpec | None = None
    precision: str = ""

    @property
    def key(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class OfferRow:
    """A model of the catalogue that could be pulled, at the `precision` that is shown."""

    spec: ModelSpec
    precision: str

    @property
    def key(self) -> str:
        return f"pull {self.spec.name}"  # no path is written so

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def bytes(self) -> int:
        return self.spec.precisions[self.precision]


Row = ModelRow | OfferRow


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a row before it is chosen. Without `report`, `why` says what keeps it from being opened."""

    why: str
    report: FitReport | None = None

    @property
    def choice(self) -> Choice | None:
        return self.report.choice if self.report is not None else None

    @property
    def verdict(self) -> Verdict | None:
        return self.report.verdict if self.report is not None else None


def plan(row: ModelRow, wish: Asked, machine: Machine) -> Plan:
    """What a file would take; what the wish leaves open is chosen as `load` would."""
    facts = row.facts
    if facts is None:
        return Plan(row.trouble or "its header is being read")
    if not facts.has_weights:
        return Plan("it is a vocabulary without weights, which can be shown and not asked")
    if (wrong := _wrong(wish)):
        return Plan(wrong)
    try:
        found = report(of_file(facts), machine.room, wish, machine.bandwidth)
    except UsageError as error:
        return Plan(str(error))
    why = _described(found)
    if facts.context_length and found.choice.needs.context > wish.slots * facts.context_length:
        why += f". It was trained for {facts.context_length:,} tokens: a conversation gets no more"
    if not facts.thinks:
        why += ". It does not think between <think> and </think>: there is nothing to hold it to"
    return Plan(why, found)


def plan_offer(spec: ModelSpec, precision: str | None, wish: Asked, machine: Machine, stock: Stock
               ) -> tuple[OfferRow, Plan]:
    """What a model of the catalogue would take, at this precision, or the one that was begun or suits the machine."""
    precision = precision or stock.going_on(spec)
    shown = OfferRow(spec, precision or next(iter(spec.precisions)))
    if (wrong := _wrong(wish)):
        return shown, Plan(wrong)
    try:
        found = offer(spec, machine, wish, precision)
    except UsageError as error:
        return shown, Plan(str(error))
    return OfferRow(spec, found.precision), Plan(f"{_described(found.report)}. {_takes(found, stock)}", found.report)


def _takes(found: Offer, stock: Stock) -> str:
    """What pulling takes, and whether another precision would suit better."""
    begun = stock.begun(found.spec, found.precision)
    text = f"To pull, about {sized(found.bytes)}" + (f", of which {sized(begun)} are here," if begun else "")
    text += f" of the {sized(stock.free)} that the disk of {short(stock.folder)} has free"
    return text if found.best == found.precision else f"{text}. Best at {found.best} here"


def short(folder: Path) -> str:
    """A folder as people write it."""
    return f"~/{folder.relative_to(Path.home()).as_posix()}" if folder.is_relative_to(Path.home()) else str(folder)


def _described(found: FitReport) -> str:
    choice, layers = found.choice, found.candidate.shape.layers
    text = (f"{FIT[choice.verdict]}{CONSEQUENCE[choice.verdict]}: {choice.arithmetic()}, of {choice.room.described()}")
    if choice.placement.gpu_layers:
        text += f"; {min(choice.placement.gpu_layers, layers + 1)} of {layers + 1} layers on the GPU"
    if found.tokens_per_second is not None:
        text += f"; about {speed(found.tokens_per_second)} tokens/s"
    return text


def _wrong(wish: Asked) -> str:
    if wish.context is not None and not LEAST_CONTEXT <= wish.context < 2**31:
        return f"context is {wish.context:,}: give a number of tokens of at least {LEAST_CONTEXT}"
    return ""


def best_of(stock: Stock, machine: Machine, wish: Asked) -> Recommendation | None:
    """The recommendation, where there is one to give."""
    try:
        return None if _wrong(wish) else recommended(stock, machine, wish)
    except UsageError:
        return None


def is_best(row: Row, best: Recommendation | None) -> bool:
    """Whether it is the recommended one, at the recommended precision; one to be pulled can still be set to it."""
    return best is not None and row.spec == best.spec and (isinstance(row, OfferRow)
                                                           or row.precision == best.report.candidate.precision)


def laid_out(files: Iterable[ModelRow], stock: Stock, wish: Asked, machine: Machine, precisions: Mapping[str, str]
             ) -> tuple[list[tuple[Row, Plan]], Recommendation | None]:
    """All rows in their order, the recommended one first of those to be pulled; and what is recommended.

    `precisions` are those that a person has chosen, by the names of models.
    """
    best = best_of(stock, machine, wish)
    rows: list[tuple[Row, Plan]] = [(row, plan(row, wish, machine)) for row in files]
    offers = [plan_offer(spec, precisions.get(spec.name), wish, machine, stock) for spec in stock.others]
    return rows + sorted(offers, key=lambda pair: not is_best(pair[0], best)), best


def said_of(state: ModelState, name: str, note: str) -> str:
    """How it stands with the model called `name`. `note` is what was done last, where no model is left."""
    loaded = state.loaded
    match state.phase:
        case "loading":
            return f"loading {name}"
        case "failed":
            return f"{name} was not loaded: {state.reason}"
        case "died":
            return f"{name} is not there any more: {state.reason}"
        case "ready" if loaded is not None:
            return "open: " + (loaded.choice or f"{loaded.name} · {loaded.longest:,} tokens · "
                               f"{sized(loaded.weight_bytes + loaded.cache_bytes)}")
    return note or "no model is open"


def trained(tokens: int) -> str:
    """A context as it is called: 128k, 1,000."""
    return f"{tokens // 1024:,}k" if tokens and tokens % 1024 == 0 else f"{tokens:,}"


def parameters(count: int) -> str:
    """1.5B, 27M, 812."""
    for unit, name in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            number = count / unit
            return f"{number:.1f}{name}" if number < 10 else f"{number:.0f}{name}"
    return str(count)


def speed(value: float) -> str:
    """Tokens a second in five cells: 2.6, 11, 1,204, 15k."""
    if value < 9.95:
        return f"{value:.1f}" if value >= 0.05 else "<0.1"
    return f"{value:,.0f}" if value < 9999.5 else f"{value / 1000:,.0f}k"
