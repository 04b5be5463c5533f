"""What can go wrong, said in one line that names the thing, its value, and what to do next."""
from __future__ import annotations

import traceback

BINDINGS = "localthink.engine.bindings"  # the only module that imports llama_cpp


class LocalthinkError(Exception):
    """The root of everything raised on purpose; the command line prints it and exits with `exit_code`.

    The message holds wherever it is read: in a chat, in a program. What a command's options can do about it is
    `advice`, which the command line adds.
    """

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    def on_command_line(self) -> str:
        return advised(str(self), self.advice)


def advised(message: str, advice: str) -> str:
    """What a command says: the message, and what its options can do about it."""
    return f"{message}; {advice}" if advice else message


class UsageError(LocalthinkError):
    """A setting or an argument that cannot be used."""

    exit_code = 2


class ModelFileError(LocalthinkError):
    """A file that is not a model, is damaged, or would bring llama.cpp down."""

    exit_code = 2


class PromptError(LocalthinkError):
    """Messages that cannot become a prompt for this model: a broken template, or no room."""

    exit_code = 2


class EngineError(LocalthinkError):
    """llama.cpp refused to load or to decode."""


class HistoryError(LocalthinkError):
    """The store of conversations cannot be read or written."""


def unusable(error: BaseException) -> EngineError | None:
    """What to say of an error that came up while llama_cpp was imported, whatever its kind; None for any other."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == BINDINGS:
            why = " ".join(str(error).split())
            return EngineError(f"llama.cpp cannot be used: {why}: localthink doctor says what to do")
    return None
