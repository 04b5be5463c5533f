"""The models that a person can choose from: those that are here, and those of the catalogue that are not."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localthink import locations
from localthink.chat.asking import SLOTS
from localthink.chat.recents import recent_models
from localthink.chat.surveying import Machine
from localthink.errors import LocalthinkError, UsageError
from localthink.fit.choice import Asked
from localthink.fit.recommend import USUAL, Recommendation, recommend, suited
from localthink.fit.report import FitReport, of_file, report, reports
from localthink.gguf.header import read_facts
from localthink.hub.cache import unfinished_pulls
from localthink.hub.wanted import Wanted, is_address, parse_wanted
from localthink.machine.resources import free_disk
from localthink.shelf.catalogue import ModelSpec, parse_name, read_catalogue
from localthink.shelf.local_models import FoundModel, catalogue_name, find_model, found_models
from localthink.shelf.receipts import Receipt

PREFER = (USUAL,)  # precisions for a repository that has several, where none is named


@dataclass(frozen=True, slots=True)
class Kept:
    """A model that is here. `spec` is its entry in the catalogue, None for others; `precision` may be empty."""

    model: FoundModel
    spec: ModelSpec | None = None
    precision: str = ""


@dataclass(frozen=True, slots=True)
class Stock:
    """`here` are the models on this machine, `others` the entries of the catalogue of which nothing is here.

    What is pulled goes to `folder`, on whose disk there are `free` bytes; `unfinished` is what was begun, and the bytes
    of it. `trouble` says what is wrong with a person's own catalogue, without which nothing is known of any.
    """

    here: tuple[Kept, ...] = ()
    catalogue: tuple[ModelSpec, ...] = ()
    folder: Path = Path()
    free: int = 0
    unfinished: tuple[tuple[Receipt, int], ...] = ()
    trouble: str = ""

    @property
    def others(self) -> tuple[ModelSpec, ...]:
        known = {kept.spec.name for kept in self.here if kept.spec is not None}
        return tuple(spec for spec in self.catalogue if spec.name not in known)

    def begun(self, spec: ModelSpec, precision: str) -> int:
        """The bytes that an earlier pull of it has left."""
        return sum(bytes for receipt, bytes in self.unfinished
                   if (receipt.model, receipt.precision) == (spec.name, precision))

    def going_on(self, spec: ModelSpec) -> str | None:
        """The precision at which a pull of it was begun, which the next one goes on with; None where none was."""
        return next((receipt.precision for receipt, _ in self.unfinished
                     if receipt.begun and receipt.model == spec.name and receipt.precision in spec.precisions), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """A model of the catalogue at a precision that can be pulled. `best` is the precision that suits this machine."""

    spec: ModelSpec
    report: FitReport
    best: str

    @property
    def precision(self) -> str:
        return self.report.candidate.precision

    @property
    def bytes(self) -> int:
        return self.spec.precisions[self.precision]

    @property
    def wanted(self) -> str:
        """As it is asked for."""
        return f"{self.spec.name}:{self.precision}"


def take_stock() -> Stock:
    """Look through the folders of localthink and of other programs: not for a thread that a person waits for."""
    folder, catalogue, trouble = locations.hugging_face_cache(), tuple[ModelSpec, ...](), ""
    try:
        catalogue = read_catalogue()
    except UsageError as error:
        trouble = str(error)
    here = []
    for model in found_models():
        named = catalogue_name(model, catalogue)
        here.append(Kept(model, *named) if named is not None else Kept(model, None, model.precision))
    known = {kept.model.path for kept in here}
    here += [Kept(model) for model in map(_opened_before, recent_models()) if model.path not in known]
    try:
        free = free_disk(folder)
    except OSError as error:
        free, trouble = 0, trouble or f"{folder}: {error.strerror or error}"
    try:
        unfinished = unfinished_pulls()
    except LocalthinkError as error:  # of something that lies where no pull would put it
        unfinished, trouble = (), trouble or str(error)
    return Stock(tuple(here), catalogue, folder, free, unfinished, trouble)


def _opened_before(path: Path) -> FoundModel:
    """A file that nobody keeps."""
    return FoundModel(path.stem, path, "", 0, (path.stem,), "")


def asked(context: int | None, cache: str | None, gpu_layers: int | None) -> Asked:
    """What a conversation opens a model with."""
    return Asked(SLOTS, context, cache, gpu_layers)


def offer(spec: ModelSpec, machine: Machine, wish: Asked, precision: str | None = None) -> Offer:
    """A model of the catalogue at this precision, or the one that suits the machine. Raises UsageError."""
    every = reports(spec, machine.room, wish, machine.bandwidth)
    best = suited(every, spec, wish)
    chosen = best if precision is None else next(each for each in every if each.candidate.precision == precision)
    return Offer(spec, chosen, best.candidate.precision)


def report_on(path: Path, machine: Machine, wish: Asked) -> FitReport:
    """What a file that is here would take. Raises LocalthinkError where it cannot be opened."""
    facts = read_facts(path)
    if not facts.has_weights:
        raise UsageError("it is a vocabulary without weights")
    return report(of_file(facts), machine.room, wish, machine.bandwidth)


def recommended(stock: Stock, machine: Machine, wish: Asked) -> Recommendation | None:
    """The one for this machine; None where nothing fits, and as long as its speed is not known. Raises UsageError."""
    return recommend(stock.catalogue, machine.room, wish, machine.bandwidth) if machine.measured else None


def look_for(text: str, stock: Stock) -> Path | Wanted:
    """What a person means: a file that is here, or what is to be pulled for it. Looks through folders.

    Raises LocalthinkError where it is neither.
    """
    if is_address(text):
        return parse_wanted(text)
    try:
        return find_model(text).absolute()
    except LocalthinkError as error:
        return _to_pull(text, stock, error)


def _to_pull(text: str, stock: Stock, trouble: LocalthinkError) -> Wanted:
    """For a text that is the name of no file: raises `trouble` where pulling is no answer to it."""
    if text.count("/") == 1 and not text.startswith(("/", "~", ".")) and not Path(text).parent.exists():
        return parse_wanted(text)  # it says how a repository of the Hub is written
    try:
        spec, precision = parse_name(text)
    except UsageError:
        raise trouble from None
    if precision is None and any(kept.spec == spec for kept in stock.here):  # here at several: which one?
        raise trouble
    return parse_wanted(text)
