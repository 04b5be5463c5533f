"""Follows token sequences through a stream of tokens, at most two dictionary look-ups a token."""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

TokenIds = npt.NDArray[np.int64]


class Automaton:
    """An Aho-Corasick automaton over token ids. States are integers; 0 is the start.

    `depth[state]` is how many of the latest tokens are the beginning of a sequence that may still go on,
    `matched[state]` the length of the longest sequence that ends there (0 if none does), and
    `completions[state]` the ids that would end one, in ascending order.
    """

    def __init__(self, sequences: Iterable[tuple[int, ...]]) -> None:
        self._next: list[dict[int, int]] = [{}]  # moves; those of the start, which every state has, are kept once
        self.depth: list[int] = [0]
        self.matched: list[int] = [0]
        for sequence in sequences:
            self._add(sequence)
        self.longest = max(self.depth)  # tokens in the longest sequence
        self._follow_failures()
        at_start = frozenset(self._completing(0))
        self.completions: list[TokenIds] = [
            np.array(sorted(at_start.union(self._completing(state))), dtype=np.int64)
            for state in range(len(self._next))
        ]

    def _completing(self, state: int) -> list[int]:
        return [token for token, to in self._next[state].items() if self.matched[to]]

    def _add(self, sequence: tuple[int, ...]) -> None:
        state = 0
        for token in sequence:
            if token not in self._next[state]:
                self._next[state][token] = len(self._next)
                self._next.append({})
                self.depth.append(self.depth[state] + 1)
                self.matched.append(0)
            state = self._next[state][token]
        self.matched[state] = len(sequence)

    def _follow_failures(self) -> None:
        """Give every state the moves of its longest proper suffix, breadth first, so that no step ever backtracks."""
        queue = [(to, 0) for to in self._next[0].values()]
        for state, suffix in queue:
            self.matched[state] = self.matched[state] or self.matched[suffix]
            if not self._next[state]:  # nothing longer begins so: at most its suffix goes on
                self.depth[state] = self.depth[suffix]
            queue.extend((to, self.step(suffix, token)) for token, to in self._next[state].items())
            if suffix:
                self._next[state] = self._next[suffix] | self._next[state]

    def step(self, state: int, token: int) -> int:
        """The state after `token`."""
        to = self._next[state].get(token)
        return self._next[0].get(token, 0) if to is None else to
