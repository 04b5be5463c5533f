"""The settings that a study compares: a baseline, every combination of a grid, and arms that stand for themselves."""
from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localthink.errors import UsageError
from localthink.generation import FIELDS, json_number, line_name, read_generation, with_fields
from localthink.records import Generation

PLAIN, BASELINE = "plain", "baseline"
OF_THE_PENALTY = ("beta", "grace", "markers", "where")
MOST_CELLS = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """One setting: its name, the fields in which it differs from the others, and how its samples are written.

    `role` is `baseline`, `grid` (one of those among which the best is chosen) or `arm`.
    """

    name: str
    role: str
    fields: Mapping[str, Any]
    generation: Generation

    def line_fields(self) -> dict[str, Any]:
        """Its fields as a line of a batch has them."""
        return {line_name(name): json_number(value) if isinstance(value, float) else value
                for name, value in self.fields.items()}


def base_of(settings: Mapping[str, Any], where: str) -> Generation:
    """What all settings share: plain decoding, unless it says otherwise; a setting changes what it names alone."""
    return read_generation({"alpha": 0, **settings}, f"{where} [settings]")


def make_cells(settings: Mapping[str, Any], baseline: Mapping[str, Any], grid: Mapping[str, Any],
               arms: Mapping[str, Mapping[str, Any]], where: str) -> tuple[Cell, ...]:
    """The cells of a study, the baseline first. `where` names the file, for messages.

    In `grid` a list stands for its values, each of which is tried with each of the others. Raises UsageError for an
    unknown or wrong field, an empty list, two settings that are one, and for nothing to compare.
    """
    base = base_of(settings, where)
    cells = [_cell("", BASELINE, baseline, base, f"{where} [baseline]")]
    cells += [_cell("", "grid", fields, base, f"{where} [grid]") for fields in _combinations(grid, f"{where} [grid]")]
    cells += [_cell(name, "arm", fields, base, f"{where} [arms.{name}]") for name, fields in arms.items()]
    if len(cells) == 1:
        raise UsageError(f"{where} has nothing to compare with the baseline: give a [grid], as alpha = [1, 3]")
    _check_distinct(cells, where)
    return tuple(cells)


def _cell(name: str, role: str, fields: Mapping[str, Any], base: Generation, where: str) -> Cell:
    read_generation(fields, where)  # refuses unknown names
    try:
        generation = with_fields(base, fields)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    idle = next((field for field in OF_THE_PENALTY if field in fields and generation.tip.alpha == 0), None)
    if idle is not None and role != BASELINE:
        raise UsageError(f"{where} has {idle} and no alpha, without which it does nothing: give an alpha beside it, or "
                         "in [settings]")
    return Cell(name or _named(fields), role, dict(fields), generation)


def _combinations(grid: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    if not grid:
        return []
    axes = {name: value if isinstance(value, list) else [value] for name, value in grid.items()}
    for name, values in axes.items():
        if name not in FIELDS:
            read_generation({name: None}, where)
        if not values:
            raise UsageError(f"{where} {name} is an empty list: give at least one value")
    count = math.prod(map(len, axes.values()))
    if count > MOST_CELLS:
        raise UsageError(f"{where} makes {count:,} settings: {MOST_CELLS} is the most")
    return [dict(zip(axes, chosen, strict=True)) for chosen in itertools.product(*axes.values())]


def _named(fields: Mapping[str, Any]) -> str:
    if fields.get("alpha") == 0 and len(fields) == 1:
        return PLAIN
    return ", ".join(f"{name} {_shown(value)}" for name, value in fields.items()) or "defaults"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "+".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def axes_of(cells: Sequence[Cell]) -> tuple[list[float], list[float], dict[tuple[float, float], str]] | None:
    """Of a grid over alpha and beta alone, with several of either: its alphas, its betas, and the cells' names."""
    grid = [cell for cell in cells if cell.role == "grid"]
    if not grid or any(set(cell.fields) != {"alpha", "beta"} for cell in grid):
        return None
    alphas, betas = (sorted({float(cell.fields[name]) for cell in grid}) for name in ("alpha", "beta"))
    names = {(float(cell.fields["alpha"]), float(cell.fields["beta"])): cell.name for cell in grid}
    return (alphas, betas, names) if len(alphas) > 1 and len(betas) > 1 else None


def families(cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """The names of the settings that are tried together: those of the grid, and the arms.

    What is said of one setting is corrected for the others of its family. The arms are a family of their own: they
    are controls, and cost the grid nothing.
    """
    found = [tuple(cell.name for cell in cells if cell.role == role) for role in ("grid", "arm")]
    return [names for names in found if names]


def _check_distinct(cells: Sequence[Cell], where: str) -> None:
    names: dict[str, Cell] = {}
    written: dict[Generation, Cell] = {}
    for cell in cells:
        if cell.name in names:
            raise UsageError(f"{where} has two settings of the name {cell.name!r}: rename the arm")
        same = written.setdefault(cell.generation, cell)
        if same is not cell:
            raise UsageError(f"{where}: {same.name!r} and {cell.name!r} are the same setting: leave one of them out")
        names[cell.name] = cell
