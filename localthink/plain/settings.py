"""The commands that turn settings, and show them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from localthink.chat.session import with_tip
from localthink.chat.settings import ChatSettings
from localthink.errors import UsageError
from localthink.text.visible import shown

if TYPE_CHECKING:
    from localthink.plain.chat import PlainChat

OFF = ("off", "none", "new")  # of a limit or the seed: as it is where nothing was said
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


def whole(name: str, text: str) -> int | None:
    """A whole number, or None for what is off. Raises UsageError."""
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
        s, sampling=replace(s.sampling, top_k=whole("top-k", text) or 0))),
    Setting("min-p", "0 is off", lambda s: s.sampling.min_p, lambda s, text: replace(
        s, sampling=replace(s.sampling, min_p=_decimal("min-p", text)))),
    Setting("max-thinking", "most tokens of thinking, after which it answers, or off", lambda s: s.max_thinking,
            lambda s, text: replace(s, max_thinking=whole("max-thinking", text)), "off"),
    Setting("max-tokens", "most tokens to write, or off", lambda s: s.max_tokens,
            lambda s, text: replace(s, max_tokens=whole("max-tokens", text)), "off: what the context holds"),
    Setting("seed", "repeats an answer; off is a new one for every answer", lambda s: s.seed,
            lambda s, text: replace(s, seed=whole("seed", text)), "off: a new one for every answer"),
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
