"""A plain conversation without a process: a person who types by a script, before an engine that writes by another."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from chat.pulled import ScriptedPull, Seen
from chat.scripted import Refusal, Reply, ScriptedClient
from cli.running import FakeTerminal
from localthink import locations
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.chat.surveying import Surveyor
from localthink.history import History
from localthink.hub.news import PullNews
from localthink.hub.wanted import Wanted
from localthink.plain.chat import PlainChat
from localthink.plain.voice import Voice
from localthink.text.terminal import Terminal
from localthink.text.visible import visible

LONGEST = 1000  # tokens of the model's context
LOOKS = 4  # that a conversation has before the next step: by then it has taken in what came of the one before
Step = str | Callable[[], object]


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
    """A conversation at a terminal, on one screen. The model is called "toy"."""

    def __init__(self, history: History | None, *replies: Reply | Refusal, settings: ChatSettings | None = None,
                 loads: bool = True) -> None:
        self.client = ScriptedClient(replies or [Reply("Yes.")], longest=LONGEST, loads=loads, name="toy")
        self.screen, self.interrupts, self.code = FakeTerminal(), [], -1
        self.pulls: list[ScriptedPull] = []
        self.session = Session(self.client, history, settings or ChatSettings(seed=7), clock=self.client.clock,
                               make_pull=self._make_pull)
        model = locations.local_models() / "toy.gguf"  # of which nothing but the first bytes is read
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_bytes(b"GGUF".ljust(64, b"\0"))

    def _make_pull(self, wanted: Wanted, prefer: Sequence[str]) -> ScriptedPull:
        self.pulls.append(ScriptedPull(wanted, prefer))
        return self.pulls[-1]

    def tell(self, *news: PullNews) -> Callable[[], None]:
        """The step in which the pull has news."""
        return lambda: self.pulls[-1].tell(*news)

    @property
    def asked(self) -> list[str]:
        """The latest question of all that the engine was asked."""
        return [ask.messages[-1].content for ask in self.client.asks]

    def run(self, *steps: Step, continue_last: bool = False) -> str:
        """Let the steps happen, and leave; returns what is on the screen."""
        voice = Voice(Terminal(self.screen), Terminal(self.screen))
        chat = PlainChat(self.session, Script(steps, self.screen), voice, self.interrupts, self.client.clock,
                         Surveyor(lambda: 8 * 2**30, Seen))
        self.code = chat.run(Opening("toy"), continue_last)
        return self.screen.getvalue()

    def write(self, tokens: int = 1) -> Callable[[], None]:
        """The step in which the engine writes so many tokens."""
        return lambda: self.client.advance(tokens)

    def finish(self) -> None:
        """The step in which it writes to the end."""
        self.client.finish()

    def press_ctrl_c(self) -> None:
        self.interrupts.append(2)
