"""The commands that turn settings, and those that open and close models."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from localthink.chat.session import with_tip
from localthink.chat.settings import ChatSettings
from localthink.errors import UsageError
from localthink.gguf_bytes import shown, shown_path
from localthink.local_models import find_model, known_models

if TYPE_CHECKING:
    from localthink.cli.plain_chat import PlainChat

OFF = ("off", "none", "new")  # of a limit or the seed: as it is where nothing was said
CONTEXT = re.compile(r"(?P<model>.*?)\s*--context[ =](?P<context>\S+)\s*")
Act = Callable[["PlainChat", str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that can be turned: how it is read from text, and how it is put into the settings."""

    name: str
    help: str
    get: Callable[[ChatSettings], float | None]
    put: Callable[[ChatSettings, str], ChatSettings]
    unset: str = ""  # what None means

    def line(self, settings: ChatSettings) -> str:
        value = self.get(settings)
        return f"{self.name} is {self.unset if value is None else f'{value:g}' if value < 1e6 else value}"


def _decimal(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name} is {shown(text)}: give a number") from None


def _whole(name: str, text: str) -> int | None:
    if text.lower() in OFF:
        return None
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name} is {shown(text)}: give a whole number, or off") from None


SETTINGS = (
    Setting("alpha", "strength of the switch penalty, in logits; 0 is plain decoding", lambda s: s.tip.alpha,
            lambda s, text: with_tip(s, alpha=_decimal("alpha", text))),
    Setting("beta", "its duration, in tokens from the start of a thought", lambda s: s.tip.beta,
            lambda s, text: with_tip(s, beta=_decimal("beta", text))),
    Setting("temperature", "0 is greedy", lambda s: s.sampling.temperature, lambda s, text: replace(
        s, sampling=replace(s.sampling, temperature=_decimal("temperature", text)))),
    Setting("top-p", "1 is off", lambda s: s.sampling.top_p, lambda s, text: replace(
        s, sampling=replace(s.sampling, top_p=_decimal("top-p", text)))),
    Setting("top-k", "0 is off", lambda s: s.sampling.top_k, lambda s, text: replace(
        s, sampling=replace(s.sampling, top_k=_whole("top-k", text) or 0))),
    Setting("min-p", "0 is off", lambda s: s.sampling.min_p, lambda s, text: replace(
        s, sampling=replace(s.sampling, min_p=_decimal("min-p", text)))),
    Setting("max-thinking", "most tokens of thinking, after which it answers, or off", lambda s: s.max_thinking,
            lambda s, text: replace(s, max_thinking=_whole("max-thinking", text)), "off"),
    Setting("max-tokens", "most tokens to write, or off", lambda s: s.max_tokens,
            lambda s, text: replace(s, max_tokens=_whole("max-tokens", text)), "off: what the context holds"),
    Setting("seed", "repeats an answer; off is a new one for every answer", lambda s: s.seed,
            lambda s, text: replace(s, seed=_whole("seed", text)), "off: a new one for every answer"),
)


def turning(setting: Setting) -> Act:
    """The command that shows a setting, or changes it."""

    def turn(chat: PlainChat, rest: str) -> None:
        session = chat.session
        if rest:
            session.change(setting.put(session.settings, rest))
        since = " from the next token on" if rest and session.live is not None else ""
        chat.voice.say(setting.line(session.settings) + since)

    return turn


def show_settings(chat: PlainChat, rest: str) -> None:
    settings = chat.session.settings
    chat.voice.say("\n".join(setting.line(settings) for setting in SETTINGS))
    if settings.system:
        chat.voice.say(f"system is {settings.system}")


def list_models(chat: PlainChat, rest: str) -> None:
    loaded = chat.session.asker.model.loaded
    for name, path in known_models().items():
        is_open = chat.session.asker.model.phase == "ready" and loaded is not None and Path(loaded.path) == path
        chat.voice.say(f"{name}{' (open)' if is_open else ''}  {path.stat().st_size / 1e6:,.1f} MB  {shown_path(path)}")


def load(chat: PlainChat, rest: str) -> None:
    """Open a model; what did not fit is asked again once it is there."""
    session = chat.session
    opening = session.asker.opening
    found = CONTEXT.fullmatch(rest)
    model = (found["model"] if found else rest).strip("\"'")
    if found:
        context = _whole("context", found["context"])
        if context is not None and context < 1:
            raise UsageError(f"context is {context}: give at least 1")
        opening = replace(opening, context=context)
    if model:
        opening = replace(opening, model=model)
    find_model(opening.model)  # a wrong name must not cost the model that is open
    if session.overflow is not None:
        chat.ask_again()
    session.load(opening)


def eject(chat: PlainChat, rest: str) -> None:
    if chat.session.asker.model.phase == "none":
        raise UsageError("no model is loaded: there is nothing to eject")
    chat.session.eject()
    chat.voice.say("the model is ejected; /load opens it again")
