"""`localthink models fit`: which model suits this machine, at which precision, with which context, and why."""
from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from localthink.cli.options import AUTO, gpu_layers_of
from localthink.offload import Offload
from localthink.records import CACHE_TYPES
from localthink.text.sizes import parse_size
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.fit.advice import Advice
    from localthink.fit.choice import Asked
    from localthink.machine.capacity import MachineFigures
    from localthink.shelf.catalogue import ModelSpec


@click.command("fit")
@click.argument("model", required=False)
@click.option("--context", type=click.IntRange(256, 2**31 - 1), help="Tokens of context, all slots together.  "
              "[default: 16,384 for each, fewer where memory is short]")
@click.option("--cache", type=click.Choice([AUTO, *CACHE_TYPES]), default=AUTO, show_default=True,
              help="Type of the KV cache.")
@click.option("--slots", type=click.IntRange(1, 256), default=1, show_default=True,
              help="Samples at once; a chat has 2, so as to compare.")
@click.option("--gpu-layers", metavar="auto|N|all", default=AUTO, show_default=True, help="Layers on the GPU.")
@click.option("--memory", metavar="SIZE", help="Plan with so much free memory, as 8GiB.  [default: what is free now]")
@click.option("--no-measure", is_flag=True, help="Do not measure speeds, which takes two seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(model: str | None, context: int | None, cache: str, slots: int, gpu_layers: str, memory: str | None,
            no_measure: bool, as_json: bool) -> None:
    """Say whether MODEL fits this machine, or without MODEL which one suits it, with the arithmetic.

    MODEL is a name of the catalogue (r1-qwen-7b, r1-qwen-7b:Q5_K_M), or a file or its name. Nothing is loaded or
    downloaded.
    """
    from localthink.cli.fit_page import show
    from localthink.fit.choice import Asked
    from localthink.machine.measuring import measure_machine
    from localthink.shelf.catalogue import read_catalogue

    offload = Offload(gpu_layers_of(gpu_layers))  # which refuses what no command takes
    asked = Asked(slots, context, None if cache == AUTO else cache, offload.layers)
    free = parse_size(memory) if memory is not None else None
    catalogue = read_catalogue()
    advise = _adviser(model, catalogue, asked)  # what is wrong with a name is said before anything is measured
    waiting = Terminal(sys.stderr)
    if not no_measure:
        waiting.replace_line("measuring this machine …")
    here = measure_machine(free, not no_measure)
    waiting.replace_line("")
    advice = advise(here)
    if as_json:
        click.echo(json_line({**advice.as_object(), "machine": _machine(here)}))
    else:
        show(advice, here, _next_step(advice, catalogue), Terminal(sys.stdout))


def _next_step(advice: Advice, catalogue: tuple[ModelSpec, ...]) -> str:
    """Get it, or use it where it is here; nothing where it would not fit."""
    from localthink.shelf.local_models import catalogue_name, found_models

    if advice.report is None or advice.report.verdict == "too big" or not advice.pull:
        return ""
    known = (catalogue_name(model, catalogue) for model in found_models())
    here = any(entry is not None and f"{entry[0].name}:{entry[1]}" == advice.pull for entry in known)
    return f"localthink {'chat -m' if here else 'models pull'} {advice.pull}"


def _adviser(model: str | None, catalogue: tuple[ModelSpec, ...], asked: Asked) -> Callable[[MachineFigures], Advice]:
    """What there is to say of a model, or of all of them, once the machine is known."""
    from localthink.fit import advice
    from localthink.shelf.catalogue import parse_name, split_name

    if model is None:
        return lambda here: advice.advise(catalogue, here.room, asked, here.bandwidth)
    if split_name(model, catalogue)[0] is not None:
        spec, precision = parse_name(model)
        return lambda here: advice.advise_on_spec(spec, precision, here.room, asked, here.bandwidth)
    from localthink.gguf.header import read_facts
    from localthink.shelf.local_models import find_model

    facts = read_facts(find_model(model))
    return lambda here: advice.advise_on_file(facts, here.room, asked, here.bandwidth)


def _machine(here: MachineFigures) -> dict[str, Any]:
    return {"free": asdict(here.room), "decoding_bytes_per_second": asdict(here.bandwidth),
            "memory_bytes_per_second": here.ceiling, "processor_used_by_others": round(here.busy, 3)}
