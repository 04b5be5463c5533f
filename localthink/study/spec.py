"""What a study is: the TOML that a person writes, understood; nothing of it is run here."""
from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from localthink.errors import UsageError
from localthink.records import Generation
from localthink.solving.strategy import Strategy
from localthink.study.cells import Cell, base_of, make_cells
from localthink.study.countdown import NUMBERS, SPLITS
from localthink.study.strategies import read_strategies
from localthink.text.fields import Fields
from localthink.text.values import did_you_mean, json_sha256
from localthink.text.visible import shown, shown_name

SUFFIX = ".toml"
COUNTDOWN = "countdown"  # as the source of a set: puzzles are made
SetName = Literal["choose", "test"]
SETS: tuple[SetName, ...] = ("choose", "test")
MOST_SAMPLES, MOST_ITEMS = 10_000, 1_000_000
PLAIN_BASELINE = {"alpha": 0}


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where the problems of one set come from.

    `source` is `countdown`, a path, or hf://owner/name@revision/file. Of a table of problems only the rows count whose
    fields have one of the values in `only`; `rows` renames fields to `question`, `answer`, `id` and `level`. `items`
    limits how many there are, drawn by the study's seed; None is all. `split` and `numbers` are Countdown's. What is
    `private` is not shown in a report.
    """

    source: str
    items: int | None = None
    only: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    split: str = ""
    private: bool = False
    numbers: int = NUMBERS[0]


@dataclass(frozen=True, slots=True)
class Budget:
    """When a study stops by itself: after so many tokens in all, or so many hours of one start; None is never."""

    tokens: int | None = None
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """A study as it was asked for.

    `models` may be left to the command. `base` is what all settings share; `cells` begins with the baseline. `expected`
    is how many tokens a sample is thought to have, which only the plan uses. `identity` is all that decides the
    results, as JSON: a study that goes on has to have the same. `toml` is the text as it was written.
    """

    name: str
    about: str
    models: tuple[str, ...]
    samples: int
    seed: int
    append: str
    base: Generation
    cells: tuple[Cell, ...]
    choose: DataSet | None
    test: DataSet
    budget: Budget
    expected: int | None
    context: int | None
    identity: dict[str, Any]
    toml: str
    folder: Path  # of the TOML, in which relative paths begin
    strategies: tuple[tuple[str, Strategy], ...] = ()  # that the report replays over the samples

    @property
    def sha256(self) -> str:
        return json_sha256(self.identity)

    def with_models(self, models: tuple[str, ...]) -> Study:
        """The same of these models, or of those that it names. Raises UsageError for none, or one twice."""
        if models:
            _check_models(models, self.name)
            return replace(self, models=models, identity=self.identity | {"models": list(models)})
        if not self.models:
            raise UsageError(f"{self.name} names no model: give one with -m, or as models = [\"NAME\"]")
        return self

    def data(self, name: SetName) -> DataSet | None:
        return self.choose if name == "choose" else self.test

    def cell(self, name: str) -> Cell:
        return next(cell for cell in self.cells if cell.name == name)


def bundled_studies() -> tuple[str, ...]:
    """The names of the studies that come with localthink."""
    folder = resources.files("localthink.study") / "studies"
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.iterdir() if path.name.endswith(SUFFIX)))


def find_study(name_or_path: str) -> Study:
    """The study in a file, or the bundled one of that name. Raises UsageError where there is none, or it is wrong."""
    path = Path(name_or_path)
    if path.is_file():
        return read_study(_text(path), path.stem, path.parent, shown_name(name_or_path))
    known = bundled_studies()
    if name_or_path in known:
        text = (resources.files("localthink.study") / "studies" / f"{name_or_path}{SUFFIX}").read_text(encoding="utf-8")
        return read_study(text, name_or_path, Path(), f"the study {name_or_path}")
    hint = did_you_mean(name_or_path, known, f"give a {SUFFIX} file, or one of {', '.join(known)}")
    raise UsageError(f"there is no study {shown(name_or_path)}: {hint}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown_name(path)} cannot be read: {error}") from None


def read_study(text: str, name: str, folder: Path, where: str) -> Study:
    """The study that a TOML text describes; `where` names it in messages. Raises UsageError for whatever is wrong."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{where} is not TOML: {error}") from None
    fields = Fields(table, where)
    about = fields.text("about", "")
    models = fields.texts("models")
    samples = fields.whole("samples", 1, most=MOST_SAMPLES)
    seed = fields.whole("seed", 0, least=0)
    append = fields.text("append", "")
    context = fields.whole("context", least=256) if "context" in table else None
    strategies = read_strategies(fields.texts("strategies"), samples, where)
    named = {key: _table(fields, key) for key in ("settings", "grid", "arms")}
    baseline = _table(fields, "baseline") or PLAIN_BASELINE
    choose = _data(fields.table("choose"), "choose") if "choose" in table else None
    if "test" not in table:
        fields.refuse("test", "give a set of problems, as source = \"problems.jsonl\"")
    test = _data(fields.table("test"), "test")
    budget, expected = _budget(fields.table("budget", needed=False))
    fields.close()
    cells = make_cells(named["settings"], baseline, named["grid"], _arms(named["arms"], where), where)
    if choose is not None and sum(cell.role == "grid" for cell in cells) < 2:
        raise UsageError(f"{where} [choose] has nothing to choose from: give a [grid] of at least two settings, or "
                         "leave [choose] out")
    if not models and all(data is None or data.source == COUNTDOWN for data in (choose, test)):
        models = (COUNTDOWN,)
    _check_models(models, where)
    identity = {key: value for key, value in table.items() if key not in ("about", "budget", "strategies")}
    return Study(name, about, models, samples, seed, append, base_of(named["settings"], where), cells, choose,
                 test, budget, expected, context, identity | {"models": list(models)}, text, folder, strategies)


def stem(model: str) -> str:
    """What a model's folder is called: a path without its folders and its ending, a name without its colon."""
    return Path(model).name.removesuffix(".gguf").replace(":", "-")


def _check_models(models: tuple[str, ...], where: str) -> None:
    stems = [stem(model) for model in models]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise UsageError(f"{where} models has {twice!r} twice: every model has its folder by this name")


def _table(fields: Fields, key: str) -> dict[str, Any]:
    """A table as it is: its fields are looked at where they are used."""
    return fields.table(key, needed=False).as_written()


def _arms(table: dict[str, Any], where: str) -> dict[str, dict[str, Any]]:
    for name, arm in table.items():
        if not isinstance(arm, dict) or not arm:
            raise UsageError(f"{where} [arms] {name} is {shown(arm)}: give a table of settings, as [arms.{name}]")
        if not name.strip():
            raise UsageError(f"{where} [arms] has a blank name: give one")
    return table


def _data(fields: Fields, name: str) -> DataSet:
    source = fields.text("source")
    made = source == COUNTDOWN
    items = fields.whole("items", most=MOST_ITEMS) if made or "items" in fields.names() else None
    split = fields.choice("split", SPLITS, name) if made else ""
    numbers = fields.whole("numbers", NUMBERS[0], *NUMBERS) if made else NUMBERS[0]
    only, rows = ({}, {}) if made else (_table(fields, "only"), _table(fields, "rows"))
    private = fields.truth("private", False)
    fields.close()
    for key, value in rows.items():
        if key not in ("question", "answer", "id", "level") or not isinstance(value, str):
            fields.refuse("rows", 'it names fields of the data for question, answer, id and level, as answer = "gold"')
    for key, value in only.items():
        if not all(isinstance(each, str | int | float) for each in (value if isinstance(value, list) else [value])):
            fields.refuse("only", f"{key} is to be a text, a number, or a list of them")
    kept = tuple((key, tuple(value) if isinstance(value, list) else (value,)) for key, value in only.items())
    return DataSet(source, items, kept, tuple(rows.items()), split, private, numbers)


def _budget(fields: Fields) -> tuple[Budget, int | None]:
    there = fields.names()
    tokens = fields.whole("tokens") if "tokens" in there else None
    hours = fields.number("hours") if "hours" in there else None
    expected = fields.whole("expected_tokens") if "expected_tokens" in there else None
    fields.close()
    if hours is not None and hours <= 0:
        fields.refuse("hours", "give a number above 0")
    return Budget(tokens, hours), expected
