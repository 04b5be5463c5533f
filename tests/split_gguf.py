"""A tiny model in several files, as large ones are published."""
from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from gguf import GGUFReader
from tiny_gguf import I32, raw_field, raw_gguf, raw_tensor


def split(path: Path, folder: Path) -> list[Path]:
    """The model at `path` as three parts: metadata alone, then half of the tensors each."""
    reader = GGUFReader(path)
    content, tensors = path.read_bytes(), reader.tensors
    fields = list(reader.fields.values())[3:]
    raw = [content[entry.offset : entry.offset + sum(part.nbytes for part in entry.parts)] for entry in fields]
    groups: list[list[Any]] = [[], tensors[: len(tensors) // 2], tensors[len(tensors) // 2 :]]
    paths = []
    for number, group in enumerate(groups):
        rows, data = [], b""
        for tensor in group:
            rows.append(raw_tensor(tensor.name, [int(n) for n in tensor.shape], tensor.tensor_type, len(data)))
            data += tensor.data.tobytes()
            data += bytes(-len(data) % 32)
        header = raw_gguf([
            *(raw if number == 0 else []), raw_field("split.no", 2, struct.pack("<H", number)),
            raw_field("split.count", 2, struct.pack("<H", 3)),
            raw_field("split.tensors.count", I32, struct.pack("<i", len(tensors)))], rows)
        paths.append(folder / f"tiny-{number + 1:05}-of-00003.gguf")
        paths[-1].write_bytes(header + bytes(-len(header) % 32) + data)
    return paths
