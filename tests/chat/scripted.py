"""An engine without a process for conversations: it says by a script, token for token, what a real one would.

    client = ScriptedClient([Reply("It is \\\\boxed{4}.", ("Two and two.", "Alternatively, one and three."))])
    talk = session(tmp_path, client)        # a Session whose model is open, with a store in the folder
    ask(talk, "What is 2 + 2?")             # measured and begun
    client.advance(3)                       # three tokens (or steps of reading), by hand
    talk.pump()

Events and traces come from the engine's own `Sample`, so that steering, limits, ends and continuing are what
they are there. With `rate` it writes so many tokens a second of its clock instead of being advanced.
"""
from __future__ import annotations

import itertools
import math
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from localthink.chat.asking import SLOTS, Opening
from localthink.chat.pulling import MakePull, start_pull
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.control.tip import penalty
from localthink.control.view import Words
from localthink.engine.messages import (
    Ask,
    Cancel,
    Count,
    Counted,
    Died,
    Finished,
    Loaded,
    Loading,
    LoadingShare,
    News,
    Order,
    Reading,
    Refused,
    Steer,
    Written,
)
from localthink.engine.sample import Sample, without_held_back
from localthink.engine.sampler import Draw
from localthink.errors import HistoryError
from localthink.history import History
from localthink.records import Alternative, Event, Message, Request, Trace
from localthink.thinking.automaton import Automaton
from localthink.thinking.tags import Tags
from localthink.thinking.tracker import ThoughtTracker

EOS, END_THINK, THINK = 1, 2, 3
WORDS, OPENINGS = 10, 100_000  # where the ids of words begin, and of words that open a thought
PIECE = re.compile(r"\n+|[^\S\n]*\w{1,16}|[^\S\n]*[^\w\s]+|[^\S\n]+")
PACE = 0.02  # seconds of a clock by hand that a step takes
HELD = 0.5  # from this probability on, a script says that a switch was held
AFTER = 2.0**-10  # the probability of a switch that the penalty leaves
OTHERS = (" so", " then", " we", " it", " the")
TAGGED = "Thinks from `<think>` on, <think> as text, to `</think>`:\n\n```\n<think>\nhm\n</think>\n```\n\nSo </think>"
DIED = "the engine's process ended (SIGKILL, as the system does when memory runs out)"


class Clock:
    """Seconds, as far as a test is concerned."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Line:
    """One thought. `held` are the places of its tokens at which a switch is held back, with its probability."""

    text: str
    held: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """How an Ask is answered: after `reading` steps over its prompt, with these thoughts and this answer.

    All thoughts but the first begin with a word that opens one. `more` is what follows "Wait" where the
    thinking is to go on.
    """

    answer: str
    thoughts: tuple[Line | str, ...] = ()
    reading: int = 0
    more: str = ", let me look at that once more. It is still so.\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The Ask is refused."""

    reason: str


class _Token(NamedTuple):
    piece: str
    held: float = 0.0
    opens: bool = False

    @property
    def id(self) -> int:
        if self in (_CLOSE, _END):
            return END_THINK if self == _CLOSE else EOS
        mixed = zlib.crc32(self.piece.encode())
        return OPENINGS + mixed % 50_000 if self.opens else WORDS + mixed % 90_000


_CLOSE, _END, _WAIT = _Token("</think>"), _Token("<eos>"), _Token("Wait", opens=True)
_SWITCH = _Token(" Alternatively", opens=True)  # what is held back; where it was begun with, the next thought follows


def pieces(text: str) -> list[str]:
    """The tokens of a text: words with the blanks before them, signs, and the ends of lines."""
    return PIECE.findall(text)


def count_tokens(messages: Iterable[Message]) -> int:
    """What a prompt is measured as: a token for each word, and four for each message."""
    return sum(4 + len(message.content.split()) for message in messages)


class _Player:
    """What is still to be written of a reply, whatever was taken in its place."""

    def __init__(self, reply: Reply) -> None:
        self._more = reply.more
        lines = [line if isinstance(line, Line) else Line(line) for line in reply.thoughts]
        self._ahead = deque(token for index, line in enumerate(lines)
                            for token in _tokens(line.text, line.held, opens=index > 0))
        if lines:
            self._ahead.append(_CLOSE)
        self._ahead.extend([*_tokens(reply.answer), _END])

    @property
    def next(self) -> _Token:
        return self._ahead[0]

    def take(self, token: int) -> _Token:
        """Go behind a token: the next one, or one that closes the thinking early or keeps it open."""
        if token == _WAIT.id and self.next == _CLOSE:
            self._ahead.extendleft(reversed(_tokens(self._more)))
            return _WAIT
        if token == _SWITCH.id:
            while not (self.next.opens or self.next == _CLOSE):
                self._ahead.popleft()
            return _SWITCH
        if token == END_THINK:
            while self._ahead.popleft() != _CLOSE:
                pass
            return _CLOSE
        assert token == self.next.id, f"token {token} was begun with, and this script never wrote it"
        return self._ahead.popleft()


def _tokens(text: str, held: Mapping[int, float] | None = None, opens: bool = False) -> list[_Token]:
    return [_Token(piece, (held or {}).get(place, 0.0), opens and place == 0)
            for place, piece in enumerate(pieces(text))]


class _Tracker(ThoughtTracker):
    """Thoughts of a script may be as short as they like."""

    __slots__ = ()

    @property
    def may_switch(self) -> bool:
        return self.followed


class _Asked:
    """An Ask under way."""

    def __init__(self, ask: Ask, reply: Reply, longest: int) -> None:
        self.ask, self._longest = ask, longest
        self._player, self._reading, self._read = _Player(reply), reply.reading, 0
        prompt = tuple([0] * count_tokens(ask.messages))
        request = Request(prompt, ask.generation, 1, ask.seed, ask.alternatives, ask.prefix)
        openings = [_Token(pieces(text)[0], opens=True) for line in reply.thoughts[1:]
                    if (text := line.text if isinstance(line, Line) else line)]
        markers = Automaton([(token.id,) for token in (*openings, _WAIT, _SWITCH)])
        self.sample = Sample(ask.number, request, 0,
                             _Tracker(markers, begins_thinking=bool(reply.thoughts)), Tags(ids=(THINK, END_THINK)),
                             Words([END_THINK], lambda text: [_WAIT.id], lambda token: token == EOS))
        self._retold = self.sample.resume(lambda token: _bytes(self._player.take(token)))

    def step(self, now: float) -> list[Event] | Reading:
        """The next part of the prompt, or the next token."""
        self.sample.admitted(now - PACE, 0)
        if self._read < self._reading:
            self._read += 1
            of = len(self.sample.job.tokens)
            return Reading(self.ask.number, of * self._read // (self._reading + 1), of)
        sample, ask, drawn = self.sample, self.ask, self._player.next
        token, held = drawn.id, drawn.held if penalty(sample.tip, sample.tracker) > 0 else 0.0
        token = sample.controls.choose(token)
        taken = self._player.take(token)
        written = len(sample.tokens) + 1
        last = (written >= (ask.generation.max_tokens or math.inf) or len(sample.job.tokens) + 1 >= self._longest)
        retold, self._retold = self._retold, []
        return retold + sample.accept(self._draw(token, held), _bytes(taken), now, token == EOS, last,
                                      self._alternatives(taken, token, held))

    def _luck(self) -> float:
        """Of this seed at this place, from 0 to 1."""
        return zlib.crc32(f"{self.sample.seed}/{len(self.sample.tokens)}".encode()) / 2**32

    def _draw(self, token: int, held: float) -> Draw:
        logprob = math.log(0.2 + 0.79 * self._luck())
        raw = logprob + math.log1p(-held) if held < 1 else -math.inf
        return Draw(token, logprob, raw if held else logprob, int(held >= HELD),
                    _SWITCH.id if held >= HELD else None)

    def _alternatives(self, taken: _Token, token: int, held: float) -> tuple[Alternative, ...]:
        count, chance = self.ask.alternatives, 0.2 + 0.79 * self._luck()
        if not count:
            return ()
        mine = Alternative(token, "" if token in (EOS, END_THINK) else taken.piece, chance * (1 - held), chance)
        others = [Alternative(_Token(word).id, word, rest * (1 - held), rest)
                  for place, word in enumerate(OTHERS) if (rest := (1 - chance) / 2 ** (place + 1)) > 0.01
                  and word != taken.piece]
        switch = [Alternative(_SWITCH.id, _SWITCH.piece, held, AFTER)] * bool(held)
        return tuple(sorted([mine, *others, *switch], key=lambda one: -max(one.before, one.after))[:count])


def _bytes(token: _Token) -> bytes:
    return b"" if token in (_CLOSE, _END) else token.piece.encode()


class ScriptedClient:
    """A `Client`. Fresh asks are answered by the replies one after the other, the last one again and again.

    `orders` are all that it was sent, `traces` all that it finished. `loading` are the shares of the weights
    that it tells of before it is open; with `loads` False that waits for `open()`. A `count_refusal` refuses
    to measure.
    """

    def __init__(self, replies: Sequence[Reply | Refusal] = (), *, clock: Callable[[], float] | None = None,
                 rate: float | None = None, longest: int = 4096, loading: Sequence[float] = (), loads: bool = True,
                 name: str = "scripted", path: str = "") -> None:
        self.replies = list(replies) or demo_script()
        self.clock = clock or Clock()
        self.rate, self.longest, self.loading, self.loads, self.name = rate, longest, tuple(loading), loads, name
        self.path = path or f"/models/{name}.gguf"
        self.count_refusal = ""
        self.orders: list[Order] = []
        self.traces: list[Trace] = []
        self.running, self.starts = False, 0
        self._loaded = False
        self._news: list[News] = []
        self._asked: dict[int, _Asked] = {}
        self._answered = 0
        self._known: dict[tuple[int, tuple[Message, ...]], Reply] = {}  # how an ask that goes on was answered
        self._until = 0.0  # the time up to which it has written

    # What a conversation does

    def start(self) -> None:
        self.close()
        self.running = True
        self.starts += 1

    def close(self) -> None:
        self.running = self._loaded = False
        self._news, self._asked = [], {}

    def send(self, order: Order) -> None:
        self.orders.append(order)
        if not self.running:
            return
        match order:
            case Loading():
                self._news += [LoadingShare(share) for share in self.loading]
                if self.loads:
                    self.open()
            case Ask():
                self._ask(order)
            case Cancel(number) if number in self._asked:
                self._tell(number, without_held_back(self._asked[number].sample.finish("cancelled")))
            case Steer(number, tip, wish) if number in self._asked:
                sample = self._asked[number].sample
                sample.steer(tip or sample.tip, wish or sample.wish)
            case Count(number, messages):
                self._news.append(Refused(number, self.count_refusal) if self.count_refusal
                                  else Counted(number, count_tokens(messages)))

    def receive(self) -> list[News]:
        if self.rate is not None:
            self._write_by_the_clock(self.rate)
        news, self._news = self._news, []
        return news

    # What a test does

    @property
    def asks(self) -> list[Ask]:
        return [order for order in self.orders if isinstance(order, Ask)]

    @property
    def steers(self) -> list[Steer]:
        return [order for order in self.orders if isinstance(order, Steer)]

    @property
    def writing(self) -> bool:
        return bool(self._asked)

    def open(self) -> None:
        """The model is open."""
        self._loaded = True
        order = next(order for order in reversed(self.orders) if isinstance(order, Loading))
        longest = order.cells or self.longest
        self._news.append(Loaded(order.slots, longest, longest, "CPU : SSE3 = 1 | AVX2 = 1 |", False, self.name,
                                 self.path, "Q8_0", 4 * self.longest, True, 1_600_000_000,
                                 28_672 * longest))

    def advance(self, steps: int = 1) -> None:
        """So many steps of everything under way, each a token, or a part of a prompt that takes some to be read."""
        for _ in range(steps):
            if isinstance(self.clock, Clock):
                self.clock.wait(PACE)
            self._step(self.clock())

    def finish(self) -> None:
        """Write everything under way to its end."""
        while self._asked:
            self.advance()

    def die(self, reason: str = DIED, lasting: bool = False) -> None:
        """The process is gone; `lasting` where the model cannot be opened."""
        self._asked, self.running, self._loaded = {}, False, False
        self._news.append(Died(reason, 2 if lasting else 1, lasting))

    # How it does it

    def _ask(self, ask: Ask) -> None:
        assert self._loaded, "a model is opened before it is asked"
        reply = self._reply(ask)
        tokens = count_tokens(ask.messages) + len(ask.prefix.tokens)
        if isinstance(reply, Refusal):
            self._news.append(Refused(ask.number, reply.reason))
        elif tokens >= self.longest:
            reason = f"the prompt is {tokens} tokens and the context holds {self.longest}"
            self._news.append(Refused(ask.number, reason))
        else:
            if not self._asked:
                self._until = self.clock()
            self._asked[ask.number] = _Asked(ask, reply, self.longest)

    def _reply(self, ask: Ask) -> Reply | Refusal:
        known = self._known.get((ask.seed, ask.messages))
        if ask.prefix.tokens and known is not None:
            return known
        reply = self.replies[min(self._answered, len(self.replies) - 1)]
        self._answered += 1
        if isinstance(reply, Reply):
            self._known[ask.seed, ask.messages] = reply
        return reply

    def _write_by_the_clock(self, rate: float) -> None:
        now = self.clock()
        while self._asked and self._until + 1 / rate <= now:
            self._until += 1 / rate
            self._step(self._until)

    def _step(self, now: float) -> None:
        for number, asked in list(itertools.islice(self._asked.items(), SLOTS)):
            said = asked.step(now)
            if isinstance(said, Reading):
                self._news.append(said)
            else:
                self._tell(number, said)

    def _tell(self, number: int, events: Sequence[Event]) -> None:
        """What was written goes with what nobody has heard yet; a trace ends it."""
        latest = self._news[-1] if self._news else None
        if isinstance(latest, Written) and latest.number == number:
            self._news[-1] = Written(number, (*latest.events, *events))
        elif events:
            self._news.append(Written(number, tuple(events)))
        if events and (trace := events[-1].trace) is not None:
            del self._asked[number]
            self.traces.append(trace)
            self._news.append(Finished(number, trace))


# Conversations

DEMO_QUESTION = "How many positive whole numbers below 100 are divisible by 3 or by 5?"


def demo_script() -> list[Reply]:
    """A small problem of mathematics: four thoughts, three switches that are held back, an answer with a result."""
    return [Reply(
        thoughts=(
            Line("Okay, so I need to count the numbers from 1 to 99 that are divisible by 3 or by 5. Multiples of 3 "
                 "are 3, 6, 9 and so on up to 99, which makes 33 of them. Multiples of 5 go up to 95, which makes 19. "
                 "Together that is 33 + 19 = 52.\n\n", {28: 0.625, 61: 0.25}),
            Line("But wait, 15, 30, 45, 60, 75 and 90 are in both lists, so I have counted these twice. There are 6 of "
                 "them, so it should be 52 - 6 = 46. Let me make sure that 99 itself is below 100: yes, it is.\n\n",
                 {22: 0.75}),
            Line("Alternatively, I could count what is left out. Of 15 numbers in a row, 8 are divisible by neither "
                 "3 nor 5, so 7 are. From 1 to 90 that makes 6 · 7 = 42, and of 91 to 99 it is 93, 95, 96 and 99, so "
                 "4 more.\n\n", {9: 0.5, 40: 0.875}),
            "Hmm, 42 + 4 = 46, which agrees with the count before. I am confident that it is 46.\n"),
        answer="\n\nBy **inclusion and exclusion**, below 100 there are\n\n- 33 multiples of 3,\n"
               "- 19 multiples of 5,\n- 6 multiples of 15, which both counts hold.\n\nSo the number is\n\n"
               "\\[ 33 + 19 - 6 = \\boxed{46} \\]\n",
        reading=3)]


def session(folder: Path | None, client: ScriptedClient | None = None, *, settings: ChatSettings | None = None,
            history: History | None = None, ready: bool = True, make_pull: MakePull = start_pull) -> Session:
    """A session over a scripted engine, with a store in `folder` (none where that is None), seeds 1, 2, 3, …

    Where it is `ready` the model is open.
    """
    client = client or ScriptedClient()
    store = history or (History(folder / "history.sqlite") if folder is not None else None)
    made = Session(client, store, settings or ChatSettings(), clock=client.clock, seeds=itertools.count(1).__next__,
                   make_pull=make_pull)
    if ready:
        made.load(Opening())
        made.pump()
    return made


def client_of(talk: Session) -> ScriptedClient:
    client = talk.asker._client
    assert isinstance(client, ScriptedClient)
    return client


def ask(talk: Session, question: str) -> None:
    """Ask, and let it be measured: unless it does not fit, the answer is begun."""
    talk.send(question)
    talk.pump()


def answered(talk: Session, question: str) -> None:
    """Ask, and wait for the end of the answer."""
    ask(talk, question)
    finish(talk)


def finish(talk: Session) -> None:
    """Let what is under way be written to its end."""
    client_of(talk).finish()
    talk.pump()


def advance(talk: Session, steps: int = 1) -> None:
    client_of(talk).advance(steps)
    talk.pump()


class BreakableHistory(History):
    """A store that cannot be written as long as `trouble` says why, and cannot be read where `reads` is False."""

    trouble = ""
    reads = True

    def __getattribute__(self, name: str) -> Any:
        if name in ("create", "rename", "add_message", "begin_answer", "append", "finish", "choose") and self.trouble:
            return self._fail
        if name in ("path", "siblings", "conversation", "conversations", "messages") and not self.reads:
            return self._fail
        return super().__getattribute__(name)

    def _fail(self, *arguments: object) -> None:
        raise HistoryError(self.trouble)
