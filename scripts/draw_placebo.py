"""Draw words for the control `placebo`: together as often in traces as switches, and none of them has to do with one.

    python scripts/draw_placebo.py MODEL.gguf TRACES...

Every word is one token of the model. Words of any group of markers, and those that NoWait bans, are left out; so are
words of one topic, which few traces have.
"""
from __future__ import annotations

import random
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import localthink
from localthink.control.catalogue import CATALOGUE
from localthink.thinking.markers import parse_groups, shipped_markers
from trace_files import read_traces

WORDS = 4  # each has from a half to twice a quarter of the share that switches have
SPREAD = 0.1  # of traces that have the word
MOST = 1.05  # of the switches, all words together
SEED = 1
WORD = re.compile(r"(?<![\w'’])[a-z]{3,}(?![\w'’])")


def main() -> None:
    model, *files = map(Path, sys.argv[1:])
    texts = [trace.thinking for path in files for trace in read_traces(path).traces]
    groups = parse_groups(tomllib.loads(shipped_markers()), "markers")
    spelt = {text for group in groups if group.name == "switch" for _, text in group.spellings()}
    switch = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(spelt, key=len, reverse=True))) + r")(?!\w)")
    switches = sum(len(switch.findall(text)) for text in texts)
    about_switches = {word for group in groups for _, text in group.spellings() for word in WORD.findall(text.lower())}
    about_switches |= {"boxed"}  # asked for by the prompt
    about_switches |= set(WORD.findall(str(CATALOGUE["no-wait"].parameters[0].default)))
    counts: Counter[str] = Counter()
    traces: Counter[str] = Counter()
    for text in texts:
        words = WORD.findall(text.lower())
        counts.update(words)
        traces.update(set(words))
    with localthink.load(model, slots=1) as engine:
        fit = sorted(word for word, count in counts.items()
                     if switches / WORDS / 2 <= count <= switches / WORDS * 2 and traces[word] >= SPREAD * len(texts)
                     and word not in about_switches and len(engine.model.vocabulary.tokenize(" " + word)) == 1)
    random.Random(SEED).shuffle(fit)
    drawn: list[str] = []
    for word in fit:
        if sum(counts[each] for each in (*drawn, word)) <= MOST * switches:
            drawn.append(word)
    print(f"{len(texts):,} traces, {switches:,} switches; {len(drawn)} words, {sum(counts[w] for w in drawn):,} times")
    print("+".join(drawn))
    print(", ".join(f"{word} {counts[word]:,}" for word in drawn))


if __name__ == "__main__":
    main()
