"""A plain conversation without a process: a person who types by a script, and an engine that says what it is told."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from cli.running import FakeTerminal
from localthink import locations
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.cli.plain_chat import PlainChat
from localthink.cli.plain_voice import Voice
from localthink.cli.terminal import Terminal
from localthink.engine.messages import Ask, Count, Counted, Died, Finished, Loaded, Loading, News, Order, Written
from localthink.history import History
from localthink.records import Event, FinishReason, Part, Sampling, Tip, Trace
from localthink.visible_text import visible

LONGEST = 1000  # tokens of the model's context; every character of a prompt counts as one
LOOKS = 4  # that a conversation has before the next step: by then it has taken in what came of the one before
Step = str | Callable[[], object]


class Engine:
    """A client that loads and counts by itself, and writes answers when a test says so."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.said: list[News] = []
        self.loads = True  # whether a model opens at once
        self.answers = False  # whether every question is answered at once
        self.trained = LONGEST

    def start(self) -> None:
        self.said.clear()

    def close(self) -> None:
        self.said.clear()

    def receive(self) -> list[News]:
        said, self.said = self.said, []
        return said

    def send(self, order: Order) -> None:
        self.orders.append(order)
        if isinstance(order, Loading) and self.loads:
            self.load()
        if isinstance(order, Count):
            self.said.append(Counted(order.number, sum(len(message.content) for message in order.messages)))
        if isinstance(order, Ask) and self.answers:
            self.answer("Yes", order)

    def load(self) -> None:
        longest = next(order.cells or LONGEST for order in reversed(self.orders) if isinstance(order, Loading))
        self.said.append(Loaded(2, longest, longest, "cpu", False, "toy", "toy.gguf", "F16", self.trained, True))

    def asked(self) -> list[Ask]:
        return [order for order in self.orders if isinstance(order, Ask)]

    def write(self, text: str, thought: int = -1, held: float = 0.0, ask: Ask | None = None) -> None:
        """One token of an answer, the latest unless told otherwise: of a thought, or of the answer itself."""
        part: Part = "answer" if thought < 0 else "thinking"
        event = Event(1, 0, 5, text, part, thought, False, -0.1, -0.1, held, 0.0)
        self.said.append(Written((ask or self.asked()[-1]).number, (event,)))

    def end(self, reason: FinishReason = "stop", ask: Ask | None = None) -> None:
        ask = ask or self.asked()[-1]
        trace = Trace(0, ask.seed, 12, (5, 5), "", "", reason, (), 0, 0.0, Sampling(), Tip(), 1.0, 0.0, 40.0)
        self.said.append(Finished(ask.number, trace))

    def answer(self, text: str, ask: Ask | None = None) -> None:
        self.write(text, ask=ask)
        self.end(ask=ask)

    def die(self) -> None:
        self.said.append(Died("the engine's process ended (SIGKILL)"))


class Script:
    """Lines that are typed one after the other, with what else happens between them."""

    typed = True

    def __init__(self, steps: Sequence[Step], screen: FakeTerminal) -> None:
        self._steps, self._screen, self.ended = list(steps), screen, False
        self._looks = 0

    def start(self) -> None:
        """Nothing has to be read."""

    def get(self, seconds: float) -> str | None:
        """The next step, once what came before it has been taken in: a line, or something that happens."""
        if not seconds:
            return None
        self._looks = (self._looks + 1) % LOOKS
        if self._looks:
            return None
        if not self._steps:
            assert not self.ended, "something is still under way at the end of the script"
            self.ended = True
            return None
        step = self._steps.pop(0)
        if isinstance(step, str):
            self._screen.write(f"{visible(step)}\n")  # as a terminal echoes what is typed
            return step
        step()
        return None


class Talk:
    """A conversation at a terminal, on one screen."""

    def __init__(self, history: History | None, settings: ChatSettings | None = None) -> None:
        self.engine, self.screen, self.interrupts = Engine(), FakeTerminal(), []
        self.now = 0.0
        self.session = Session(self.engine, history, settings or ChatSettings(seed=7), clock=lambda: self.now)
        self.code = -1
        self._model = locations.local_models() / "toy.gguf"  # which is never looked into
        self._model.parent.mkdir(parents=True, exist_ok=True)
        self._model.touch()

    def run(self, *steps: Step, continue_last: bool = False) -> str:
        """Let the steps happen, and leave; returns what is on the screen, without colours."""
        voice = Voice(Terminal(self.screen), Terminal(self.screen))
        chat = PlainChat(self.session, Script(steps, self.screen), voice, self.interrupts, clock=lambda: self.now)
        self.code = chat.run(Opening("toy"), continue_last)
        return self.screen.getvalue()

    def press_ctrl_c(self) -> None:
        self.interrupts.append(2)
