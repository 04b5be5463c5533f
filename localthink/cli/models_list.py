"""`localthink models list`: what is here and usable in place, what was begun, and what can be pulled."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from localthink.text.rows import row_lines
from localthink.text.sizes import rounded, sized
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.shelf.catalogue import ModelSpec
    from localthink.shelf.local_models import FoundModel
    from localthink.shelf.receipts import Receipt

BOLD, DIM = "1", "2"


@click.command("list")
@click.option("--here", is_flag=True, help="Only the models that are on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(here: bool, as_json: bool) -> None:
    """Show the models that are on this machine, whoever keeps them, and those of the catalogue.

    Models that other programs keep (the Hugging Face cache, llama.cpp, LM Studio, ollama) are used where they lie.
    """
    from localthink.hub.cache import unfinished_pulls
    from localthink.hub.wanted import name_of
    from localthink.shelf.catalogue import read_catalogue
    from localthink.shelf.local_models import FAMILY, catalogue_name, found_models

    catalogue = read_catalogue()
    models = found_models(family=True)
    found = [(model, catalogue_name(model, catalogue)) for model in models if as_json or model.keeper != FAMILY]
    pulls = unfinished_pulls()
    if as_json:
        click.echo(json_line(_object(found, pulls, () if here else catalogue)))
        return
    out = Terminal(sys.stdout)
    _show("Here", _found_rows(found), out, right=(1,))
    if family := [model.name for model in models if model.keeper == FAMILY]:
        out.write(f"  and the bundled model's family, for studies: {', '.join(family)}\n", DIM)
    for begun, title in ((True, "Not complete: the same pull goes on where it stopped"), (
            False, "Complete, but damaged or not checked: models pull repairs it, models remove frees its space")):
        rows = [(name_of(receipt), f"{sized(taken)} of {sized(receipt.bytes)}", receipt.repository)
                for receipt, taken in pulls if receipt.begun == begun]
        if rows:
            _show(title, rows, out)
    if not here:
        _show("In the catalogue: localthink models pull NAME", _catalogue_rows(catalogue), out, right=(1, 2, 3, 4, 5))
        out.write("\nlocalthink models fit says which of them suits this machine, models info NAME more of one.\n", DIM)


def _show(title: str, rows: Sequence[Sequence[str]], out: Terminal, right: Sequence[int] = ()) -> None:
    out.write(f"{'' if title == 'Here' else chr(10)}{title}\n", BOLD)
    out.write(row_lines(rows, right) if rows else "  nothing\n")


def _found_rows(found: Sequence[tuple[FoundModel, tuple[ModelSpec, str] | None]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for model, known in found:
        called = f"{known[0].name}:{known[1]}" if known and known[1] else known[0].name if known else ""
        rows.append((model.name, sized(model.bytes), model.keeper, called if called != model.name else ""))
    return rows


def _catalogue_rows(catalogue: Sequence[ModelSpec]) -> list[tuple[str, ...]]:
    from localthink.shelf.catalogue import COMPARED_BY

    rows: list[tuple[str, ...]] = [("name", "parameters", "smallest", "largest", *COMPARED_BY)]
    for spec in catalogue:
        sizes = list(spec.precisions.values())
        scores = (f"{spec.scores[name]:.1f}" if name in spec.scores else "—" for name in COMPARED_BY)
        rows.append((spec.name, rounded(spec.parameters), sized(sizes[0]), sized(sizes[-1]), *scores))
    return rows


def _object(found: Sequence[tuple[FoundModel, tuple[ModelSpec, str] | None]], pulls: Sequence[tuple[Receipt, int]],
            catalogue: Sequence[ModelSpec]) -> dict[str, object]:
    from localthink.hub.wanted import name_of

    return {
        "here": [{"name": model.name, "path": str(model.path), "bytes": model.bytes, "keeper": model.keeper,
                  "names": list(model.names), "precision": known[1] if known else model.precision,
                  "model": known[0].name if known else ""} for model, known in found],
        "unfinished": [{"name": name_of(receipt), "bytes": taken, "of": receipt.bytes,
                        "repository": receipt.repository, "sound": None if receipt.begun else False}
                       for receipt, taken in pulls],
        "catalogue": [spec_object(spec) for spec in catalogue],
    }


def spec_object(spec: ModelSpec) -> dict[str, object]:
    """An entry of the catalogue for programs."""
    return {**asdict(spec), "precisions": dict(spec.precisions), "scores": dict(spec.scores)}
