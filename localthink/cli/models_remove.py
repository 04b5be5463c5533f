"""`localthink models remove`: a downloaded model, or what there is of one, and what that frees."""
from __future__ import annotations

import sys
from pathlib import Path

import click

from localthink.cli.models_list import name_of
from localthink.errors import LocalthinkError, UsageError
from localthink.gguf_bytes import shown, shown_path
from localthink.local_models import BUNDLED, OWN, FoundModel, find_model, found_models
from localthink.receipts import Receipt, read_receipts
from localthink.sizes import sized


@click.command("remove")
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(name: str, yes: bool) -> None:
    """Remove a model that was pulled, or begun to be, or that lies in localthink's own folder.

    What other programs keep is theirs to remove.
    """
    from localthink.hub.removal import remove, taken

    receipt = _receipt(name)
    if receipt is not None:
        freed, what = taken(receipt), name_of(receipt)
        files = [Path(file.path) for file in receipt.files]
    else:
        model = _own(name)
        freed, what, files = model.bytes, model.name, _parts(model)
    click.echo("".join(f"{shown_path(path)}\n" for path in files), nl=False)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"remove {what}, which frees {sized(freed)}? give --yes to say so without a terminal")
        click.confirm(f"Remove {what}, which frees {sized(freed)}?", abort=True)
    if receipt is not None:
        freed = remove(receipt)
    else:
        _unlink(files)
    click.echo(f"removed {what}: {sized(freed)} are free")


def _receipt(name: str) -> Receipt | None:
    """The pull that a name means: as it was asked for, by its file, or as the models are listed."""
    receipts = read_receipts()
    exact = [receipt for receipt in receipts if name in (name_of(receipt), receipt.path.name, receipt.path.stem)]
    if not exact and ":" not in name:  # a model of the catalogue at whichever precision there is
        exact = [receipt for receipt in receipts if receipt.model == name]
    if len(exact) > 1:
        raise UsageError(f"{shown(name)} was pulled at {len(exact)} precisions: name one, "
                         f"{', '.join(name_of(receipt) for receipt in exact)}")
    if exact:
        return exact[0]
    path = next((model.path for model in found_models() if name in model.names), None)
    return next((receipt for receipt in receipts if path is not None and receipt.path == path), None)


def _own(name: str) -> FoundModel:
    """A model in localthink's own folder. Raises UsageError for those that others keep."""
    path = find_model(name)
    model = next((found for found in found_models() if found.path == path), None)
    if model is None:
        raise UsageError(f"{shown_path(path)} is not in localthink's folder: remove the file yourself")
    if model.keeper == BUNDLED:
        raise UsageError(f"{model.name} comes with localthink and is not removed")
    if model.keeper != OWN:
        raise UsageError(f"{model.name} is kept by {model.keeper}: remove it there, {shown_path(model.path)}")
    return model


def _parts(model: FoundModel) -> list[Path]:
    from localthink.gguf_header import read_facts

    try:
        return list(read_facts(model.path).parts)
    except LocalthinkError:  # damaged, and still to be removed
        return [model.path]


def _unlink(files: list[Path]) -> None:
    for path in files:
        try:
            path.unlink()
        except OSError as error:
            raise LocalthinkError(f"{shown_path(path)}: cannot be removed: {error.strerror or error}") from error
