"""Where the questions of a run come from: a file, standard input, or a data set on the Hugging Face Hub."""
from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from localthink.batch.hub_file import SCHEME, download, parse_address
from localthink.batch.items import ASKING, BadLine, Item, read_item
from localthink.batch.rows import Row, csv_rows, jsonl_rows, parquet_rows
from localthink.batch.settings import Settings
from localthink.errors import UsageError
from localthink.files import replacing
from localthink.text.values import quoted
from localthink.text.visible import shown_name

Form = Literal["jsonl", "csv", "parquet"]
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A local file that can be read again and again, and `name`, what the person called it."""

    path: Path
    name: str
    form: Form
    revision: str | None = None  # the commit of a data set on the Hub


def find_source(argument: str, spool: Path, revision: str | None = None) -> Source:
    """The source that is called `-`, hf://…, or by a path.

    Standard input is copied to `spool`, whose folder exists. `revision` is the commit of a data set
    on the Hub whose address names none. Raises UsageError where there is
    nothing to read, and for a name in .json, which promises one value for the whole file.
    """
    if argument == STANDARD_INPUT:
        _keep_standard_input(spool)
        return Source(spool, argument, "jsonl")
    if argument.startswith(SCHEME):
        wanted = parse_address(argument)
        if wanted.revision is None:
            wanted = replace(wanted, revision=revision)
        form = _form(argument)
        path, commit = download(wanted)
        return Source(path, argument, form, commit)
    path = Path(argument)
    _check_file(path, shown_name(argument))
    return Source(path, argument, _form(argument))


def read_rows(source: Source, asking: Sequence[str] = ASKING) -> Iterator[Row]:
    """The lines of a source: the number of each, from 1, and its JSON value, or what is wrong with it.

    Little of the source is in memory at a time. Raises UsageError, once iterated, for a source that
    is not what its form says, and for a table without one of the columns `asking`.
    """
    if source.form == "csv":
        return csv_rows(source.path, shown_name(source.name), asking)
    if source.form == "parquet":
        return parquet_rows(source.path, shown_name(source.name), asking)
    return jsonl_rows(source.path)


def read_items(source: Source, defaults: Settings, *, append: str = "",
               limit: int | None = None) -> Iterator[Item | BadLine]:
    """What each line asks, in order, until there were `limit` that can be answered; no id comes twice.

    Raises UsageError as `read_rows` does, and for a source without a line.
    """
    seen: dict[bytes, int] = {}
    row = None
    good = 0
    for row in read_rows(source):
        if good == limit:
            break
        read = row if isinstance(row, BadLine) else read_item(row[1], row[0], defaults, append)
        if isinstance(read, Item):
            read = _unless_seen(read, seen)
            good += isinstance(read, Item)
        yield read
    if row is None:
        raise UsageError(f"{shown_name(source.name)} is empty: give at least one line that asks something")


def data_sha256(source: Source) -> str:
    """The sha256 of the source's bytes, 64 hexadecimal digits."""
    with source.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unless_seen(item: Item, seen: dict[bytes, int]) -> Item | BadLine:
    """The item, unless its id is among those `seen`, of which 8 bytes and the line are kept."""
    key = hashlib.blake2b(item.id.encode(), digest_size=8).digest()
    first = seen.setdefault(key, item.line)
    if first == item.line:
        return item
    if item.own_id is None:
        return BadLine(item.line, f"the same content as line {first}, and neither has an id: give them ids, "
                                  "or ask for more samples with -n")
    return BadLine(item.line, f"id {quoted(item.own_id)} is also that of line {first}: ids must be unique as texts",
                   item.own_id)


def _keep_standard_input(spool: Path) -> None:
    """Copy it to the end; only a whole copy gets the name `spool`."""
    if sys.stdin is None or sys.stdin.isatty():  # None: it was closed
        raise UsageError("nothing is piped into standard input: pipe the questions in, or give the path of a file")
    try:
        with replacing(spool, lasting=False) as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise UsageError(f"standard input cannot be copied to {spool} ({error.strerror}): check both") from None


def _check_file(path: Path, name: str) -> None:
    try:
        if path.is_dir():
            raise UsageError(f"{name} is a folder: give the path of a file in it")
        if path.exists() and not path.is_file():
            raise UsageError(f"{name} is not a file that can be read twice: write its content into one, or pipe it in "
                             f"and give {STANDARD_INPUT}")
        path.open("rb").close()
    except FileNotFoundError:
        raise UsageError(f"there is no file {name}: check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file system can hold
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{name} cannot be read ({reason}): check the path and your rights to it") from None


def _form(name: str) -> Form:
    match PurePosixPath(name).suffix.lower():
        case ".csv" | ".tsv":
            return "csv"
        case ".parquet":
            return "parquet"
        case ".json":
            raise UsageError(f"{shown_name(name)} must hold one JSON object a line: where it does, rename it to .jsonl")
        case ".xlsx" | ".xls" | ".ods" | ".gz" | ".zip" as other:
            raise UsageError(f"{shown_name(name)} cannot be read ({other}): give .jsonl, .csv or .parquet")
        case _:
            return "jsonl"
