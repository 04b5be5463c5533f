"""The commands that turn settings, and show them."""
from __future__ import annotations

from dataclasses import dataclass

from localthink.chat.settings import ChatSettings
from localthink.errors import UsageError
from localthink.plain.talk import Act, Talk
from localthink.text.visible import shown

OFF = ("off", "none", "new")  # of a limit or the seed: as it is where nothing was said


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that can be turned, by its name in `ChatSettings`; `unset` is what None means."""

    name: str
    help: str
    unset: str = ""

    def line(self, settings: ChatSettings) -> str:
        value = settings.value(self.name)
        return f"{self.name} is {self.unset if value is None else f'{value:g}' if value < 1e6 else value}"

    def put(self, settings: ChatSettings, text: str) -> ChatSettings:
        return settings.changed(self.name, self._read(text))

    def _read(self, text: str) -> float | int | None:
        if not self.unset and self.name not in WHOLE:
            return _decimal(self.name, text)
        value = whole(self.name, text)
        return 0 if value is None and not self.unset else value


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


WHOLE = ("top-k",)  # of those that are always set
SETTINGS = (
    Setting("alpha", "strength of the switch penalty, in logits; 0 is plain decoding"),
    Setting("beta", "its duration, in tokens from the start of a thought"),
    Setting("temperature", "0 is greedy"),
    Setting("top-p", "1 is off"),
    Setting("top-k", "0 is off"),
    Setting("min-p", "0 is off"),
    Setting("max-thinking", "most tokens of thinking, after which it answers, or off", "off"),
    Setting("min-thinking", "fewest tokens of thinking, or off", "off"),
    Setting("max-tokens", "most tokens to write, or off", "off: what the context holds"),
    Setting("seed", "repeats an answer; off is a new one for every answer", "off: a new one for every answer"),
)


def turning(setting: Setting) -> Act:
    """The command that shows a setting, or changes it."""

    def turn(chat: Talk, rest: str) -> None:
        session = chat.session
        if rest:
            session.change(setting.put(session.settings, rest))
        since = " from the next token on" if rest and session.live is not None else ""
        chat.voice.say(setting.line(session.settings) + since)

    return turn


def show_settings(chat: Talk, rest: str) -> None:
    settings = chat.session.settings
    chat.voice.say("\n".join(setting.line(settings) for setting in SETTINGS))
    if controls := settings.generation.controls:
        chat.voice.say(f"controls are {' '.join(map(str, controls))}")
    if settings.system:
        chat.voice.say(f"system is {settings.system}")
