"""`localthink models pull`: a model from the Hub, resumed where it was, checked before it may be used."""
from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from localthink.cli.pulling import showing
from localthink.errors import UsageError
from localthink.interrupts import exit_code, interrupts
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.hub.wanted import Wanted
    from localthink.shelf.receipts import Receipt

OFFLINE = "HF_HUB_OFFLINE"
LOOK = 0.1  # seconds between two looks at whether Ctrl+C was pressed


@click.command("pull")
@click.argument("name", metavar="NAME[:PRECISION] | hf:owner/repo[/file]")
@click.option("--force", is_flag=True, help="Pull it even where none of its precisions fits this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and no progress.")
def command(name: str, force: bool, as_json: bool) -> None:
    """Download a model, or go on with a download that was cut off.

    NAME is one of the catalogue (localthink models list). Without PRECISION the one that was begun goes on, or the one
    that is here is looked after, or else the one that suits this machine is taken. hf:owner/repo is any repository of
    GGUF files on the Hugging Face Hub, as hf:owner/repo:Q5_K_M or hf:owner/repo/file.gguf. The client's own login,
    cache, proxies, HF_ENDPOINT and HF_HUB_OFFLINE are used. Nothing is offered as a model before its checksum and its
    header are right. Ctrl+C keeps what has come.
    """
    from localthink.fit.recommend import USUAL
    from localthink.hub.news import Failed, Pulled
    from localthink.hub.pull import Pull, error_of
    from localthink.hub.wanted import parse_wanted

    wanted = parse_wanted(name)
    if wanted.model and not wanted.precision:
        wanted = replace(wanted, precision=_precision(wanted.model, force))
    if (kept := _kept_offline(wanted)) is not None:
        _say(kept, as_json)
        return
    with ExitStack() as stack:
        shown = stack.enter_context(showing(quiet=as_json))
        received = stack.enter_context(interrupts(terminate=True))
        pull = stack.enter_context(Pull(wanted, prefer=(USUAL,)))
        while not received:
            for news in pull.wait(LOOK):
                if isinstance(news, Failed):
                    raise error_of(news)
                if isinstance(news, Pulled):
                    shown.close()
                    _say(news.receipt, as_json)
                    return
                shown.take(news)
    Terminal(sys.stderr).write("stopped: the same command goes on from here\n")
    sys.exit(exit_code(received))


def _kept_offline(wanted: Wanted) -> Receipt | None:
    """What of it is here and whole, where the Hub is not to be asked (HF_HUB_OFFLINE)."""
    from localthink.hub.wanted import answers
    from localthink.shelf.receipts import read_receipts

    if os.environ.get(OFFLINE, "").upper() not in ("1", "ON", "YES", "TRUE"):
        return None
    return next((receipt for receipt in read_receipts() if receipt.complete and answers(receipt, wanted)), None)


def _precision(model: str, force: bool) -> str:
    """The one that was begun, or is here, or else suits this machine.

    Raises UsageError where none fits, unless forced.
    """
    from localthink.shelf.receipts import read_receipts

    known = [receipt for receipt in read_receipts() if receipt.model == model and receipt.precision]
    for why, found in (("goes on with what was begun", [each for each in known if each.begun]),
                       ("is here already", [each for each in known if each.complete]),
                       ("was damaged, and is replaced", [each for each in known if each.damaged])):
        if found:
            Terminal(sys.stderr).write(f"{found[0].precision} {why}\n")
            return found[0].precision
    return _fitting(model, force)


def _fitting(model: str, force: bool) -> str:
    from localthink.fit.advice import advise_on_spec
    from localthink.fit.choice import Asked
    from localthink.machine.measuring import measure_machine
    from localthink.shelf.catalogue import parse_name

    here = measure_machine()
    advice = advise_on_spec(parse_name(model)[0], None, here.room, Asked(), here.bandwidth)
    assert advice.report is not None, "it is of a model that is named"
    if advice.report.verdict == "too big" and not force:
        raise UsageError(f"{advice.headline} does not fit, and no other precision does: "
                         f"{advice.report.choice.arithmetic()}, and there is {here.room.described()}: take a smaller "
                         "model (localthink models fit), or --force pulls it all the same")
    precision = advice.report.candidate.precision
    Terminal(sys.stderr).write(f"{precision}: {advice.why}\n")
    return precision


def _say(receipt: Receipt, as_json: bool) -> None:
    from localthink.shelf.local_models import name_for
    from localthink.text.visible import as_typed

    name = name_for(receipt.path)
    if as_json:
        click.echo(json_line({"name": name, "path": str(receipt.path), "bytes": receipt.bytes,
                              "repository": receipt.repository, "commit": receipt.commit,
                              "files": [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256}
                                        for file in receipt.files]}))
        return
    try:
        Terminal(sys.stdout).write(f"{receipt.path}\n")
    finally:  # it is so even where nobody can be told the path
        Terminal(sys.stderr).write(f"checked, and ready: localthink chat -m {as_typed(name)}\n")
