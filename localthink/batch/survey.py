"""The first pass over the input: every line is read, rendered and measured before a token is decoded."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from localthink.batch.items import BadLine, Item
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Checked, Died, Loaded, Loading, Refused
from localthink.fit import USUAL_CONTEXT

AT_ONCE = 64  # prompts on their way to be measured


@dataclass(slots=True)
class Survey:
    """What there is to do: counts of items and samples, and the largest number of tokens that one sample can need;
    and how llama.cpp was built.

    `bad` are the lines that cannot be run; they are reported as they come and only counted here.
    """

    items: int = 0
    samples: int = 0
    bad: int = 0
    needed: int = 0
    backend: str = ""
    gpu: bool = False


class Checker:
    """Asks an engine that has only the vocabulary how long each item's prompt is. Use it in a `with`."""

    def __init__(self, loading: Loading, stopped: Callable[[], bool], host: EngineHost | None = None) -> None:
        self._host, self._stopped = host or EngineHost(), stopped
        self._loading = loading
        self._asked: dict[int, Item] = {}
        self.loaded: Loaded | None = None

    def __enter__(self) -> Checker:
        self._host.start()
        self._host.send(self._loading)
        for _ in self._news(until_loaded=True):
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._host.close()

    def check(self, rows: Iterable[Item | BadLine]) -> Iterator[tuple[Item, int] | BadLine]:
        """Every item with the tokens of its prompt; a bad line for each that cannot be run."""
        for row in rows:
            if isinstance(row, BadLine):
                yield row
                continue
            self._asked[row.line] = row
            self._host.send(ask(row, 0, row.line, only_check=True))
            while len(self._asked) >= AT_ONCE:
                yield from self._news()
        while self._asked:
            yield from self._news()

    def _news(self, until_loaded: bool = False) -> Iterator[tuple[Item, int] | BadLine]:
        while not self._stopped():
            for news in self._host.receive(0.5):
                if isinstance(news, Died):
                    raise news.error()
                if isinstance(news, Loaded):
                    self.loaded = news
                    return
                if isinstance(news, Checked):
                    yield self._asked.pop(news.number), news.prompt_tokens
                elif isinstance(news, Refused):
                    item = self._asked.pop(news.number)
                    yield BadLine(item.line, news.reason, item.own_id)
            if not until_loaded:
                return
        raise KeyboardInterrupt


def ask(item: Item, sample: int, number: int, only_check: bool = False) -> Ask:
    """One sample of an item, as an engine wants it."""
    settings = item.settings
    return Ask(number, item.messages, settings.seed_of(item.id, sample), settings.sampling, settings.tip,
               settings.max_tokens, settings.stop, settings.raw, only_check)


def tokens_needed(prompt_tokens: int, max_tokens: int | None, trained: int | None) -> int:
    """The context that one sample should have: its prompt and all that it may write, or what most R1 traces need."""
    wanted = prompt_tokens + max_tokens if max_tokens is not None else max(USUAL_CONTEXT, 2 * prompt_tokens)
    return min(wanted, trained) if trained else wanted
