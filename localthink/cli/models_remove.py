"""`localthink models remove`: a downloaded model, or what there is of one, and what that frees."""
from __future__ import annotations

import sys
from pathlib import Path

import click

from localthink import locations
from localthink.errors import LocalthinkError, UsageError
from localthink.shelf.local_models import BUNDLED, FAMILY, OWN, FoundModel, find_model, found_models
from localthink.shelf.other_programs import in_files
from localthink.shelf.receipts import Receipt, read_receipts
from localthink.text.rows import one_line
from localthink.text.sizes import sized
from localthink.text.visible import shown, shown_name


@click.command("remove")
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(name: str, yes: bool) -> None:
    """Remove a model that was pulled, or begun to be, or that lies in localthink's own folder.

    NAME is what it is called, its address (hf:owner/repo/file.gguf), or a file. What other programs keep is theirs to
    remove.
    """
    from localthink.hub.cache import remove, taken
    from localthink.hub.wanted import name_among

    model = _meant(name)
    if isinstance(model, Receipt):
        freed, what, files = taken(model), name_among(model, read_receipts()), list(model.paths)
    else:
        freed, what, files = model.bytes, model.name, _parts(model)
    what = one_line(what)
    click.echo("".join(f"{shown_name(path)}\n" for path in files), nl=False)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"remove {what}, which frees {sized(freed)}? give --yes to say so without a terminal")
        click.confirm(f"Remove {what}, which frees {sized(freed)}?", abort=True)
    if isinstance(model, Receipt):
        freed = remove(model)
    else:
        _unlink(files)
    click.echo(f"removed {what}: {sized(freed)} are free")


def _meant(name: str) -> Receipt | FoundModel:
    """The pull, or the model in localthink's own folder, that is meant. Raises UsageError where several can be."""
    from localthink.hub.wanted import meant, name_among, of_file

    path, receipts = locations.expanded(name).absolute(), read_receipts()
    own = [model for model in found_models() if model.keeper == OWN]
    if at_path := next((model for model in own if model.path == path), None):
        return at_path
    pulled = meant(name, receipts)
    called = [model for model in own if name in in_files(OWN, (model.path,)).names]
    if len(pulled) + len(called) > 1:
        names = [*(name_among(receipt, pulled) for receipt in pulled), *(str(model.path) for model in called)]
        raise UsageError(f"{shown(name)} means {len(names)} models: name one, {', '.join(map(one_line, names))}")
    if pulled:
        return pulled[0]
    if called:
        return called[0]
    path = find_model(name).absolute()  # by all other names that it may have
    return next(iter(of_file(path, receipts)), None) or _own(path)


def _own(path: Path) -> FoundModel:
    """A model in localthink's own folder. Raises UsageError for those that others keep."""
    model = next((found for found in found_models(family=True) if found.path == path), None)
    if model is None:
        raise UsageError(f"{shown_name(path)} is not in localthink's folder: remove the file yourself")
    if model.keeper in (BUNDLED, FAMILY):
        raise UsageError(f"{one_line(model.name)} comes with localthink and is not removed")
    if model.keeper != OWN:
        raise UsageError(f"{one_line(model.name)} is kept by {model.keeper}: remove it there, {shown_name(model.path)}")
    return model


def _parts(model: FoundModel) -> list[Path]:
    from localthink.gguf.header import read_facts

    try:
        return list(read_facts(model.path).parts)
    except LocalthinkError:  # damaged, and still to be removed
        return [model.path]


def _unlink(files: list[Path]) -> None:
    for path in files:
        try:
            path.unlink()
        except OSError as error:
            raise LocalthinkError(f"{shown_name(path)}: cannot be removed: {error.strerror or error}") from error
