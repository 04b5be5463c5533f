"""What there is to say of a tally, in words and figures, also while it grows."""
from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from localthink.chat.compare import NONE, Names, names_of
from localthink.chat.tally import Outcome, Pair, Tally, answer_groups
from localthink.intervals import LEAST, mean_difference, share_difference
from localthink.text.sizes import counted

MOST_ANSWERS = 4  # that have a row of their own
METHOD = ("[…] 95 % interval of the difference, paired by seed: Newcombe's method 10 for shares, Student's t for "
          "means. It is about this question alone.")
FIGURES: tuple[tuple[str, Callable[[Outcome], int]], ...] = (
    ("thoughts", lambda outcome: outcome.thoughts), ("tokens", lambda outcome: outcome.tokens),
    ("held back", lambda outcome: outcome.held))


@dataclass(frozen=True, slots=True)
class TallyRow:
    """One figure of both sides, and by how much the right one differs, with its interval where there is one."""

    label: str
    left: str
    right: str
    difference: str = ""


@dataclass(frozen=True, slots=True)
class TallySummary:
    """`progress` says how far it is, `meaning` what can be said of it, `rows` are its figures."""

    names: Names
    progress: str
    meaning: str
    rows: tuple[TallyRow, ...]


def tally_summary(tally: Tally) -> TallySummary:
    names, pairs = names_of(tally.sides), tally.pairs
    rows = (*_results(tally), *(_figure(label, pairs, value) for label, value in FIGURES), *_cut_off(pairs))
    return TallySummary(names, _progress(tally), _meaning(tally, names), rows if pairs else ())


def _progress(tally: Tally) -> str:
    done = len(tally.pairs)
    text = f"{done} of {counted(tally.wanted, 'seed')} on both sides, from {tally.seed} on"
    return text if tally.running or done == tally.wanted else f"{text}, stopped"


def _results(tally: Tally) -> list[TallyRow]:
    """What was solved; where that cannot be told, which answers were given how often."""
    pairs, n = tally.pairs, len(tally.pairs)
    if tally.puzzle is not None:
        solved = _solved(pairs)
        left, right = (sum(pair[side] for pair in solved) for side in (0, 1))
        return [TallyRow(f"makes {tally.puzzle.target}", f"{left} of {n}", f"{right} of {n}", _points(solved))]
    groups = answer_groups(pairs)
    rows = [TallyRow(f"answer {' '.join(written.split())}" if written else "no answer", f"{left} of {n}",
                     f"{right} of {n}") for written, left, right in groups[:MOST_ANSWERS]]
    if rest := groups[MOST_ANSWERS:]:
        left, right = sum(group[1] for group in rest), sum(group[2] for group in rest)
        rows.append(TallyRow(f"{counted(len(rest), 'other answer')}", f"{left} of {n}", f"{right} of {n}"))
    return rows


def _solved(pairs: Sequence[Pair]) -> list[tuple[bool, bool]]:
    return [(bool(left.solved), bool(right.solved)) for left, right in pairs]


def _points(pairs: Sequence[tuple[bool, bool]]) -> str:
    """A difference of shares in points."""
    if not pairs:
        return ""
    difference = 100 * (sum(right for _, right in pairs) - sum(left for left, _ in pairs)) / len(pairs)
    return f"{signed(difference, 0)} points{_interval([100 * end for end in share_difference(pairs)], 0, len(pairs))}"


def _figure(label: str, pairs: Sequence[Pair], value: Callable[[Outcome], int]) -> TallyRow:
    """Means of both sides. What one side cannot have is no difference."""
    left, right = [value(pair[0]) for pair in pairs], [value(pair[1]) for pair in pairs]
    digits = 0 if label == "tokens" else 1
    if not pairs or not (any(left) or any(right)):
        return TallyRow(label, NONE, NONE)
    means = statistics.fmean(left), statistics.fmean(right)
    differences = [float(after - before) for before, after in zip(left, right, strict=True)]
    said = ""
    if label != "held back":
        interval = _interval(mean_difference(differences), digits, len(pairs)) if len(pairs) >= LEAST else ""
        said = f"{signed(means[1] - means[0], digits)}{interval}"
    shown = [f"{mean:,.{digits}f}" if mean else NONE for mean in means]
    return TallyRow(label, shown[0], shown[1], said)


def _cut_off(pairs: Sequence[Pair]) -> list[TallyRow]:
    left, right = (sum(pair[side].cut_off for pair in pairs) for side in (0, 1))
    return [TallyRow("cut off", f"{left} of {len(pairs)}", f"{right} of {len(pairs)}")] if left or right else []


def _interval(ends: Sequence[float], digits: int, pairs: int) -> str:
    return f" [{signed(ends[0], digits)}, {signed(ends[1], digits)}]" if pairs >= LEAST else ""


def signed(value: float, digits: int) -> str:
    """+8, −2.1, 0."""
    text = f"{value:+,.{digits}f}".replace("-", "−")
    return text[1:] if not text.strip("+−0.,") else text


def _meaning(tally: Tally, names: Names) -> str:
    if len(tally.pairs) < LEAST:
        return ""
    if tally.puzzle is None:
        return "The right answer is not known here: answers are counted, not graded."
    return what_it_means(_solved(tally.pairs), names)


def what_it_means(solved: Sequence[tuple[bool, bool]], names: Names) -> str:
    """Which seeds solved it on one side alone, and whether the difference could be chance."""
    left, right = solved.count((True, False)), solved.count((False, True))
    if not left and not right:
        return "Every seed came to the same on both sides."
    said = f"Solved only {names.phrases[0]}: {counted(left, 'seed')}; only {names.phrases[1]}: {right}."
    low, high = share_difference(solved)
    if low <= 0 <= high:
        return f"{said} The interval holds 0: a difference of this size may be chance."
    return f"{said} The interval leaves 0 out: this is more than chance."
