"""One GGUF file's header as it stands in its bytes: named fields and the table of tensors.

Nothing is believed before it is checked against the bytes that are left, and nothing is decoded
before it is asked for: a vocabulary of 150,000 tokens and its merges are walked over, not built.
What the fields mean, and whether llama.cpp survives them, is for `checks`.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""
from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from localthink.errors import ModelFileError
from localthink.text.visible import shown, shown_name

MAGIC = b"GGUF"
VERSIONS = (2, 3)
U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, U32: 4, I32: 4, F32: 4, BOOL: 1, 10: 8, 11: 8, 12: 8}
CODES = {0: "B", 1: "b", 2: "H", 3: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", 10: "Q", 11: "q", 12: "d"}
NAMES = {0: "an 8-bit unsigned integer", 1: "an 8-bit integer", 2: "a 16-bit unsigned integer",
         3: "a 16-bit integer", U32: "a 32-bit unsigned integer", I32: "a 32-bit integer", F32: "a 32-bit float",
         BOOL: "a boolean", STRING: "a string", 10: "a 64-bit unsigned integer", 11: "a 64-bit integer",
         12: "a 64-bit float"}
# Far above any model (the largest hold some 1,500 tensors and 262,144 tokens), far below what would hurt.
MOST_FIELDS, MOST_TENSORS, MOST_STRINGS, LONGEST_NAME, LONGEST_TEXT = 2**16, 2**16, 2**22, 2**16, 2**24
MOST_DIMENSIONS, TENSOR_NAME_ROOM = 4, 64  # GGML_MAX_DIMS, GGML_MAX_NAME
SHORTEST = 24  # bytes of a header that has counted nothing yet
SMALLEST_FIELD, SMALLEST_TENSOR = 14, 24  # bytes: length + one letter + type + one byte; empty name, no dimension


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value lies. `kind` is its GGUF type, or that of its elements where `count` is set."""

    kind: int
    count: int | None
    start: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """One row of the tensor table. `shape` is in ggml's order, row length first; `bytes` has no padding."""

    name: str
    shape: tuple[int, ...]
    type: str
    bytes: int
    offset: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """Fields by name and tensors in their order; valid while the file is open."""

    path: Path
    data: mmap.mmap
    fields: dict[str, Field]
    tensors: tuple[Tensor, ...]
    end: int  # the first byte after the tensor table

    def refuse(self, problem: str) -> NoReturn:
        raise ModelFileError(f"{shown_name(self.path)}: {problem}")

    def scalar(self, key: str, kind: int) -> int | float | None:
        """The number or flag called `key`, None where there is none; any other type than `kind` is refused."""
        field = self._field(key, kind, array=False)
        if field is None:
            return None
        value: int | float = struct.unpack_from("<" + CODES[kind], self.data, field.start)[0]
        return value

    def unsigned(self, key: str) -> int | None:
        value = self.scalar(key, U32)
        return None if value is None else int(value)

    def text(self, key: str) -> str | None:
        field = self._field(key, STRING, array=False)
        if field is None:
            return None
        (length,) = struct.unpack_from("<Q", self.data, field.start)
        if length > LONGEST_TEXT:
            self.refuse(f"{key} is {length:,} bytes long: no model needs more than {LONGEST_TEXT:,}")
        return self.data[field.start + 8 : field.start + 8 + length].decode("utf-8", "replace")

    def count(self, key: str, *kinds: int) -> int | None:
        """The length of the array called `key`, whose elements are of one of these kinds."""
        if key not in self.fields:
            return None
        field = self.fields[key]
        if field.count is None or field.kind not in kinds:
            self._wrong_type(key, field, "an array of " + " or ".join(_plural(kind) for kind in kinds))
        return field.count

    def integers(self, key: str, most: int) -> int | tuple[int, ...] | None:
        """One number, or at most `most` of them, where llama.cpp takes either."""
        field = self.fields.get(key)
        if field is None or field.count is None:
            return self.unsigned(key)
        count = self.count(key, U32, I32)
        if count is None or count > most:
            self.refuse(f"{key} holds {count:,} numbers: {most:,} were expected")
        return struct.unpack_from(f"<{count}{CODES[field.kind]}", self.data, field.start)

    def strings(self, key: str) -> list[bytes]:
        """Every string of the array called `key`, as its bytes; empty where there is none."""
        count = self.count(key, STRING) or 0
        length_at = struct.Struct("<Q").unpack_from
        data, at, found = self.data, self.fields[key].start if count else 0, []
        for _ in range(count):
            start = at + 8
            at = start + length_at(data, at)[0]
            found.append(data[start:at])
        return found

    def _field(self, key: str, kind: int, array: bool) -> Field | None:
        field = self.fields.get(key)
        if field is not None and (field.kind != kind or (field.count is not None) != array):
            self._wrong_type(key, field, NAMES[kind])
        return field

    def _wrong_type(self, key: str, field: Field, wanted: str) -> NoReturn:
        found = NAMES[field.kind] if field.count is None else f"an array of {_plural(field.kind)}"
        self.refuse(f"{key} is {found} where {wanted} belongs: the file is damaged or was converted wrongly")


def is_gguf(path: Path) -> bool:
    """Whether a file begins as GGUF does and is long enough for a header, whatever it is called. Nothing is raised."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb", buffering=0) as file:
            start = file.read(SHORTEST)
        return start.startswith(MAGIC) and len(start) == SHORTEST
    except (OSError, ValueError):
        return False


@contextmanager
def open_header(path: Path) -> Iterator[Header]:
    """The header of the GGUF file at `path`, read from a memory map that closes with the block."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield _read(path, data)
    except OSError as error:
        raise ModelFileError(f"{shown_name(path)}: cannot be read: {error.strerror or error}") from error


class _Cursor:
    """A place in the bytes that only moves forward, and never past their end."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.at, self.size = path, data, 0, len(data)

    def refuse(self, problem: str) -> NoReturn:
        raise ModelFileError(f"{shown_name(self.path)}: {problem}")

    def skip(self, length: int, what: str) -> int:
        """Pass over `length` bytes; where they began."""
        start = self.at
        if length > self.size - start:
            self.refuse(f"{what} needs {length:,} bytes at byte {start:,} of {self.size:,}: "
                        "the file is cut short or damaged; download it again")
        self.at += length
        return start

    def number(self, code: str, what: str) -> int:
        value: int = struct.unpack_from("<" + code, self.data, self.skip(struct.calcsize(code), what))[0]
        return value

    def name(self, what: str) -> str:
        length = self.number("Q", what)
        if length > min(LONGEST_NAME, self.size - self.at):
            self.refuse(f"{what} is {length:,} bytes long at byte {self.at:,}: the file is damaged; download it again")
        start = self.skip(length, what)
        return self.data[start : self.at].decode("utf-8", "surrogateescape")

    def skip_strings(self, count: int, what: str) -> None:
        length_at = struct.Struct("<Q").unpack_from
        data, at, last = self.data, self.at, self.size - 8
        for _ in range(count):
            if at > last:
                break
            at += 8 + length_at(data, at)[0]
        else:
            if at <= self.size:
                self.at = at
                return
        self.refuse(f"{what} runs past the end of the file at byte {self.size:,}: "
                    "it is cut short or damaged; download it again")


def _plural(kind: int) -> str:
    return NAMES[kind].split(" ", 1)[1] + "s"


def _read(path: Path, data: mmap.mmap) -> Header:
    cursor = _Cursor(path, data)
    _check_magic(cursor)
    tensor_count = _count(cursor, "number of tensors", SMALLEST_TENSOR, MOST_TENSORS)
    field_count = _count(cursor, "number of metadata fields", SMALLEST_FIELD, MOST_FIELDS)
    fields: dict[str, Field] = {}
    for index in range(field_count):
        key = cursor.name(f"the name of metadata field {index}")
        if not key or key in fields:
            cursor.refuse(f"metadata field {index} is called {shown(key)}, "
                          f"{'like one before it' if key else 'which is no name'}: the file is damaged")
        fields[key] = _read_field(cursor, shown(key))
    tensors: dict[str, Tensor] = {}
    for index in range(tensor_count):
        tensor = _read_tensor(cursor, index)
        if tensor.name in tensors:
            cursor.refuse(f"two tensors are called {shown(tensor.name)}: the file is damaged")
        tensors[tensor.name] = tensor
    return Header(path, data, fields, tuple(tensors.values()), cursor.at)


def _check_magic(cursor: _Cursor) -> None:
    cursor.skip(4, "the magic number")
    version = cursor.number("I", "the version")
    if version and not version & 0xFFFF:
        cursor.refuse("is a big-endian GGUF file: get or convert the little-endian one")
    if version not in VERSIONS:
        cursor.refuse(f"is GGUF version {version:,}, and llama.cpp reads 2 and 3: get a newer conversion of the model")


def _count(cursor: _Cursor, what: str, smallest: int, most: int) -> int:
    """A count of things that take at least `smallest` bytes each."""
    count = cursor.number("Q", f"the {what}")
    if count > min(most, (cursor.size - cursor.at) // smallest):
        cursor.refuse(f"the {what} is {count:,}, more than a file of {cursor.size:,} bytes can hold or a model needs: "
                      "it is cut short or damaged; download it again")
    return count


def _read_field(cursor: _Cursor, key: str) -> Field:
    kind, count = cursor.number("I", f"the type of {key}"), None
    if kind == ARRAY:
        kind = cursor.number("I", f"the element type of {key}")
        count = cursor.number("Q", f"the length of {key}")
        if kind == ARRAY:
            cursor.refuse(f"{key} is an array of arrays, which llama.cpp does not read")
    start = cursor.at
    if kind in SIZES:
        cursor.skip(SIZES[kind] * (1 if count is None else count), key)
    elif kind == STRING:
        if count is not None and count > min(MOST_STRINGS, (cursor.size - start) // 8):
            cursor.refuse(f"{key} claims {count:,} strings, more than the file can hold or a model needs: "
                          "it is cut short or damaged; download it again")
        cursor.skip_strings(1 if count is None else count, key)
    else:
        cursor.refuse(f"{key} has the unknown value type {kind:,}: the file is damaged")
    return Field(kind, count, start)


def _read_tensor(cursor: _Cursor, index: int) -> Tensor:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    name = cursor.name(f"the name of tensor {index}")
    label = f"tensor {shown(name)}"
    if len(name.encode("utf-8", "surrogateescape")) >= TENSOR_NAME_ROOM:
        cursor.refuse(f"{label} has a name of {TENSOR_NAME_ROOM} bytes or more: llama.cpp has room for fewer")
    dimensions = cursor.number("I", f"the number of dimensions of {label}")
    if dimensions > MOST_DIMENSIONS:
        cursor.refuse(f"{label} has {dimensions:,} dimensions: at most {MOST_DIMENSIONS} are possible")
    shape = tuple(cursor.number("Q", f"the shape of {label}") for _ in range(dimensions))
    kind = cursor.number("I", f"the type of {label}")
    offset = cursor.number("Q", f"the offset of {label}")
    if 0 in shape or math.prod(shape) >= 2**63:
        cursor.refuse(f"{label} has the impossible shape {shown(shape)}: the file is damaged")
    if kind not in GGML_QUANT_SIZES:
        cursor.refuse(f"{label} has the type {kind:,}, which is not known here: "
                      "the file is damaged, or made for a newer llama.cpp")
    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    row = shape[0] if shape else 1
    if row % block:
        cursor.refuse(f"{label} has rows of {row:,} weights, and "
                      f"{GGMLQuantizationType(kind).name} packs them by {block}: the file is damaged")
    return Tensor(name, shape, GGMLQuantizationType(kind).name, math.prod(shape) // block * size, offset)
