"""The commands of a plain conversation that list, open, pull and close models."""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from localthink.chat.stock import PREFER, Offer, Stock, asked, offer, recommended, report_on, take_stock
from localthink.chat.surveying import Machine
from localthink.errors import LocalthinkError, UsageError
from localthink.fit.choice import Asked
from localthink.fit.report import FitReport
from localthink.hub.wanted import parse_wanted
from localthink.plain.settings import whole
from localthink.plain.talk import Talk
from localthink.shelf.catalogue import parse_name
from localthink.shelf.local_models import find_model
from localthink.text.page import DIM
from localthink.text.sizes import sized

CONTEXT = re.compile(r"(?P<model>.*?)\s*--context[ =](?P<context>\S+)\s*")
FORCE = "--force"


def list_models(chat: Talk, rest: str) -> None:
    """What is here, then what could be pulled, each with whether it fits."""
    machine, wish, stock = _machine(chat), _wish(chat), take_stock()
    best = recommended(stock, machine, wish)
    chat.voice.say(f"{machine.room.described()}. Here:")
    for kept in stock.here:
        chat.voice.say(f"  {kept.model.name}{_open(chat, kept.model.path)}: {_fit_of(kept.model.path, machine, wish)}, "
                       f"{sized(kept.model.bytes)}, {kept.model.keeper}")
    chat.voice.say("To be pulled with /pull NAME, at sizes that are estimates:")
    for spec in stock.others:
        found = offer(spec, machine, wish)
        star = " (recommended here)" if best is not None and spec == best.spec else ""
        chat.voice.say(f"  {found.wanted}{star}: {_words(found.report)}, {sized(found.bytes)}{_begun(stock, found)}")
    if stock.trouble:
        chat.voice.warn(stock.trouble)


def _open(chat: Talk, path: Path) -> str:
    model = chat.session.asker.model
    return " (open)" if model.phase == "ready" and model.loaded and Path(model.loaded.path) == path else ""


def _fit_of(path: Path, machine: Machine, wish: Asked) -> str:
    try:
        return _words(report_on(path, machine, wish))
    except LocalthinkError as error:
        return f"cannot be opened ({error})"


def _words(found: FitReport) -> str:
    speed = f", about {found.tokens_per_second:,.1f} tokens/s" if found.tokens_per_second is not None else ""
    return f"{found.verdict}, needs {sized(found.choice.needs.total)}{speed}"


def _begun(stock: Stock, found: Offer) -> str:
    begun = stock.begun(found.spec, found.precision)
    return f", of which {sized(begun)} are here" if begun else ""


def _machine(chat: Talk) -> Machine:
    """The machine as a model that is opened now would find it. Where nothing is written its speed is measured."""
    session, surveyor = chat.session, chat.surveyor
    opening, model = session.asker.opening, session.asker.model
    quiet = not (session.asker.busy or model.phase == "loading" or session.arrivals.state.running)
    if quiet and not surveyor.machine.measured:
        chat.voice.say("looking at this machine, which takes some seconds once …", DIM)
    return surveyor.wait(quiet).beside(model.loaded if model.phase == "ready" else None, opening.offload.layers != 0)


def _wish(chat: Talk) -> Asked:
    opening = chat.session.asker.opening
    return asked(opening.context, opening.cache, opening.offload.layers)


def pull(chat: Talk, rest: str) -> None:
    """Pull a model, stop that, or say how far it is."""
    coming, say = chat.session.arrivals, chat.voice.say
    if rest == "stop":
        if not coming.pending:
            raise UsageError("no model is being pulled: there is nothing to stop")
        coming.stop()
    elif rest:
        _begin(chat, rest.removesuffix(FORCE).strip(), rest.endswith(FORCE))
    elif coming.state.phase == "none":
        say("no model is being pulled: /pull NAME pulls one, /models lists them")
    else:
        say(f"{coming.state.name}: {coming.state.figures}")


def _begin(chat: Talk, name: str, force: bool) -> None:
    coming, wanted = chat.session.arrivals, parse_wanted(name)
    if coming.state.running:
        raise UsageError(f"{coming.state.name} is being pulled: wait for it, or /pull stop ends it")
    size = ""
    if wanted.model:
        spec = parse_name(wanted.model)[0]
        found = offer(spec, _machine(chat), _wish(chat), wanted.precision or take_stock().going_on(spec))
        if found.report.verdict == "too big" and not force:
            choice = found.report.choice
            raise UsageError(f"{found.wanted} does not fit: it needs {sized(choice.needs.total)}, and there is "
                             f"{choice.room.described()}: take a smaller one, or /pull {name} {FORCE}")
        wanted, size = parse_wanted(found.wanted), f", about {sized(found.bytes)}"
    coming.begin(wanted, replace(chat.session.asker.opening, force=force), PREFER)
    chat.voice.say(f"pulling {wanted.text}{size}: it is opened when it is here; /pull says how far it is, /pull stop "
                   "ends it")


def load(chat: Talk, rest: str) -> None:
    """Open a model; what did not fit is asked again once it is there."""
    session = chat.session
    opening = session.asker.opening
    force = rest.endswith(FORCE)
    rest = rest.removesuffix(FORCE).strip()
    found = CONTEXT.fullmatch(rest)
    model = (found["model"] if found else rest).strip("\"'")
    if found:
        context = whole("context", found["context"])
        if context is not None and context < 1:
            raise UsageError(f"context is {context}: give at least 1")
        opening = replace(opening, context=context)
    if model:
        opening = replace(opening, model=model, force=False)
    if force:
        opening = replace(opening, force=True)
    find_model(opening.model)  # a wrong name must not cost the model that is open
    if session.overflow is not None:
        chat.ask_again()
    session.load(opening)


def eject(chat: Talk, rest: str) -> None:
    if chat.session.asker.model.phase == "none":
        raise UsageError("no model is loaded: there is nothing to eject")
    chat.session.eject()
    chat.voice.say("the model is ejected; /load opens it again")
