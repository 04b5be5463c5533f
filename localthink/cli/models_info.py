"""`localthink models info`: what is known of a model, from the catalogue, from a file, or from the Hub itself."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from localthink.gguf.precision import as_precision
from localthink.shelf.receipts import read_receipts
from localthink.text.rows import one_line, row_lines
from localthink.text.sizes import rounded, sized
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.hub.listing import Listing
    from localthink.shelf.catalogue import ModelSpec
    from localthink.shelf.local_models import FoundModel

Row = tuple[str, str]
BOLD, DIM = "1", "2"


@click.command("info")
@click.argument("name", metavar="NAME | FILE | hf:owner/repo")
@click.option("--hub", is_flag=True, help="Ask the Hub which files there are now, and how large.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, name: str, hub: bool, as_json: bool) -> None:
    """Show what is known of a model of the catalogue: its scores, licence, sizes, sources, and what of it is here.

    For a file it is what `localthink info` shows, and for an address on the Hub what the repository holds.
    """
    from localthink.hub.wanted import is_address, parse_wanted
    from localthink.shelf.catalogue import parse_name, read_catalogue, split_name

    catalogue = read_catalogue()
    spec, precision = split_name(name, catalogue)
    if spec is None and (not is_address(name) or _is_ollamas(name)):
        from localthink.cli.info import command as info

        context.invoke(info, model=name, as_json=as_json)
        return
    from localthink.hub.pull import look_up

    here = _here(spec, catalogue) if spec is not None else []
    known = any(name in model.names or as_precision(precision or "") == kept for kept, model in here)
    if spec is not None and not known:
        parse_name(name)  # says which precisions there are
    listing = look_up(parse_wanted(name)) if hub or spec is None else None
    if as_json:
        click.echo(json_line(_object(spec, here, listing)))
        return
    out = Terminal(sys.stdout)
    if spec is not None:
        out.write(f"{one_line(spec.title)}\n", BOLD)
        _write(_rows(spec, here), out)
    if listing is not None:
        out.write(f"\n{one_line(listing.place.repository)} at {listing.commit[:12]}\n", BOLD)
        _write([(offer.precision or offer.name, f"{sized(offer.bytes)}  {offer.name}") for offer in listing.offers],
               out)


def _is_ollamas(name: str) -> bool:
    """Whether ollama calls a model so that it has from the Hub, as hf.co/owner/repo:Q4_K_M."""
    from localthink.shelf.local_models import found_models
    from localthink.shelf.other_programs import OLLAMA

    return any(name in model.names for model in found_models() if model.keeper == OLLAMA)


def _write(rows: list[Row], out: Terminal) -> None:
    out.write(row_lines(rows) if rows else "  holds no GGUF model\n")


def _here(spec: ModelSpec, catalogue: tuple[ModelSpec, ...]) -> list[tuple[str, FoundModel]]:
    """What of a model is on this machine, with its precision."""
    from localthink.shelf.local_models import catalogue_name, found_models

    known = ((catalogue_name(model, catalogue), model) for model in found_models())
    return [(entry[1], model) for entry, model in known if entry is not None and entry[0].name == spec.name]


def _rows(spec: ModelSpec, here: list[tuple[str, FoundModel]]) -> list[Row]:
    return [*_identity(spec), *_files(spec, here)]


def _identity(spec: ModelSpec) -> Iterator[Row]:
    shape = spec.shape
    yield "name", ", ".join((spec.name, *spec.aliases))
    active = f", {rounded(spec.active_parameters)} for a token" if spec.active_parameters != spec.parameters else ""
    yield "parameters", f"{rounded(spec.parameters)}{active}"
    yield "layers", f"{shape.layers}, of width {shape.width:,}"
    yield "context", f"{shape.context_length:,} tokens, {sized(shape.cache_bytes_per_token())} of cache each in f16"
    sampling = spec.sampling
    top_k = f", top-k {sampling.top_k}" if sampling.top_k else ""
    yield "sampling", (f"temperature {sampling.temperature}, top-p {sampling.top_p}{top_k}, "
                       f"up to {spec.most_tokens:,} tokens")
    for index, (name, score) in enumerate(spec.scores.items()):
        yield "" if index else "scores", f"{score} % {name}"
    if spec.scores:
        yield "", f"pass@1 of the unquantized model: {spec.scores_source}"
    yield "licence", spec.licence


def _files(spec: ModelSpec, here: list[tuple[str, FoundModel]]) -> Iterator[Row]:
    for index, (precision, size) in enumerate(spec.precisions.items()):
        yield "" if index else "precisions", f"{precision}, about {sized(size)}"
    for index, source in enumerate(spec.sources):
        yield "" if index else "sources", f"hf:{source.repository}"
    for index, (precision, model) in enumerate(here):
        yield "" if index else "here", f"{precision or model.name}, {sized(model.bytes)}, {model.keeper}: {model.path}"
    if not here:
        begun = [f"{receipt.precision}, {'downloaded in part' if receipt.begun else 'damaged or not checked'}"
                 for receipt in read_receipts() if receipt.model == spec.name and not receipt.complete]
        yield "here", f"{', '.join(begun) or 'nothing of it'}: localthink models pull {spec.name}"


def _object(spec: ModelSpec | None, here: list[tuple[str, FoundModel]], listing: Listing | None) -> dict[str, object]:
    from localthink.cli.models_list import spec_object

    found: dict[str, object] = {}
    if spec is not None:
        found |= {**spec_object(spec), "here": [
            {"precision": precision, "path": str(model.path), "bytes": model.bytes, "keeper": model.keeper}
            for precision, model in here]}
    if listing is not None:
        found["hub"] = {"repository": listing.place.repository, "commit": listing.commit, "files": [
            {"name": offer.name, "precision": offer.precision, "bytes": offer.bytes} for offer in listing.offers]}
    return found
