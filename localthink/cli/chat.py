"""`localthink chat`: a conversation, on the whole screen or as plain text."""
from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from localthink.cli.options import engine_options, guarded_options, model_option
from localthink.cli.screen import has_screen
from localthink.errors import HistoryError, UsageError
from localthink.offload import Offload
from localthink.records import Generation, Tip

if TYPE_CHECKING:
    from localthink.chat.asking import Opening
    from localthink.chat.session import Session
    from localthink.chat.settings import ChatSettings


LOCK_SECONDS = 0.5  # seconds to wait for another program's lock: what cannot be saved now is saved later


@click.command("chat")
@model_option
@guarded_options
@click.option("--seed", type=click.IntRange(min=0), help="Repeats an answer.  [default: a new one for every answer]")
@click.option("--system", default="", metavar="TEXT",
              help="Instructions before every conversation; R1's authors advise against any.")
@click.option("--context", type=int, help="Tokens that the KV cache holds.")
@engine_options
@click.option("--continue", "continue_last", is_flag=True, help="Open the last conversation.")
@click.option("--plain", is_flag=True,
              help="Only append text, for screen readers and pipes; so it is where there is no terminal.")
@click.option("--no-history", is_flag=True, help="Keep nothing.")
def command(model: str | None, generation: Generation, think_tags: tuple[str, str] | None, seed: int | None,
            system: str, context: int | None, cache: str | None, threads: int | None,
            offload: Offload, force: bool, continue_last: bool, plain: bool, no_history: bool) -> None:
    """Talk with a model and watch it think.

    Conversations are kept on this machine, and nothing leaves it. With --plain, or where standard input or
    output is no terminal, every line of standard input is a question or a /command (see /help): answers go
    to standard output, the thinking and all else to standard error.
    """
    from localthink.chat.asking import Opening
    from localthink.chat.settings import ChatSettings

    settings = ChatSettings(generation, seed, system)
    opening = Opening(model, context, cache, threads, offload, force, think_tags)
    _check(settings, opening)
    if continue_last and no_history:
        raise UsageError("--continue needs what --no-history leaves out: give one of them")
    with ExitStack() as stack:
        session = _session(settings, no_history, stack)
        if plain or not has_screen():
            sys.exit(_talk_plainly(session, opening, continue_last))
        from localthink.chat.demo import is_first_launch
        from localthink.tui.app import ChatApp

        alone = model is None and not continue_last  # whoever names something has not come to be shown anything
        app = ChatApp(session, opening, continue_last,
                      first_launch=alone and is_first_launch(session.transcript.history))
        app.run()
        if session.unsaved:
            raise HistoryError(f"the end of the conversation is not saved: {session.unsaved}")
        sys.exit(app.return_code or 0)


def _check(settings: ChatSettings, opening: Opening) -> None:
    """What is wrong is better said here than behind a screen."""
    from localthink import locations
    from localthink.chat.recents import remember_model
    from localthink.shelf.local_models import find_model

    if (path := find_model(opening.model)) != locations.bundled_model():
        remember_model(path)
    if settings.tip.groups != Tip().groups:
        from localthink.thinking.markers import read_groups, select  # which brings numpy along

        select(read_groups(locations.user_markers()), settings.tip.groups)
    for name, value in (("context", opening.context), ("threads", opening.threads)):
        if value is not None and value < 1:
            raise UsageError(f"{name} is {value}: give at least 1, or leave it out")


def _session(settings: ChatSettings, no_history: bool, stack: ExitStack) -> Session:
    """A session whose store and engine are closed with the stack."""
    from localthink import locations
    from localthink.chat.client import EngineClient
    from localthink.chat.session import Session
    from localthink.history import History

    history = None if no_history else stack.enter_context(History(locations.history_file(), lock_seconds=LOCK_SECONDS))
    session = Session(EngineClient(), history, settings)
    stack.callback(session.close)
    return session


def _talk_plainly(session: Session, opening: Opening, continue_last: bool) -> int:
    from localthink.interrupts import interrupts
    from localthink.plain.chat import PlainChat
    from localthink.plain.lines import standard_input
    from localthink.plain.voice import Voice
    from localthink.text.terminal import Terminal

    with interrupts(terminate=True) as received:
        chat = PlainChat(session, standard_input(), Voice(Terminal(sys.stdout), Terminal(sys.stderr)), received)
        return chat.run(opening, continue_last)
