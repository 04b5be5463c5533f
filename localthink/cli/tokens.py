"""`localthink tokens`: text as a model's tokens, and what its switch markers are made of."""
from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from localthink.text.terminal import Terminal, json_line, read_text

if TYPE_CHECKING:
    from localthink.thinking.markers import Marker

MOST_FORMS = 8  # of an expression are shown: as many as one text has, with two cases and four kinds of space before it
STYLES = ("30;46", "30;43", "30;42", "30;45", "30;44")  # black on five colours, by turns


@click.command("tokens")
@click.argument("model")
@click.argument("text", required=False)
@click.option("--markers", is_flag=True, help="Show what each switch expression resolves to in this vocabulary.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(model: str, text: str | None, markers: bool, as_json: bool) -> None:
    """Show TEXT (or standard input) as the tokens of MODEL, with their ids.

    MODEL is a path, or the name of a bundled or downloaded model. Special tokens are recognised.
    """
    from localthink.engine.model import Model
    from localthink.shelf.local_models import find_model

    if markers and text is not None:
        raise click.UsageError("--markers shows the switch expressions: give no TEXT with it")
    given = None if markers else read_text(text, "text")
    opened = Model(find_model(model), vocabulary_only=True)
    try:
        if given is None:
            _show_markers(opened, as_json)
        else:
            _show_text(opened, given, as_json)
    finally:
        opened.close()


def _show_text(model: Any, text: str, as_json: bool) -> None:
    ids = model.vocabulary.tokenize(text, special=True)
    pieces = [_piece(model, token) for token in ids]
    if as_json:
        click.echo(json_line([{"id": token, "text": piece} for token, piece in zip(ids, pieces, strict=True)]))
        return
    out = Terminal(sys.stdout)
    if not out.colour:
        for token, piece in zip(ids, pieces, strict=True):
            out.write(f"{token}\t{json.dumps(piece, ensure_ascii=False)}\n")
        return
    for place, piece in enumerate(pieces):
        shown = piece.replace("\n", "↵\n") if piece.strip("\n") or not piece else "↵" * len(piece) + "\n"
        out.write(shown, STYLES[place % len(STYLES)])
    out.end_line()
    out.write("\n")
    for place, token in enumerate(ids):
        out.write(str(token), STYLES[place % len(STYLES)])
        out.write(" ")
    out.write(f"\n{len(ids)} tokens, {len(text)} characters\n", "2")


def _piece(model: Any, token: int) -> str:
    """What a token says; bytes that are no whole character are written out."""
    data: bytes = model.vocabulary.piece(token)
    return data.decode("utf-8", "backslashreplace") if data else model.native.text(token)


def _show_markers(model: Any, as_json: bool) -> None:
    found = model.markers()
    if as_json:
        rows = [{"group": m.group, "expression": m.expression, "tokens": list(m.tokens),
                 "pieces": [_piece(model, token) for token in m.tokens], "penalised": m.tokens[-1]} for m in found]
        click.echo(json_line(rows))
        return
    from localthink import locations
    from localthink.thinking.markers import read_groups

    out = Terminal(sys.stdout)
    about = {group.name: group.about for group in read_groups(locations.user_markers())}
    for name, markers in groupby(found, key=lambda marker: marker.group):
        out.write(f"[{name}]", "1")
        out.write(f" {about[name]}\n", "2")
        for expression, forms in groupby(markers, key=lambda marker: marker.expression):
            out.write(f"  {expression}\n", "36")
            _show_forms(model, out, list(forms))
    out.write(f"{len(found)} sequences; the last token of each is the one that is penalised where its group counts. "
              f"Your own list would be {locations.user_markers()}\n", "2")


def _show_forms(model: Any, out: Terminal, forms: Sequence[Marker]) -> None:
    for *opening, last in (marker.tokens for marker in forms[:MOST_FORMS]):
        spelled = "".join(f"{json.dumps(_piece(model, token), ensure_ascii=False)} {token}  " for token in opening)
        out.write(f"      {spelled}", "2")
        out.write(f"{json.dumps(_piece(model, last), ensure_ascii=False)} {last}\n", "33")
    if len(forms) > MOST_FORMS:
        out.write(f"      and {len(forms) - MOST_FORMS} more; --json has them all\n", "2")
