"""Every key, once: bindings, the footer, the help and the README's table are made from this list."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """A verb and its keys (the first is the one that is shown). `group` is its heading in the help."""

    action: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    shown: bool = True  # in the footer, while it can be used
    rank: int = 0  # of those in one footer, the highest give way first; 0 never does

    def binding(self) -> Binding:
        return Binding(",".join(self.keys), self.action, self.label, show=self.shown, tooltip=self.help)

    @property
    def names(self) -> str:
        """The keys as they are called."""
        return " or ".join(key_name(key) for key in self.keys)


WRITING, ANSWER, CONVERSATION, VIEW = "While it writes", "The answer", "Conversations and models", "What is shown"

CHAT_KEYS = (
    Key("stop", ("escape",), "Stop", "stop at once, also while the prompt is read", WRITING),
    Key("answer_now", ("ctrl+g",), "Answer now", "close the thinking at the next sentence end and answer", WRITING),
    Key("think_on", ("ctrl+t",), "Think on", "do not let the thinking close; again: let it", WRITING, rank=1),
    Key("go_on", ("ctrl+g",), "Go on", "let an answer that was stopped or interrupted go on where it ended", ANSWER),
    Key("regenerate", ("ctrl+r",), "Again", "write the answer again; the old one stays beside it", ANSWER, rank=2),
    Key("edit", ("f2",), "Edit", "edit an earlier question; a new branch, the old one stays", ANSWER, rank=9),
    Key("sibling(-1)", ("alt+left", "f3"), "Older", "the answer or question before, of several", ANSWER, rank=6),
    Key("sibling(1)", ("alt+right", "f4"), "Newer", "the answer or question after, of several", ANSWER, rank=6),
    Key("compare", ("f5",), "Compare", "the same prompt and seed under two settings or models, side by side", ANSWER,
        rank=1),
    Key("solve", ("f11", "shift+f5"), "Solve", "many attempts at the question side by side, and the answer of most",
        ANSWER, rank=10),
    Key("copy('answer')", ("f9",), "Copy", "copy the answer", ANSWER, rank=11),
    Key("copy('thinking')", ("shift+f9",), "Copy thinking", "copy the thinking", ANSWER, shown=False),
    Key("copy('code')", ("ctrl+f9",), "Copy code", "copy the last block of code", ANSWER, shown=False),
    Key("label", ("f12",), "Label", "say which thoughts of the latest answer are right", ANSWER, shown=False),
    Key("new", ("ctrl+n",), "New", "begin a new conversation", CONVERSATION, rank=7),
    Key("conversations", ("ctrl+o",), "Open", "list, search, open, rename and delete conversations", CONVERSATION,
        rank=8),
    Key("models", ("ctrl+l",), "Models", "open, pull and eject models", CONVERSATION, rank=5),
    Key("export", ("f8",), "Export", "write the conversation, or its latest map of thoughts, to a file", CONVERSATION,
        rank=13),
    Key("settings", ("ctrl+s",), "Settings", "α, β, sampling and limits at the side", VIEW, rank=3),
    Key("tokens", ("f6",), "Tokens",
        "the last tokens by probability, what else was likely, and at a ⊘ what would have come", VIEW, rank=4),
    Key("thoughts", ("f10", "ctrl+b"), "Thoughts", "go to the thoughts of the latest answer, or open them", VIEW,
        rank=10),
    Key("fold", ("f7",), "Fold", "fold or open all thinking", VIEW, rank=12),
    Key("help", ("f1",), "Help", "what every key does", VIEW),
    Key("quit", ("ctrl+q",), "Quit", "leave; everything is saved", CONVERSATION, rank=8),
)
INTERRUPT_KEYS = (
    Key("help_quit", ("ctrl+c",), "Interrupt", "stop what is written; a second one quits. A selection is copied",
        WRITING),
)
PROMPT_KEYS = (
    Key("send", ("enter",), "Send", "send the question", "Writing a question"),
    Key("new_line", ("ctrl+j", "shift+enter"), "New line",
        "begin a new line; many terminals cannot tell shift+enter from enter", "Writing a question"),
    Key("history", ("up", "down"), "Earlier", "at the first and last line: earlier questions", "Writing a question"),
)
THOUGHT_KEYS = (
    Key("cursor", ("up", "down"), "Move", "from thought to thought", "Among the thoughts"),
    Key("toggle", ("enter", "space"), "Open", "open or fold a thought", "Among the thoughts"),
    Key("toggle_all", ("a",), "All", "open or fold all of them", "Among the thoughts"),
)
TOKENS = "Among the tokens"
TOKEN_KEYS = (
    Key("cursor", ("left", "right", "up", "down"), "Move", "from token to token; End follows the latest", TOKENS),
    Key("mark(1)", ("n",), "Next ⊘", "to the next jump that was held back", TOKENS),
    Key("mark(-1)", ("p",), "⊘ before", "to the one before", TOKENS),
    Key("branch", ("enter",), "Go there", "at a ⊘: another answer, which begins with the jump that would have come",
        TOKENS),
)
DIALOG = "In a dialog"
DIALOG_KEYS = (
    Key("choose", ("enter",), "Choose", "choose what is marked; a choice's number does so at once", DIALOG),
    Key("close", ("escape",), "Back", "close it, and choose nothing", DIALOG),
)
LINE_KEYS = (
    Key("submit", ("enter",), "OK", "take the line as it is", DIALOG),
    Key("close", ("escape",), "Back", "leave everything as it was", DIALOG),
)
CONVERSATIONS_KEYS = (
    Key("choose", ("enter",), "Open", "open the conversation", "In the list of conversations"),
    Key("close", ("escape",), "Close", "back to the conversation", "In the list of conversations"),
    Key("rename", ("f2", "ctrl+r"), "Rename", "give it another title", "In the list of conversations"),
    Key("remove", ("delete", "ctrl+d"), "Delete", "delete it, at once", "In the list of conversations"),
    Key("restore", ("ctrl+z",), "Bring back", "bring the latest deleted one back; again: the one before it",
        "In the list of conversations"),
)
MODELS = "In the list of models"
MODELS_KEYS = (
    Key("choose", ("enter",), "Load", "load the model, in place of the open one; typing fills the line below", MODELS),
    Key("pull", ("enter",), "Pull", "download it from the Hub while the chat goes on; it is opened when it is here",
        MODELS),
    Key("close", ("escape",), "Close", "back to the conversation; a pull goes on", MODELS),
    Key("eject", ("f4",), "Eject", "close the model; its memory is free at once", MODELS),
    Key("give_up", ("f9",), "Give up", "give up loading; Esc does so too", MODELS),
    Key("stop_pull", ("f9",), "Stop pulling", "end the pull; pulling it again goes on from there", MODELS),
    Key("precision", ("f2",), "Precision", "another precision of a model that is not here: smaller is faster", MODELS),
    Key("cache", ("f3",), "Cache", "another type of KV cache: q8_0 takes about half of f16's memory, q4_0 a quarter",
        MODELS),
)
COMPARE = "In a comparison"
COMPARE_KEYS = (
    Key("stop", ("escape",), "Stop", "stop both sides; what they wrote stays", COMPARE),
    Key("leave", ("escape",), "Back", "back to the conversation; what was not kept is gone", COMPARE),
    Key("again", ("r",), "New seed", "both sides again with another seed", COMPARE),
    Key("tally", ("n",), "Many seeds", "the same question over 16 or 64 seeds on both sides, counted", COMPARE),
    Key("edit", ("e",), "α and β", "other α and β for either side; Enter starts over with them", COMPARE),
    Key("keep", ("k",), "Keep", "keep both answers in the conversation, beside the one there is", COMPARE),
    Key("export", ("f8",), "Export", "write the comparison to a file: a picture (SVG), or plain text", COMPARE),
    Key("model(0)", ("l",), "Left model", "another model for the left side, in an engine of its own", COMPARE),
    Key("model(1)", ("m",), "Right model", "another model for the right side, in an engine of its own", COMPARE),
)
TIPS_KEYS = (
    Key("submit", ("enter",), "Start over", "start both sides over with these settings", COMPARE),
    Key("close", ("escape",), "Back", "leave the settings as they were", COMPARE),
)
TALLY = "In a count over many seeds"
TALLY_KEYS = (
    Key("stop", ("escape",), "Stop", "stop counting; what is counted stays", TALLY),
    Key("close", ("escape",), "Back", "back to the comparison", TALLY),
    Key("more", ("n",), "More", "go on where it was stopped; else up to 64 seeds", TALLY),
)
SOLVE = "While many attempts run"
SOLVE_KEYS = (
    Key("stop", ("escape",), "Stop", "stop all attempts; those that have ended count", SOLVE),
    Key("leave", ("escape",), "Back", "back to the conversation, where the winner is the answer", SOLVE),
    Key("open", ("enter",), "Open", "read an attempt, its thinking and its answer, also while it is written", SOLVE),
    Key("again", ("r",), "New seeds", "the same again with other seeds; the attempts that have ended stay", SOLVE),
    Key("strategy", ("s",), "Strategy", "begin again with another strategy", SOLVE),
)
ATTEMPT = "In an attempt"
ATTEMPT_KEYS = (
    Key("close", ("escape",), "Back", "back to all attempts", ATTEMPT),
    Key("step(1)", ("n",), "Next", "the next attempt", ATTEMPT),
    Key("step(-1)", ("p",), "Before", "the attempt before", ATTEMPT),
)
LABEL = "While you label"
LABEL_KEYS = (  # of a program of its own, and so not among ALL_KEYS
    Key("rate('right')", ("r", "1"), "Right", "rate it right, and go to the next", LABEL),
    Key("rate('wrong')", ("w", "2"), "Wrong", "rate it wrong, and go to the next", LABEL),
    Key("rate('unsure')", ("u", "3"), "Unsure", "say that you cannot tell, and go to the next", LABEL),
    Key("undo", ("z", "ctrl+z"), "Undo", "take the latest rating back; again: the one before it", LABEL),
    Key("move(1)", ("down", "j"), "Next", "to the next one, without a rating", LABEL, shown=False),
    Key("move(-1)", ("up", "k"), "Before", "to the one before", LABEL, shown=False),
    Key("open", ("space",), "Unrated", "to the next one of which nothing is known yet", LABEL, rank=3),
    Key("sample(1)", ("n", "right"), "Next sample", "to the next sample; what is left of this one stays open", LABEL),
    Key("sample(-1)", ("p", "left"), "Sample before", "to the sample before", LABEL, shown=False),
    Key("scroll(1)", ("pagedown",), "Scroll down", "on in a long text", LABEL, shown=False),
    Key("scroll(-1)", ("pageup",), "Scroll up", "back in a long text", LABEL, shown=False),
    Key("known", ("a",), "Answer", "show or hide what is known of the answer, and what the sample answered", LABEL,
        rank=1),
    Key("question", ("q",), "Question", "show all of a long question, or its beginning", LABEL, shown=False),
    Key("help", ("f1",), "Help", "what every key does, and what right means", LABEL, rank=2),
    Key("close", ("escape",), "Back", "back to the conversation, where you came from one", LABEL),
    Key("quit", ("ctrl+q", "ctrl+c"), "Quit", "leave; everything is saved, and the same command goes on here", LABEL,
        shown=False),
)
HELP_KEYS = (
    Key("close", ("escape", "f1"), "Close", "back to where you were", "In this help"),
    Key("penalty", ("p",), "The penalty", "what it does, and how to read the map of thoughts", "In this help"),
    Key("scroll", ("up", "down", "pageup", "pagedown"), "Scroll", "up and down", "In this help", shown=False),
)
ALL_KEYS = (*PROMPT_KEYS, *CHAT_KEYS, *INTERRUPT_KEYS, *THOUGHT_KEYS, *TOKEN_KEYS, *CONVERSATIONS_KEYS, *MODELS_KEYS,
            *COMPARE_KEYS, *TIPS_KEYS, *TALLY_KEYS, *SOLVE_KEYS, *ATTEMPT_KEYS, *DIALOG_KEYS, *LINE_KEYS, *HELP_KEYS)


def groups(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """The keys under their headings."""
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key.group, []).append(key)
    return found


def key_name(key: str) -> str:
    """A key as it is written for people: ctrl+g, F5, Esc."""
    names = {"escape": "Esc", "enter": "Enter", "space": "Space", "delete": "Delete",
             "pageup": "Page↑", "pagedown": "Page↓", "up": "↑", "down": "↓", "left": "←", "right": "→"}
    *held, last = key.split("+")
    last = names.get(last, last.upper() if held or (last[0] == "f" and last[1:].isdigit()) else last)
    return "+".join([*(name.capitalize() for name in held), last])
