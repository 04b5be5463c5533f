"""A context without weights: cells hold tokens, and logits follow from every token before them, to the last bit."""
from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from localthink import locations
from localthink.engine.bindings import ABORTED, CACHE_IS_FULL
from localthink.engine.engine import Engine
from localthink.engine.model import Model

Logits = Callable[[tuple[int, ...]], np.ndarray]  # the tokens of a sequence -> the row that follows them


class ScriptedContext:
    """What an engine needs of a NativeContext. An interrupted decode has done the first half of its rows.

    With `whole` a slot can only be cleared, as where a model keeps a state and no cache.
    """

    def __init__(self, follows: Logits, cells: int = 1024, slots: int = 2, batch: int = 64,
                 whole: bool = False) -> None:
        self._follows, self._whole = follows, whole
        self.slots, self.cells, self.longest, self.batch = slots, cells, cells, batch
        self.split, self.cache = False, "f16"
        self.tokens, self.positions = np.zeros(batch, np.int32), np.zeros(batch, np.int32)
        self.slots_of, self.outputs = np.zeros(batch, np.int32), np.zeros(batch, np.int8)
        self.held: list[list[int]] = [[] for _ in range(slots)]
        self._rows: dict[int, np.ndarray] = {}
        self._interrupted = False
        self.decoded: list[int] = []  # rows of every decode that was not interrupted

    def interrupt(self, wanted: bool) -> None:
        self._interrupted = wanted

    def decode(self, rows: int) -> int:
        if self._interrupted:
            self._write(rows // 2)
            return ABORTED
        if sum(map(len, self.held)) + rows > self.cells:
            return CACHE_IS_FULL
        self._write(rows)
        self.decoded.append(rows)
        return 0

    def _write(self, rows: int) -> None:
        self._rows.clear()
        for row in range(rows):
            held = self.held[self.slots_of[row]]
            assert self.positions[row] == len(held), "positions are contiguous"
            held.append(int(self.tokens[row]))
            if self.outputs[row]:
                self._rows[row] = self._follows(tuple(held))

    def logits(self, row: int) -> np.ndarray:
        return self._rows[row]

    def truncate(self, slot: int, length: int) -> None:
        assert not self._whole or length in (0, len(self.held[slot])), "a state cannot be cut back"
        assert len(self.held[slot]) >= length, "a slot cannot be cut longer than it is"
        del self.held[slot][length:]

    def copy(self, source: int, target: int, length: int) -> None:
        assert not self.held[target], "a copy goes into an empty slot"
        self.held[target] = self.held[source][:length]

    def close(self) -> None:
        self.held = []


def leaning(script: Sequence[int], prompt: int, n_vocab: int, end: int, strength: float = 9.0) -> Logits:
    """Rows of noise, different for every history, that lean towards `script` behind a prompt of so many tokens."""
    def follows(tokens: tuple[int, ...]) -> np.ndarray:
        row = np.random.default_rng(zlib.crc32(repr(tokens).encode())).normal(size=n_vocab) * 1.5
        place = len(tokens) - prompt
        row[script[place] if place < len(script) else end] += strength
        return row.astype(np.float32)

    return follows


def scripted_engine(question: str, text: str, *, strength: float = 9.0, whole: bool = False, slots: int = 2,
                    batch: int = 64, cells: int = 1024) -> Engine:
    """The bundled vocabulary before rows that lean towards `text`, with `</think>` where it says so."""
    model = Model(locations.bundled_model(), vocabulary_only=True)
    script = model.vocabulary.tokenize(text, special=True)
    prompt = len(model.prompt(question))
    follows = leaning(script, prompt, model.native.n_vocab, model.facts.eos, strength)
    if whole:
        model.native.shares_prefixes = False
    return Engine(model, ScriptedContext(follows, cells, slots, batch, whole))  # type: ignore[arg-type]
