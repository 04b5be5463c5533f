"""The first pass over the input: every line is read, rendered and measured before a token is decoded."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from localthink.batch.items import BadLine, Item
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Checked, Died, Loaded, Loading, News, Refused
from localthink.errors import advised
from localthink.fit.choice import USUAL_CONTEXT
from localthink.grade.countdown import Puzzle
from localthink.grade.exact import Gold
from localthink.grade.grading import takes_mathematics
from localthink.machine.capacity import MemoryBudget
from localthink.records import Prefix

AT_ONCE = 64  # prompts on their way to be measured
POLL_SECONDS = 0.5  # seconds between two looks at whether to stop
NOTHING = Prefix()
MOST_DEATHS = 3  # of an engine, after which it is not tried again


@dataclass(slots=True)
class Preflight:
    """What there is to do: counts of items and samples, and the largest number of tokens that one sample can need;
    how llama.cpp was built, and the memory that is free.

    `bad` are the lines that cannot be run; they are reported as they come and only counted here. `graded` are the
    items whose samples will be graded, `mathematical` those of them for which that takes Math-Verify.
    """

    items: int = 0
    samples: int = 0
    bad: int = 0
    graded: int = 0
    mathematical: int = 0
    needed: int = 0
    backend: str = ""
    room: MemoryBudget | None = None

    def count_answer(self, known: Puzzle | Gold | None) -> None:
        self.graded += known is not None
        self.mathematical += takes_mathematics(known)


class Checker:
    """Asks an engine that has only the vocabulary how long each item's prompt is. Use it in a `with`.

    Raises what the engine says where it cannot load, and KeyboardInterrupt once `stopped` says so.
    """

    def __init__(self, loading: Loading, stopped: Callable[[], bool], host: EngineHost | None = None) -> None:
        self._host, self._stopped = host or EngineHost(), stopped
        self._loading = loading
        self._asked: dict[int, Item] = {}

    def __enter__(self) -> Checker:
        try:
            self.loaded = self._load()
        except BaseException:
            self._host.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._host.close()

    def _load(self) -> Loaded:
        for _ in range(MOST_DEATHS):
            self._host.start()
            self._host.send(self._loading)
            news = self._wait()
            if isinstance(news, Loaded):
                return news
            if isinstance(news, Died) and news.lasting:
                break
        assert isinstance(news, Died)
        raise news.error()

    def _wait(self) -> News:
        """The next news, of one thing asked."""
        while not self._stopped():
            if heard := self._host.receive(POLL_SECONDS):
                return heard[0]
        raise KeyboardInterrupt

    def check(self, rows: Iterable[Item | BadLine]) -> Iterator[tuple[Item, int] | BadLine]:
        """Every item with the tokens of its prompt; a bad line for each that cannot be run."""
        for row in rows:
            if isinstance(row, BadLine):
                yield row
                continue
            self._asked[row.line] = row
            self._host.send(ask(row, 0, row.line, only_check=True))
            while len(self._asked) >= AT_ONCE:
                yield from self._answers()
        while self._asked:
            yield from self._answers()

    def _answers(self) -> Iterator[tuple[Item, int] | BadLine]:
        if self._stopped():
            raise KeyboardInterrupt
        for news in self._host.receive(POLL_SECONDS):
            if isinstance(news, Died):
                asked, self._asked = list(self._asked.values()), {}
                self._load()
                yield from map(self._alone, asked)
            elif isinstance(news, (Checked, Refused)):
                yield _answer(self._asked.pop(news.number), news)

    def _alone(self, item: Item) -> tuple[Item, int] | BadLine:
        """Ask for one item while nothing else is asked: what ends the engine now is to blame."""
        for _ in range(MOST_DEATHS):
            self._host.send(ask(item, 0, item.line, only_check=True))
            news = self._wait()
            if isinstance(news, (Checked, Refused)):
                return _answer(item, news)
            self._load()
        assert isinstance(news, Died)
        return BadLine(item.line, f"reading its prompt ended the engine {MOST_DEATHS} times: {news.reason}",
                       item.own_id)


def _answer(item: Item, news: Checked | Refused) -> tuple[Item, int] | BadLine:
    if isinstance(news, Checked):
        return item, news.prompt_tokens
    return BadLine(item.line, advised(news.reason, news.advice), item.own_id)


def ask(item: Item, sample: int, number: int, only_check: bool = False, prefix: Prefix = NOTHING) -> Ask:
    """One sample of an item, as an engine wants it."""
    settings = item.settings
    return Ask(number, item.messages, settings.generation, settings.seed_of(item.id, sample), settings.raw, only_check,
               prefix=prefix)


def tokens_needed(prompt_tokens: int, max_tokens: int | None, trained: int | None) -> int:
    """The context that one sample should have: its prompt and all that it may write, or what most R1 traces need."""
    wanted = prompt_tokens + max_tokens if max_tokens is not None else max(USUAL_CONTEXT, 2 * prompt_tokens)
    return min(wanted, trained) if trained else wanted
