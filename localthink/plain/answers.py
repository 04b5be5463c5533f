"""The commands about answers: while one is written, and of the latest."""
from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from localthink import locations
from localthink.chat.code_blocks import code_blocks
from localthink.chat.going_on import marks, would_have_come
from localthink.chat.session import new_seed
from localthink.chat.transcript import Entry
from localthink.chat.turn import ThoughtView, Turn
from localthink.errors import UsageError
from localthink.plain.answer import Follower, thought_figures
from localthink.plain.conversations import number, one_line, show_again
from localthink.plain.talk import Talk
from localthink.records import BudgetRequest, Event, Message
from localthink.text.page import HELD_MARK, THOUGHT_MARK
from localthink.text.sizes import counted

if TYPE_CHECKING:
    from localthink.chat.compare import Comparison

TOKENS = 10
ALTERNATIVES = 3  # besides the token that was drawn
WISHED = {"answer": "it closes its thinking at the next sentence end, and answers",
          "think": "it thinks on until /think is said again", "free": "it goes its own way again"}


def stop(chat: Talk, rest: str) -> None:
    if not chat.stop():
        raise UsageError("nothing is under way that could be stopped")


def answer_now(chat: Talk, rest: str) -> None:
    _wish(chat, "answer")


def think_on(chat: Talk, rest: str) -> None:
    _wish(chat, "think")


def _wish(chat: Talk, wish: BudgetRequest) -> None:
    live = chat.session.live
    if live is None or live.turn is None or live.turn.phase == "answering":
        raise UsageError("no thinking is under way: this is for while it thinks")
    chat.session.wish(wish)
    chat.voice.say(WISHED[live.turn.wish])


def go_on(chat: Talk, rest: str) -> None:
    chat.session.give_up()
    if chat.session.resumable is None:
        raise UsageError("the latest answer did not end early: there is nothing to go on with")
    chat.session.go_on()
    chat.news.look_at_answer()  # now: by the next look it may have ended again


def again(chat: Talk, rest: str) -> None:
    _latest_question(chat)
    chat.ask(chat.session.regenerate)


def edit(chat: Talk, rest: str) -> None:
    """Ask another question in the place of the latest, or of the N-th where N and more text follow."""
    entry = _latest_question(chat)
    questions = [entry for entry in chat.session.entries if entry.turn is None]
    first, _, text = rest.partition(" ")
    if text.strip() and first.isascii() and first.isdigit():
        place = number(first, "the number of a question")
        if place > len(questions):
            raise UsageError(f"there is no question {place}: there are {len(questions)}")
        entry, rest = questions[place - 1], text.strip()
    if not rest:
        raise UsageError("the question is empty: give its new text")
    chat.ask(partial(chat.session.edit, entry, rest))


def previous(chat: Talk, rest: str) -> None:
    _turn_to_sibling(chat, -1)


def following(chat: Talk, rest: str) -> None:
    _turn_to_sibling(chat, 1)


def _turn_to_sibling(chat: Talk, step: int) -> None:
    session = chat.session
    session.give_up()
    entry = next((entry for entry in reversed(session.entries) if entry.place[1] > 1), None)
    if entry is None:
        raise UsageError("nothing here has a second version: /again and /edit make one")
    place = session.entries.index(entry)
    if not session.show_sibling(entry, step):
        raise UsageError(f"there is none {'before' if step < 0 else 'after'} it")
    show_again(chat, session.entries[place:])


def compare(chat: Talk, rest: str) -> None:
    """Ask the latest question twice, with one seed: its answer's where it has one."""
    from localthink.chat.compare import Comparison, Side

    session = chat.session
    entry = _latest_question(chat)
    place = session.entries.index(entry) + 1
    answered = session.entries[place].turn if place < len(session.entries) else None
    if not session.settings.tip.alpha:
        raise UsageError("alpha is 0: there is no penalty to compare with; set one with /alpha")
    sides = [Side(session.asker, settings) for settings in (session.settings.changed("alpha", 0.0), session.settings)]
    messages = session.transcript.messages(session.settings.system, session.first, place)
    _start_comparison(chat, Comparison(sides, messages, answered.seed if answered is not None else new_seed(),
                                       chat.clock))


def solve(chat: Talk, rest: str) -> None:
    """Attempt the latest question: `rest` is a strategy and a number of attempts, both or neither."""
    from localthink.chat.solving import Solving, read_request
    from localthink.plain.solving import SolvingTeller

    strategy = read_request(rest)

    def start() -> None:
        solving = Solving(chat.session, strategy)
        solving.start()
        chat.news.solving = SolvingTeller(solving, chat.voice)
        chat.voice.say(f"{strategy.name}: up to {counted(strategy.n, 'attempt')} with seed {solving.seed} …")

    chat.ask(start)


def demo(chat: Talk, rest: str) -> None:
    """What the penalty does on a puzzle that was chosen, and how often it does so."""
    from localthink.chat.compare import Comparison, Side
    from localthink.chat.demo import read_demo

    shown, loaded = read_demo(), chat.session.asker.model.loaded
    if loaded is not None and Path(loaded.path) != locations.bundled_model():
        raise UsageError("the demo is a puzzle for the model that comes with localthink: /load countdown opens that")
    sides = [Side(chat.session.asker, settings) for settings in shown.settings]
    comparison = Comparison(sides, [Message("user", shown.question)], shown.seed, chat.clock)
    chat.voice.say("\n".join((shown.opening, shown.evidence, shown.question)))
    _start_comparison(chat, comparison)


def _start_comparison(chat: Talk, comparison: Comparison) -> None:
    def start() -> None:
        comparison.start()
        chat.news.comparison = comparison
        chat.voice.say(f"two answers with seed {comparison.seed} …")

    chat.ask(start)


def drop(chat: Talk, rest: str) -> None:
    session = chat.session
    if session.overflow is None:
        raise UsageError("nothing waits to fit: this is for a question that does not")
    if not session.may_drop:
        raise UsageError("nothing is left that could be left out: ask something shorter, or /new")
    session.drop_oldest()
    chat.news.expect()


def show_answer(chat: Talk, rest: str) -> None:
    chat.voice.answer(_latest_turn(chat).answer)


def show_thinking(chat: Talk, rest: str) -> None:
    turn = _latest_turn(chat)
    if not turn.thoughts:
        raise UsageError("the latest answer came without thinking")
    _show_thoughts(chat, turn, turn.thoughts)


def _show_thoughts(chat: Talk, turn: Turn, thoughts: Sequence[ThoughtView]) -> None:
    follower = Follower(turn, chat.voice.side_sheet())
    follower.show_thoughts(thoughts)
    follower.end()


def list_thoughts(chat: Talk, rest: str) -> None:
    turn = _latest_turn(chat)
    lines = [f"{THOUGHT_MARK} {thought.index + 1} {thought_figures(thought)}: {one_line(thought.text)[:60]}"
             for thought in turn.thoughts]
    chat.voice.say("\n".join(lines) or "the latest answer came without thinking")


def show_thought(chat: Talk, rest: str) -> None:
    turn = _latest_turn(chat)
    place = number(rest, "the number of a thought")
    if place > len(turn.thoughts):
        raise UsageError(f"there is no thought {place}: there are {len(turn.thoughts)}")
    _show_thoughts(chat, turn, turn.thoughts[place - 1:place])
    chat.voice.say(thought_figures(turn.thoughts[place - 1]))


def show_code(chat: Talk, rest: str) -> None:
    blocks = code_blocks(_latest_turn(chat).answer)
    place = number(rest, "the number of a block") if rest else len(blocks)
    if not 1 <= place <= len(blocks):
        raise UsageError(f"there is no block of code {place or ''}".rstrip() + f": there are {len(blocks)}")
    chat.voice.answer(blocks[place - 1])


def show_tokens(chat: Talk, rest: str) -> None:
    count = number(rest, "the number of tokens") if rest else TOKENS
    recent = list(_latest_turn(chat).recent)[-count:]
    chat.voice.say("\n".join(map(_token_line, recent)) or "its tokens are not kept: they are there while this runs")


def branch(chat: Talk, rest: str) -> None:
    """Write another answer, which goes where it was held: at the latest ⊘, or the N-th last."""
    session, turn = chat.session, _latest_turn(chat)
    places, back = marks(turn), number(rest, "which mark, counted from the last") if rest else 1
    if back > len(places):
        raise UsageError(f"there is no {HELD_MARK} {back} from the last: of its tokens that are kept, {len(places)} "
                         "have one")
    session.give_up()
    if not session.branch(session.entries[-1], places[-back]):
        raise UsageError("a branch needs the latest answer, its model open, and no answer under way")
    chat.news.look_at_answer()


def _token_line(event: Event) -> str:
    text = next((other.text for other in event.alternatives if other.token == event.token), event.text)
    parts = [f"{_quoted(text)} {_percent(math.exp(event.logprob))}"]
    if abs(event.logprob - event.raw_logprob) > 0.005:
        parts.append(f"({_percent(math.exp(event.raw_logprob))} without the penalty)")
    held = would_have_come(event) if event.held > 0 else None
    if held is not None:
        lost = f"{_percent(held.before)} → {_percent(held.after)}"
        parts.append(f"{HELD_MARK} held back: {_quoted(held.text)} {lost};")
    others = [other for other in event.alternatives if other.token != event.token and other is not held]
    if others:
        parts.append("else " + ", ".join(f"{_quoted(other.text)} {_percent(other.after)}"
                                         for other in others[:ALTERNATIVES]))
    return " ".join(parts)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _latest_question(chat: Talk) -> Entry:
    if not (asked := chat.session.transcript.asked):
        raise UsageError("there is no question yet: ask one first")
    return chat.session.entries[asked - 1]


def _latest_turn(chat: Talk) -> Turn:
    found = next((entry.turn for entry in reversed(chat.session.entries) if entry.turn is not None), None)
    if found is None:
        raise UsageError("there is no answer yet: ask something first")
    return found
