"""The commands of a plain conversation, in one table; /help is made from it."""
from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from localthink.errors import UsageError
from localthink.plain import answers, conversations, models, reports, settings
from localthink.plain.talk import Act, Talk

AtOnce = Literal["never", "typed", "live"]  # while something is under way: not, at a terminal, also from a pipe


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: `act` gets what follows its name."""

    name: str
    arguments: str
    help: str
    act: Act
    at_once: AtOnce = "never"


def show_help(chat: Talk, rest: str) -> None:
    """Every command, or the one that is named."""
    verbs = [_find(rest)] if rest else VERBS
    width = max(len(_usage(verb)) for verb in verbs)
    lines = [f"{_usage(verb):{width}}  {verb.help}" for verb in verbs]
    chat.voice.say("\n".join(lines if rest else [*lines, "", *NOTES]))


def leave(chat: Talk, rest: str) -> None:
    chat.leave()


NOTES = ("Any other line is a question. A line that ends in \\ goes on in the next; a question that begins with / "
         "wants a space before it.",
         "While an answer is written, /stop, /now, /think, /alpha and /beta act at once, and all else waits; from a "
         "pipe only the first three do, so that its lines keep their order.")
VERBS = (
    Verb("help", "[NAME]", "show every command, or one", show_help, "typed"),
    Verb("paste", "", "a question of many lines, to a line that is a single dot", conversations.nothing_to_paste),
    Verb("stop", "", "stop at once, also while the prompt is read", answers.stop, "live"),
    Verb("now", "", "close the thinking at the next sentence end and answer", answers.answer_now, "live"),
    Verb("think", "", "do not let the thinking close; again: let it", answers.think_on, "live"),
    Verb("go", "", "let an answer that was stopped or interrupted go on where it ended", answers.go_on),
    Verb("again", "", "write the latest answer again; the old one stays beside it", answers.again),
    Verb("edit", "[N] TEXT", "ask another question in place of the N-th, or the latest; the old one stays beside it",
         answers.edit),
    Verb("prev", "", "the answer or question before, of several", answers.previous),
    Verb("next", "", "the answer or question after, of several", answers.following),
    Verb("compare", "", "the same prompt and seed with the penalty and without it", answers.compare),
    Verb("solve", "[STRATEGY] [N]", "up to N attempts at the latest question, and the answer that a strategy takes of "
         "them: consensus, short-M, shortest, confident; for puzzles best", answers.solve),
    Verb("demo", "", "what the penalty does, on one puzzle of the model that comes with localthink", answers.demo),
    Verb("drop", "", "leave the oldest turns out of what is sent, where a question does not fit", answers.drop),
    Verb("answer", "", "the latest answer once more", answers.show_answer),
    Verb("thinking", "", "its thinking", answers.show_thinking),
    Verb("thoughts", "", "its thoughts, one a line", answers.list_thoughts),
    Verb("thought", "N", "the text of one thought", answers.show_thought),
    Verb("code", "[N]", "its N-th block of code, or the last", answers.show_code),
    Verb("tokens", "[N]", "its last N tokens: how likely they were, and what else was", answers.show_tokens),
    Verb("branch", "[N]", "another answer, with the jump that was held back at the latest ⊘, or the N-th last",
         answers.branch),
    *(Verb(setting.name, "[VALUE]", setting.help, settings.turning(setting),
           "typed" if setting.name in ("alpha", "beta") else "never") for setting in settings.SETTINGS),
    Verb("controls", "[NAMES | off]", "what else is done while it writes; localthink controls lists the names",
         settings.turn_controls),
    Verb("settings", "", "show all of these", settings.show_settings),
    Verb("models", "", "the models that are here and those that can be pulled, and whether they fit",
         models.list_models),
    Verb("load", "[NAME] [--context N] [--force]", "open a model by its name or path, without NAME the same again; "
         "--force also where it does not fit", models.load),
    Verb("pull", "[NAME[:PRECISION] | hf:OWNER/REPO | stop]", "download a model and open it; alone: how far it is",
         models.pull, "typed"),
    Verb("eject", "", "close the model, or give up loading it", models.eject, "typed"),
    Verb("new", "", "begin a new conversation; this one stays", conversations.new),
    Verb("list", "[N]", "the latest conversations", conversations.list_latest),
    Verb("search", "WORDS", "conversations in which all the words stand", conversations.search),
    Verb("open", "N", "go on with a conversation", conversations.open_conversation),
    Verb("rename", "TITLE", "call this conversation otherwise", conversations.rename),
    Verb("delete", "N", "delete a conversation", conversations.delete),
    Verb("undo", "", "have the conversation back that was deleted last", conversations.undo),
    Verb("export", "[md|json] [FOLDER]", "write this conversation into a new file: to read, or with everything",
         conversations.export),
    Verb("reports", "[N]", "what the latest studies found; with a number, that report in the browser",
         reports.reports),
    Verb("quit", "", "leave; so does the end of the input", leave, "typed"),
)


def read_command(text: str) -> tuple[Verb, str]:
    """A command and what follows its name. Raises UsageError where there is none of this name."""
    name, _, rest = text.replace("\n", " \n", 1).removeprefix("/").partition(" ")
    return _find(name), rest.strip()


def at_once_of(text: str) -> AtOnce:
    """When a command need not wait; one that does not exist is told at once, at a terminal."""
    try:
        return read_command(text)[0].at_once
    except UsageError:
        return "typed"


def _find(name: str) -> Verb:
    name = name.removeprefix("/").lower()
    verbs = {verb.name: verb for verb in VERBS}
    if name in verbs:
        return verbs[name]
    near = difflib.get_close_matches(name, verbs, n=1, cutoff=0.5)
    hint = f"did you mean /{near[0]}? " if near else ""
    raise UsageError(f"there is no command /{name[:40]}: {hint}/help shows them all; a question that begins with / "
                     "wants a space before it")


def _usage(verb: Verb) -> str:
    return f"/{verb.name} {verb.arguments}".rstrip()
