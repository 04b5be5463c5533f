"""The fields of a table that a person wrote, each taken with what it has to be.

Whatever is wrong becomes one line that names the file, the table, the field, its value, and what is expected.
"""
from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NoReturn

from localthink.errors import UsageError
from localthink.text.values import did_you_mean
from localthink.text.visible import shown

MOST = 10**15  # of anything that is counted or measured: a thousand times the parameters of the largest models
MISTYPED = 0.8  # how alike two names are of which one is a mistyped other: titel and title, not heads and kv_heads


class Fields:
    """A table whose fields are taken one by one; `where` names the file and the table, `prefix` the tables within it.

    A field without a default has to be there. `close` refuses what was never asked for.
    """

    def __init__(self, table: Mapping[str, Any], where: str, prefix: str = "") -> None:
        self._table, self._where, self._prefix = table, where, prefix
        self._known: list[str] = []

    def refuse(self, key: str, expected: str) -> NoReturn:
        field = f"{self._where} {self._prefix}{key}"
        if key in self._table:
            raise UsageError(f"{field} is {_shown(self._table[key])}: {expected}")
        for mistyped in difflib.get_close_matches(key, self._table, n=1, cutoff=MISTYPED):
            raise UsageError(f"{self._where} {self._prefix}{mistyped} is no field: did you mean {key}?")
        raise UsageError(f"{field} is missing: {expected}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or not (value.strip() or value == default):
            self.refuse(key, "give a text that is not blank")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where it is left out."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            self.refuse(key, "give a list of texts, none of them blank")
        return tuple(text.strip() for text in value)

    def choice(self, key: str, among: tuple[str, ...], default: str) -> str:
        value = self._take(key, default)
        if value not in among:
            self.refuse(key, f"it is one of {', '.join(among)}")
        return str(value)

    def whole(self, key: str, default: int | None = None, least: int = 1, most: int = MOST) -> int:
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.refuse(key, f"give a whole number of at least {least}")
        if value > most:
            self.refuse(key, f"give a whole number of at most {most:,}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        value = self._take(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
            self.refuse(key, "give a number")
        if not -MOST <= value <= MOST:
            self.refuse(key, f"give a number from -{MOST:,} to {MOST:,}")
        return float(value)

    def truth(self, key: str, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.refuse(key, "it is true or false")
        return value

    def table(self, key: str, needed: bool = True) -> Fields:
        """A table within this one, which is read and closed like it."""
        value = self._take(key, None if needed else {})
        if not isinstance(value, dict) or (needed and not value):
            self.refuse(key, "give a table, with at least one field" if needed else "give a table of fields")
        return Fields(value, self._where, f"{self._prefix}{key}.")

    def as_written(self) -> dict[str, Any]:
        """The whole table, for whoever knows its fields better; all of them count as asked for."""
        self._known += self._table
        return dict(self._table)

    def names(self) -> tuple[str, ...]:
        """The fields that are there, for a table whose fields a person names."""
        return tuple(self._table)

    def close(self) -> None:
        """Raise UsageError where a field is there that was not asked for."""
        for key in self._table:
            if key not in self._known:
                hint = did_you_mean(key, self._known, f"the fields are {', '.join(self._known)}")
                raise UsageError(f"{self._where} {self._prefix}{key} is no field: {hint}")

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        return self._table.get(key, default)


def _shown(value: object) -> str:
    """As `shown`, also where there is no end of it."""
    try:
        return shown(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables within thousands of others
        return "far too long"
