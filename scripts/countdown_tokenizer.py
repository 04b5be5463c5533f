"""The byte-level BPE tokenizer of the bundled model: learned, kept as JSON, and applied.

It is of the distills' own kind (`gpt2`, the same special token texts), so that the bundled model
takes the code path of a real one. The pre-tokenizer is GPT-2's, which keeps numbers whole: a model
this small learns sums of numbers far sooner than sums of digits. Splitting follows its expression
restricted to ASCII, which is all that the traces contain.
"""
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

PRE_TOKENIZER = "gpt-2"
BOS, USER, ASSISTANT, EOS = "<｜begin▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"
CONTROL_TOKENS = (EOS, USER, ASSISTANT, BOS)
USER_DEFINED_TOKENS = ("<think>", "</think>")  # printed as text, so that a reader sees the block

ASCII_SPLIT = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for each of the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (chr(256 + n) for n in range(256))
    return [chr(b) if b in printable else next(others) for b in range(256)]


@dataclass(frozen=True)
class Tokenizer:
    """Merges in rank order; token ids are bytes, then merges, then special tokens."""

    merges: tuple[tuple[str, str], ...]

    @cached_property
    def tokens(self) -> list[str]:
        return [*byte_symbols(), *(a + b for a, b in self.merges), *CONTROL_TOKENS, *USER_DEFINED_TOKENS]

    @cached_property
    def ids(self) -> dict[str, int]:
        return {token: index for index, token in enumerate(self.tokens)}

    @cached_property
    def _ranks(self) -> dict[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _symbols(self) -> list[str]:
        return byte_symbols()

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        return {}

    def encode(self, text: str) -> list[int]:
        """Token ids of plain ASCII text; special tokens are added by id, never parsed here."""
        return [token for piece in ASCII_SPLIT.findall(text) for token in self._encode_piece(piece)]

    def _encode_piece(self, piece: str) -> list[int]:
        if piece not in self._known:
            parts = [self._symbols[b] for b in piece.encode()]
            while len(parts) > 1:
                ranked = [(self._ranks.get(pair, len(self._ranks)), i) for i, pair in enumerate(pairwise(parts))]
                rank, i = min(ranked)
                if rank == len(self._ranks):
                    break
                parts[i:i + 2] = [parts[i] + parts[i + 1]]
            self._known[piece] = [self.ids[part] for part in parts]
        return self._known[piece]

    def save(self, path: Path) -> None:
        recipe = {
            "kind": "byte-level BPE", "pre_tokenizer": PRE_TOKENIZER, "merges": [" ".join(m) for m in self.merges],
            "control_tokens": CONTROL_TOKENS, "user_defined_tokens": USER_DEFINED_TOKENS,
        }
        path.write_text(json.dumps(recipe, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Tokenizer:
        recipe = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(tuple(m.split(" ")) for m in recipe["merges"]))


def learn(texts: Iterable[str], least: int = 5) -> Tokenizer:
    """Merge the most frequent pair until none occurs `least` times: whole words become tokens."""
    symbols = byte_symbols()
    counts = Counter(piece for text in texts for piece in ASCII_SPLIT.findall(text))
    words = {tuple(symbols[b] for b in piece.encode()): n for piece, n in counts.items()}
    merges: list[tuple[str, str]] = []
    while True:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, n in words.items():
            for pair in pairwise(word):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < least:
            break
        merges.append(best)
        words = {_merge(word, best): n for word, n in words.items()}
    return Tokenizer(tuple(merges))


def _merge(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    merged: list[str] = []
    for symbol in word:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return tuple(merged)
