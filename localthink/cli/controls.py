"""`localthink controls`: what can be done to a text while it is written, and what is known of it."""
from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from localthink.errors import UsageError
from localthink.text.terminal import json_line

if TYPE_CHECKING:
    from localthink.control.catalogue import Entry, Parameter


@click.command("controls")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a control, one a line.")
def command(name: str | None, as_json: bool) -> None:
    """Show what can be done to a text while it is written, or one control, by its NAME.

    A control is asked for with --control NAME[:key=value,…] of ask, run and chat, or by a line of a batch.
    """
    from localthink.control.catalogue import CATALOGUE, ENTRIES

    if name is not None and name not in CATALOGUE:
        raise UsageError(f"there is no control {name!r}: the controls are {', '.join(CATALOGUE)}")
    for entry in ENTRIES if name is None else [CATALOGUE[name]]:
        click.echo(json_line(_object(entry)) if as_json else _page(entry))


def _object(entry: Entry) -> dict[str, object]:
    """As JSON; a number without an upper bound has null there."""
    parameters = [{**asdict(each), "most": each.most if each.most != float("inf") else None} if each.kind != "text"
                  else {"name": each.name, "kind": each.kind, "default": each.default, "help": each.help}
                  for each in entry.parameters]
    return {**asdict(entry), "parameters": parameters}


def _page(entry: Entry) -> str:
    lines = [f"{entry.name}: {entry.about}", f"  {entry.source}",
             f"  for: {entry.known_for}", f"  against: {entry.known_against}"]
    if entry.options:
        lines.append(f"  options: {', '.join(f'--{each}' for each in entry.options)}")
    lines += [f"  {_parameter(each)}" for each in entry.parameters]
    return "\n".join(lines) + "\n"


def _parameter(each: Parameter) -> str:
    if each.kind == "text":
        return f"{each.name}={each.default}: {each.help}"
    value = "…" if each.default is None else f"{each.default:g}" if isinstance(each.default, float) else each.default
    return f"{each.name}={value} ({each.least:g} to {each.most:,g}): {each.help}"
