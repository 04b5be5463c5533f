"""How far two raters agree, in lines for the terminal."""
from __future__ import annotations

from localthink.clusters import LEAST
from localthink.label.agreement import Agreement
from localthink.label.labels import RATINGS, UnitKind
from localthink.text.rows import aligned
from localthink.text.sizes import counted


def agreement_lines(one: str, other: str, found: Agreement, kind: UnitKind) -> list[str]:
    """The table of what both said, and Cohen's kappa of what both decided."""
    unit = kind.removesuffix("s")
    lines = [f"{counted(found.units, unit)} that both {one} and {other} rated"]
    if not found.units:
        return lines
    heads = [f"{other}: {RATINGS[0]}", *RATINGS[1:]]
    lines += aligned([["", *heads], *([f"{one}: {rating}" if not place else rating, *map(str, found.table[place])]
                                      for place, rating in enumerate(RATINGS))], right=(1, 2, 3))
    if not found.decided:
        return [*lines, "none of them is decided by both: there is nothing to agree on"]
    share = f"{found.alike:,} of {found.decided:,} that both decided ({100 * found.alike / found.decided:.1f} %)"
    return [*lines, f"the same on {share}", _kappa(found)]


def _kappa(found: Agreement) -> str:
    if found.kappa is None:
        return "Cohen's kappa: not defined, for both say the same of all of them, as they would by chance"
    if found.interval is None:
        return (f"Cohen's kappa: {found.kappa:.2f}; no interval, which takes at least {LEAST} samples (here "
                f"{found.samples})")
    low, high = found.interval
    return f"Cohen's kappa: {found.kappa:.2f} [{low:.2f}, {high:.2f}], 95 % over {counted(found.samples, 'sample')}"
