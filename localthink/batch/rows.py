"""The lines of a file, one after the other in little memory: JSON lines, CSV and Parquet.

Each comes as its number, from 1, and its value as JSON has it, or as a BadLine where it cannot be read;
the lines after it are read all the same. What a line asks is for `items`.
"""
from __future__ import annotations

import codecs
import csv
import importlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from localthink.batch.items import ASKING, BadLine
from localthink.batch.settings import NUMERIC
from localthink.errors import UsageError
from localthink.text.values import quoted

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

Row = tuple[int, object] | BadLine
LONGEST_CELL = 2**31 - 1  # the most that csv takes on every system
ROWS_AT_ONCE = 1024
LISTS = ("messages", "stop", "markers")  # columns whose cells may hold a JSON list
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
DECLARED = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)  # the first line, as spreadsheets write and read it
EXPORTED = frozenset({"key", "sample", "finish_reason"})  # columns that a table has if `--export` wrote it
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # also behind apostrophes, so that one of them can be taken off again


def jsonl_rows(path: Path) -> Iterator[Row]:
    """One JSON value a line, in UTF-8; blank lines are none."""
    with path.open("rb") as file:
        for number, data in enumerate(file, 1):
            line = data.removeprefix(codecs.BOM_UTF8) if number == 1 else data
            if line.strip():
                yield _jsonl_row(number, line.rstrip(b"\r\n"))


def _jsonl_row(number: int, line: bytes) -> Row:
    try:
        return number, _parsed(line.decode())
    except UnicodeDecodeError as error:
        return BadLine(number, f"byte {error.start + 1} is 0x{line[error.start]:02x}, which is not UTF-8: "
                               "save the file as UTF-8")
    except UsageError as error:
        return BadLine(number, f"{error}: give one JSON object on each line")


def _parsed(text: str) -> object:
    """The JSON value of a text. Raises UsageError, which says what is wrong and not what to do."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON at character {error.pos + 1} ({error.msg.removesuffix(' at')})") from None
    except RecursionError:
        raise UsageError("lists and objects are nested too deeply") from None
    except ValueError:  # Python reads no longer ones
        raise UsageError("a number has too many digits") from None


def _finite(text: str) -> float:
    """1e999 is JSON, and a number that could not be written as JSON again."""
    value = float(text)
    if not math.isfinite(value):
        raise UsageError(f"{text} is too large a number")
    return value


def _refuse(constant: str) -> NoReturn:
    raise UsageError(f"{constant} is not JSON")


def csv_rows(path: Path, name: str, asking: Sequence[str] = ASKING) -> Iterator[Row]:
    """The rows below the header, each numbered by the line it begins on; empty cells and empty rows are none.

    Raises UsageError where the header cannot be used. A cell that a quote opens and none closes
    would swallow all that follows, hence `strict`. What `--export` has guarded is as it was.
    """
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            delimiter, declared = _delimiter(file, asking)
            reader = _reader(file, delimiter, declared)
            header = _header(reader, name, delimiter, asking)
            as_written = unguarded if set(header) >= EXPORTED else str
            while True:
                line = declared + reader.line_num + 1
                try:
                    cells = next(reader)
                except csv.Error as error:
                    yield BadLine(line, f"not CSV ({error}): put quotes around the whole cell and double those inside")
                except StopIteration:
                    return
                else:
                    if any(cells):
                        yield _csv_row(line, header, list(map(as_written, cells)), delimiter)
    finally:
        csv.field_size_limit(limit)


def _delimiter(file: TextIO, asking: Sequence[str]) -> tuple[str, int]:
    """What parts the cells, and how many lines say so: one, as `sep=;`, or none.

    Then it is the first of DELIMITERS by which the header asks something, or else makes most columns.
    """
    if declared := DECLARED.fullmatch(file.readline()):
        return declared[1], 1
    found = {}
    for delimiter in DELIMITERS:
        with suppress(csv.Error):
            found[delimiter] = _columns(_reader(file, delimiter, 0))
    asks = (delimiter for delimiter, columns in found.items() if set(asking) & set(columns))
    return next(asks, max(found, key=lambda delimiter: len(found[delimiter]), default=",")), 0


def _reader(file: TextIO, delimiter: str, above: int) -> CsvReader:
    """Reads a file from below so many lines on."""
    file.seek(0)
    for _ in range(above):
        file.readline()
    return csv.reader(file, delimiter=delimiter, strict=True)


def _columns(reader: CsvReader) -> list[str]:
    return [column.strip() for column in next((cells for cells in reader if any(cells)), ())]


def _header(reader: CsvReader, name: str, delimiter: str, asking: Sequence[str]) -> Sequence[str]:
    try:
        columns = _columns(reader)
    except csv.Error as error:
        raise UsageError(f"the header of {name} is not CSV ({error}): correct it") from None
    if columns:
        _check_columns(columns, name, asking, f"; it was read with {_in_words(delimiter)} between its cells, and a "
                                              'first line like "sep=;" names another sign')
    return columns


def _in_words(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, quoted(delimiter))


def _check_columns(columns: Sequence[str], name: str, asking: Sequence[str], more: str = "") -> None:
    for position, column in enumerate(columns, 1):
        if not column:
            raise UsageError(f"column {position} of {name} has no name: give it one, or leave the column out")
        if _wrong_byte(column) is not None:
            raise UsageError(f"the name of column {position} of {name} is not UTF-8: save the file as UTF-8")
        if column in columns[:position - 1]:
            raise UsageError(f"{name} has two columns {quoted(column)}: rename one of them")
    if not set(asking) & set(columns):
        raise UsageError(f"none of the columns of {name} asks something (the first is {quoted(columns[0])}): "
                         f"name one of them {', '.join(asking[:-1])} or {asking[-1]}{more}")


def _csv_row(line: int, header: Sequence[str], cells: Sequence[str], delimiter: str) -> Row:
    if len(cells) > len(header):
        return BadLine(line, f"the row has {len(cells)} cells and the header {len(header)}: put quotes around cells "
                             f"that hold {_in_words(delimiter)}")
    row: dict[str, object] = {}
    for column, cell in zip(header, cells, strict=False):  # a short row lacks its last cells
        byte = _wrong_byte(cell)
        if byte is not None:
            return BadLine(line, f"{quoted(column)} has the byte 0x{byte:02x}, which is not UTF-8: "
                                 "save the file as UTF-8")
        try:
            if cell:
                row[column] = _cell_value(column, cell)
        except UsageError as error:
            return BadLine(line, f"{column} begins like a list, but {error}: give a JSON list")
    return line, row


def _cell_value(column: str, cell: str) -> object:
    """What a cell means in its column. A cell that looks like no number stays text, for `items` to refuse."""
    text = cell.strip()
    if column in LISTS and text.startswith("["):
        return _parsed(text)
    if column in NUMERIC and NUMBER.fullmatch(text) and len(text) < 100:
        return int(text) if WHOLE.fullmatch(text) else float(text)
    return cell


def _wrong_byte(text: str) -> int | None:
    """The first byte that was not UTF-8, which `surrogateescape` has put among the surrogates."""
    return next((ord(letter) - 0xDC00 for letter in text if "\udc80" <= letter <= "\udcff"), None)


def parquet_rows(path: Path, name: str, asking: Sequence[str] = ASKING) -> Iterator[Row]:
    """The rows of a Parquet file, numbered from 1.

    Raises UsageError where pyarrow is missing, or the file is damaged or its columns cannot be used.
    """
    number = 0
    for batch in _batches(path, name, asking):
        for row in batch:
            number += 1
            yield number, _json_value(row)


def _batches(path: Path, name: str, asking: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    try:
        arrow, parquet = (importlib.import_module(module) for module in ("pyarrow", "pyarrow.parquet"))
    except ImportError:
        raise UsageError(f"{name} is a Parquet file, which takes pyarrow to read: "
                         "pip install 'localthink[parquet]'") from None
    try:
        with parquet.ParquetFile(path) as file:
            _check_columns(file.schema_arrow.names, name, (*asking, "body"))  # it can hold OpenAI's form
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                yield batch.to_pylist()
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{name} cannot be read as Parquet ({reason}): check the file, or save it as JSON lines"
                         ) from None


def _json_value(value: object) -> object:
    """A value of Parquet as JSON can hold it: dates, decimals and bytes become text, and what is no number null."""
    if isinstance(value, dict):
        return {str(name): _json_value(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def guarded(text: str) -> str:
    """The text as a cell of CSV: behind an apostrophe where a spreadsheet would run it as a formula.

    As OWASP advises: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if _FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` has made this cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
