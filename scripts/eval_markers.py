#!/usr/bin/env python3
"""What the markers find in traces that people published, and what they may miss: to be judged by eye.

    python scripts/eval_markers.py FILES --model MODEL [--groups switch paraphrase wait] [--rows even|odd|all]
                                   [--show 40] [--misses 40] [--seed 1] [--json] [--out FILE]

A place counts where the tracker would open a thought, over the tokens that MODEL's vocabulary has for
the text; weights are not needed. A paraphrase counts where no switch was counted within the same
opening words. Places are named file:row:offset; rows count from 0, offsets are characters of the thinking.
"""
from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from localthink.engine.model import Model
from localthink.errors import LocalthinkError
from localthink.locations import user_markers
from localthink.shelf.local_models import find_model
from localthink.thinking.automaton import Automaton
from localthink.thinking.markers import PARAPHRASE, read_groups
from localthink.thinking.tracker import OPENING, ThoughtTracker
from trace_files import Reading, Written, read_traces

BEFORE, AFTER = 60, 70  # characters of context
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|(?<=[。！？])|\n+")
OPENING_WORDS = 8  # of a sentence: what smells later is seldom its point
SMELLS = tuple((strength, re.compile(pattern, re.IGNORECASE)) for strength, pattern in (
    # words that a sentence which leaves its line of thought often opens with, and how much they say
    (4, r"\balternative\w*|\bdifferently\b|\b(?:an)?other (?:way|approach|method|idea|strategy)\b"),
    (4, r"\bdifferent (?:way|approach|method|idea|strategy|angle)\b|\bstart over\b|\bfrom scratch\b|换|另"),
    (2, r"\binstead\b|\bother (?:way|approache|method)s\b|\bswitch\b|\bwhat if\b|\bhow about\b|或者"),
    (1, r"\banother\b|\bdifferent\b|\bor maybe\b|\bor perhaps\b|\botherwise\b|\bre(?:think|consider)\b"),
))

Span = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Something in a trace, with the words around it on one line."""

    file: str
    row: int
    offset: int
    what: str  # the group that flagged it, or `smell` and how strong
    before: str
    words: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.row}:{self.offset}\t{self.what}\t{self.before}[[{self.words}]]{self.after}"


@dataclass(frozen=True)
class Found:
    """What was found in one trace."""

    file: str
    tokens: int
    flagged: tuple[Place, ...]
    misses: tuple[Place, ...]  # likely ones


class Finder:
    """Looks for the markers of `groups` in text; for no paraphrases where a person's own markers have none.

    Raises UsageError for any other group that is not there.
    """

    def __init__(self, model: Model, groups: Sequence[str]) -> None:
        known = {group.name for group in read_groups(user_markers())}
        self.groups = tuple(name for name in groups if name in known or name != PARAPHRASE)
        self._vocabulary = model.vocabulary
        self._automata = {name: model.automaton((name,)) for name in self.groups}

    def find(self, trace: Written) -> Found:
        tokens = self._vocabulary.tokenize(trace.thinking)
        pieces = [self._vocabulary.piece(token) for token in tokens]
        spans = {name: opened(tokens, automaton) for name, automaton in self._automata.items()}
        if PARAPHRASE in spans:
            spans[PARAPHRASE] = [span for span in spans[PARAPHRASE] if not _beside(span, spans.get("switch", []))]
        flagged = sorted((_characters(pieces, span), name) for name, found in spans.items() for span in found)
        known = [_characters(pieces, span) for name, automaton in self._automata.items() if name != "wait"
                 for span in matched(tokens, automaton)]
        text = b"".join(pieces).decode("utf-8", "replace")
        return Found(trace.file, len(tokens), tuple(_place(trace, text, span, name) for span, name in flagged),
                     tuple(_place(trace, text, span, f"smell {strength}") for strength, span in missed(text, known)))


def matched(tokens: Sequence[int], automaton: Automaton) -> Iterator[Span]:
    """Where a marker stands, whether or not a thought that was opened just before keeps it from opening another."""
    state = 0
    for end, token in enumerate(tokens, start=1):
        state = automaton.step(state, token)
        if automaton.matched[state]:
            yield end - automaton.matched[state], end


def opened(tokens: Sequence[int], automaton: Automaton) -> list[Span]:
    """Where a thought was opened: from its marker's first token to behind its last."""
    tracker = ThoughtTracker(automaton, begins_thinking=True)
    lengths = [tracker.observe(token) for token in tokens]
    return [(end - length, end) for end, length in enumerate(lengths, start=1) if length]


def _beside(span: Span, others: Sequence[Span]) -> bool:
    return any(abs(span[0] - other[0]) < OPENING for other in others)


def _characters(pieces: Sequence[bytes], span: Span) -> Span:
    start, end = (len(b"".join(pieces[:place]).decode("utf-8", "replace")) for place in span)
    return start, end


def missed(text: str, known: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Sentences in which no marker stands and an opening word smells of a switch: how strongly, and where."""
    start = 0
    for end in [*SENTENCE_END.finditer(text), None]:
        stop = end.start() if end else len(text)
        if not any(first < stop and last > start for first, last in known):
            smells = [(strength, (start + smell.start(), start + smell.end()))
                      for strength, pattern in SMELLS for smell in pattern.finditer(text[start:stop])
                      if len(text[start:start + smell.start()].split()) < OPENING_WORDS]
            if smells:
                yield max(smells, key=lambda smell: smell[0])
        start = end.end() if end else stop


def _place(trace: Written, text: str, span: Span, what: str) -> Place:
    start, end = span
    around = (text[max(0, start - BEFORE):start], text[start:end], text[end:end + AFTER])
    before, words, after = (part.replace("\n", "\\n") for part in around)
    return Place(trace.file, trace.row, start, what, before, words, after)


@dataclass(frozen=True)
class Report:
    """Everything that is told: a line a file read, a row of figures a file, and the places chosen to be looked at."""

    model: str
    read: tuple[str, ...]
    table: dict[str, dict[str, int]]  # file -> traces, tokens, and places of each group
    flagged: tuple[Place, ...]
    flagged_in_all: int
    misses: tuple[Place, ...]
    misses_in_all: int

    def lines(self) -> Iterator[str]:
        yield from (f"vocabulary of {self.model}", *self.read, "")
        for place, (name, row) in enumerate(self.table.items()):
            if not place:
                yield " " * 40 + "".join(f"{column:>12}" + "  /trace" * (column != "traces") for column in row)
            yield f"{name:40.40}" + "".join(
                f"{count:>12}" + f"{count / max(row['traces'], 1):>8.2f}" * (column != "traces")
                for column, count in row.items())
        yield from ("", f"flagged: {len(self.flagged)} of {self.flagged_in_all}", *map(str, self.flagged))
        yield from ("", f"likely misses: {len(self.misses)} of {self.misses_in_all}", *map(str, self.misses))


def report(model: str, readings: Sequence[Reading], found: Sequence[Found], groups: Sequence[str],
           show: int, misses: int, seed: int) -> Report:
    flagged = [place for trace in found for place in trace.flagged]
    likely = sorted((place for trace in found for place in trace.misses), key=lambda place: place.what, reverse=True)
    table = {file: _figures([trace for trace in found if trace.file == file], groups)
             for file in dict.fromkeys(trace.file for trace in found)}
    chosen = sorted(random.Random(seed).sample(range(len(flagged)), min(show, len(flagged))))
    return Report(model, tuple(map(str, readings)), {**table, "all": _figures(found, groups)},
                  tuple(flagged[place] for place in chosen), len(flagged), tuple(likely[:misses]), len(likely))


def _figures(found: Sequence[Found], groups: Sequence[str]) -> dict[str, int]:
    places = [place.what for trace in found for place in trace.flagged]
    return {"traces": len(found), "tokens": sum(trace.tokens for trace in found),
            **{group: places.count(group) for group in groups}}


def chosen_rows(traces: Sequence[Written], rows: str) -> list[Written]:
    return [trace for trace in traces if rows == "all" or (trace.row % 2 == 0) == (rows == "even")]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--model", default="countdown", help="whose vocabulary; a file without weights will do")
    parser.add_argument("--groups", nargs="+", default=["switch", PARAPHRASE, "wait"])
    parser.add_argument("--rows", choices=("even", "odd", "all"), default="all", help="a half, to keep the other")
    parser.add_argument("--show", type=_number, default=40, help="how many flagged places, drawn at random")
    parser.add_argument("--misses", type=_number, default=40, help="how many likely misses, the likeliest first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="a file for the report, instead of standard output")
    given = parser.parse_args(arguments)
    try:
        told = _report(given)
    except (LocalthinkError, OSError) as error:
        parser.error(str(error))
    text = json.dumps(asdict(told), ensure_ascii=False, indent=1) if given.json else "\n".join(told.lines())
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    else:
        sys.stdout.buffer.write((text + "\n").encode())  # UTF-8 whatever the terminal's encoding


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number of places: give 0 or more")
    return int(text)


def _report(given: argparse.Namespace) -> Report:
    readings = [read_traces(path) for path in given.files]
    model = Model(find_model(given.model), vocabulary_only=True)
    try:
        finder = Finder(model, given.groups)
        found = [finder.find(trace) for reading in readings for trace in chosen_rows(reading.traces, given.rows)]
        return report(model.name, readings, found, finder.groups, given.show, given.misses, given.seed)
    finally:
        model.close()


if __name__ == "__main__":
    main()
