"""Models by name, wherever they lie on this machine: localthink's own, pulled ones, and other programs'."""
from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from localthink import locations
from localthink.errors import ModelFileError, UsageError
from localthink.gguf.precision import as_precision
from localthink.shelf.catalogue import ModelSpec, parse_name, read_catalogue, read_file_name, split_name
from localthink.shelf.other_programs import SUFFIX, KeptModel, in_files, model_files, other_models
from localthink.shelf.receipts import Receipt, read_receipts, unfinished
from localthink.text.visible import shown, shown_name

BUNDLED, OWN, PULLED = "localthink (bundled)", "localthink", "localthink (pulled)"
FAMILY = "localthink (family)"  # the bundled model's: instruments for studies, called by name and not listed by the way
MOST_LISTED = 20  # names in a message of one line
Identity = tuple[int, int] | Path


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that is here and whole, and can be used where it lies.

    `name` is the first of the `names` that it may be called, `path` the file to load, `bytes` the size of all its
    files. `keeper` says whose it is; several names of one file are one model, under the keeper that comes first.
    `precision` and `model`, its name in the catalogue, are empty where nobody says them: see `catalogue_name`.
    """

    name: str
    path: Path
    keeper: str
    bytes: int
    names: tuple[str, ...]
    precision: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class _Status:
    """Of a file: what is the same under all its names, links included, and its size."""

    identity: Identity
    bytes: int


def find_model(name_or_path: str | None) -> Path:
    """The file of a model: a path, the name of a known one, or for None the one that comes along.

    A file that exists wins over a name, and the name of one that is here over one of the catalogue; of a model that was
    pulled several times the latest pull has the name. Raises ModelFileError for a path without a file, and UsageError
    for a name that is unknown or stands for several files, and for a model of the catalogue that is not here.
    """
    if name_or_path is None:
        return _bundled()
    path = locations.expanded(name_or_path)
    if _exists(path, files_only=True):
        return path
    found = found_models(family=True)
    matches = [model.path for model in found if name_or_path in model.names]
    if len(matches) > 1:
        listed = ", ".join(shown_name(match) for match in matches)
        raise UsageError(f"{shown(name_or_path)} is the name of {len(matches)} models: give the path of one, {listed}")
    if matches:
        return matches[0]
    if name_or_path and _exists(path):  # a folder: whoever reads it says so
        return path
    if name_or_path.lower().endswith(SUFFIX) or Path(name_or_path).name != name_or_path:
        raise ModelFileError(f"there is no file {shown_name(path)}")
    catalogue = read_catalogue()
    spec, wanted = split_name(name_or_path, catalogue)
    if spec is None:
        raise UsageError(_unknown(name_or_path, found, catalogue))
    return _of_catalogue(spec, wanted, found, catalogue)


def found_models(family: bool = False) -> tuple[FoundModel, ...]:
    """Every model that is here, the bundled one first, then a person's own, pulled ones, and other programs'.

    Those of the bundled model's `family` come with it where they are asked for.
    """
    return tuple(model for model in _found().values() if family or model.keeper != FAMILY)


def name_for(path: Path) -> str:
    """What to call a file so that `find_model` finds it: its first name that means it alone, or else its path."""
    found, status = _found(), _status(path)
    model = found.get(status.identity) if status is not None else None
    for name in model.names if model is not None else ():
        if not _exists(locations.expanded(name), files_only=True) and [
                other for other in found.values() if name in other.names] == [model]:
            return name
    return str(path)


def _found() -> dict[Identity, FoundModel]:
    receipts = read_receipts()
    sound = {path for receipt in receipts if receipt.complete for path in receipt.paths}
    begun = _identities(unfinished(receipts)) - _identities(sound)  # two commits may share a part
    found: dict[Identity, FoundModel] = {}
    for kept in _kept(receipts):
        files = [status for status in map(_status, kept.parts) if status is not None]
        if len(files) < len(kept.parts) or any(file.identity in begun for file in files):
            continue
        first = files[0].identity
        if first in found:
            found[first] = _joined(found[first], kept)
        else:
            found[first] = FoundModel(kept.names[0], kept.parts[0], kept.keeper, sum(file.bytes for file in files),
                                      kept.names, kept.precision, kept.model)
    return found


def known_models() -> dict[str, Path]:
    """The models that can be called by name, as name and file; of several with the same name, the first found."""
    known: dict[str, Path] = {}
    for model in found_models():
        known.setdefault(model.name, model.path)
    return known


def catalogue_name(model: FoundModel | Path, catalogue: tuple[ModelSpec, ...] | None = None
                   ) -> tuple[ModelSpec, str] | None:
    """Which entry of the catalogue a model is, and at which precision, empty where nothing says it; None for others.

    A receipt says it, or else the title within a name. `catalogue` saves reading it again. Raises UsageError where
    a person's own catalogue cannot be read.
    """
    catalogue = read_catalogue() if catalogue is None else catalogue
    if isinstance(model, Path):
        path, unkept = model.absolute(), in_files("", (model,))
        model = next((found for found in found_models() if found.path == path),
                     FoundModel(unkept.names[0], path, "", 0, unkept.names, unkept.precision))
    for spec in catalogue:
        if spec.name == model.model:
            return spec, model.precision
    for name in model.names:
        entry = read_file_name(name, catalogue)
        if entry is not None:
            return entry[0], entry[1] or model.precision
    return None


def _kept(receipts: Iterable[Receipt]) -> Iterator[KeptModel]:
    """All that is kept anywhere, in the order in which keepers are preferred; one file may come several times."""
    for parts in model_files(locations.bundled_models()):
        yield in_files(FAMILY if parts[0].parent == locations.bundled_family() else BUNDLED, parts)
    for parts in model_files(locations.local_models()):
        yield in_files(OWN, parts)
    yield from _pulled(receipts)
    yield from other_models()


def _pulled(receipts: Iterable[Receipt]) -> Iterator[KeptModel]:
    """What was pulled and is whole. The latest pull of a model of the catalogue has its name, and of a file all names;
    earlier ones are called by their addresses.
    """
    taken: set[str] = set()
    for receipt in receipts:
        if not receipt.complete:
            continue
        kept = in_files(PULLED, receipt.paths)
        names = (*kept.names, receipt.address, receipt.state)
        if receipt.address in taken:
            names = (receipt.state,)
        elif receipt.called in taken:
            names = (receipt.address, *names)
        elif receipt.called:
            names = (receipt.called, *names)
        taken |= {receipt.address, receipt.called} - {""}
        yield replace(kept, names=tuple(dict.fromkeys(names)), precision=receipt.precision, model=receipt.model)


def _joined(found: FoundModel, again: KeptModel) -> FoundModel:
    """A model under the names of another keeper too."""
    return replace(found, names=tuple(dict.fromkeys(found.names + again.names)),
                   precision=found.precision or again.precision, model=found.model or again.model)


def _identities(paths: Iterable[Path]) -> set[Identity]:
    return {status.identity for status in map(_status, paths) if status is not None}


def _status(path: Path) -> _Status | None:
    """None where there is no file."""
    try:
        status = path.stat()
        return _Status((status.st_dev, status.st_ino) if status.st_ino else path.resolve(), status.st_size)
    except (OSError, ValueError):
        return None


def _of_catalogue(spec: ModelSpec, wanted: str | None, found: Iterable[FoundModel],
                  catalogue: tuple[ModelSpec, ...]) -> Path:
    """The file of a model of the catalogue, at the precision that is wanted, or the only one that is here."""
    here: dict[str, Path] = {}
    for model in found:
        entry = catalogue_name(model, catalogue)
        if entry is not None and entry[0] is spec:
            here.setdefault(entry[1], model.path)
    names = {precision: f"{spec.name}:{precision}" if precision else shown_name(path)
             for precision, path in here.items()}
    if wanted is None and len(here) > 1:
        raise UsageError(f"{spec.name} is here in {len(here)} precisions: name one, {', '.join(names.values())}")
    if wanted is None and here:
        return next(iter(here.values()))
    asked = spec.name
    if wanted is not None:
        precision = as_precision(wanted)
        if precision in here:
            return here[precision]
        parse_name(f"{spec.name}:{wanted}")  # says which precisions there are
        asked = f"{spec.name}:{precision}"
    others = f"; here is {', '.join(names.values())}" if here else ""
    raise UsageError(f"{asked} is {_lacking(spec, asked)}: localthink models pull {asked}{others}")


def _lacking(spec: ModelSpec, asked: str) -> str:
    """What keeps a model of the catalogue from being used: that there is nothing of it, or nothing whole and sound."""
    pulls = [receipt for receipt in read_receipts() if receipt.model == spec.name and not receipt.complete
             and asked in (spec.name, receipt.called)]
    if not pulls:
        return "not downloaded"
    if pulls[0].begun:
        return "not downloaded completely"
    return "damaged or not checked (localthink models verify says why)"


def _bundled() -> Path:
    bundled = locations.bundled_model()
    if not bundled.is_file():
        raise ModelFileError(f"{bundled}: the model that comes with localthink is missing: install localthink again, "
                             f"or name a {SUFFIX} file")
    return bundled


def _exists(path: Path, files_only: bool = False) -> bool:
    try:
        return path.is_file() if files_only else path.exists()
    except (OSError, ValueError):  # a name that no file system can hold
        return False



def _unknown(name: str, found: Iterable[FoundModel], catalogue: Iterable[ModelSpec]) -> str:
    known = sorted({shown_name(model.name) for model in found if model.keeper != FAMILY})
    near = difflib.get_close_matches(name, [*(shown_name(model.name) for model in found),
                                            *(spec.name for spec in catalogue)], n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    listed = f"known here: {', '.join(known[:MOST_LISTED])}{more}" if known else "none is installed"
    return (f"there is no model called {shown(name)}: {hint}{listed}; give the path of a {SUFFIX} file, "
            f"or put it into {locations.local_models()}")
