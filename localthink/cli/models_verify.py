"""`localthink models verify`: whether downloaded files are still what was published."""
from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localthink.errors import UsageError
from localthink.text.rows import one_line
from localthink.text.sizes import sized
from localthink.text.terminal import Terminal, json_line
from localthink.text.visible import shown

if TYPE_CHECKING:
    from localthink.shelf.receipts import Receipt

GOOD, BAD = "32", "31"


@click.command("verify")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: str | None, as_json: bool) -> None:
    """Read every file of a model and compare it with its checksum; without NAME, every model that was pulled.

    NAME is what a model is called, its address (hf:owner/repo/file.gguf), or a file. Files in the Hugging Face cache
    and ollama's can be verified too: they are named by their checksums. Ends with exit code 1 where a file is not what
    it should be; it is then no longer offered, until a pull has replaced it.
    """
    from localthink.hub.verify import verify

    models = _models(name)
    out, err = Terminal(sys.stdout), Terminal(sys.stderr)
    verdicts = []
    for model in models:
        for verdict in verify(model, lambda done, total: err.replace_line(f"{sized(done)} of {sized(total)} read")):
            verdicts.append(verdict)
            err.replace_line("")
            if not as_json:
                sign, style = ("✓", GOOD) if verdict.sound else ("✕", BAD)
                out.write(f"{sign} ", style)
                out.write(f"{one_line(verdict.problem or str(verdict.path))}\n")
    if as_json:
        click.echo(json_line({"files": [
            {"path": str(verdict.path), "bytes": verdict.bytes, "sum": verdict.found, "should_be": verdict.known,
             "sound": verdict.sound, "problem": verdict.problem} for verdict in verdicts]}))
    elif not verdicts:
        out.write("nothing was pulled yet: there is nothing to compare\n")
    sys.exit(0 if all(verdict.sound for verdict in verdicts) else 1)


def _models(name: str | None) -> Sequence[Receipt | Path]:
    """What a name means, or all that was pulled. Raises LocalthinkError where there is nothing to compare yet."""
    from localthink.hub.wanted import meant, name_of
    from localthink.shelf.local_models import find_model
    from localthink.shelf.receipts import read_receipts
    from localthink.text.visible import as_typed

    receipts = read_receipts()
    found = receipts if name is None else meant(name, receipts)
    whole = [receipt for receipt in found if not receipt.begun]
    if name is None or whole:
        return whole
    if found:
        raise UsageError(f"{shown(name)} is not downloaded completely: localthink models pull "
                         f"{as_typed(name_of(found[0]))} goes on with it")
    return [find_model(name)]
