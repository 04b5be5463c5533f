"""The models that other programs keep on this machine; nothing of theirs is changed.

A file is a model by its first bytes, and is called as it is named.

Each keeps them in its own way: the Hub's cache in snapshots of repositories, llama.cpp's and LM Studio's in
plain folders, ollama in blobs that its manifests name.
"""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localthink import locations
from localthink.files import small_object, small_text
from localthink.gguf.bytes import is_gguf
from localthink.gguf.precision import PART, as_precision, precision_of, stem

SUFFIX = ".gguf"
HUGGING_FACE, LLAMA_CPP, LM_STUDIO, OLLAMA = "Hugging Face", "llama.cpp", "LM Studio", "ollama"
# What downloads leave beside a file that has its final name already.
UNFINISHED = (".incomplete", ".part", ".downloadInProgress", ".crdownload", ".aria2", ".tmp")
RECYCLE_BINS = ("$recycle.bin", "recycler", "#recycle", "@recycle", "trash")  # beside those that are hidden by a dot
DEEPEST = 6  # folders below one that is looked through
OLLAMA_LIBRARY, OLLAMA_WEIGHTS = "registry.ollama.ai", "application/vnd.ollama.image.model"
_BLOB = re.compile(r"sha256[:-][0-9a-f]{64}")
_NOT_MODELS = re.compile(r"mmproj|^ggml-vocab", re.IGNORECASE)
_NOT_WITHOUT_PRECISION = re.compile(r"(?<![a-z])(imatrix|vocab)(?![a-z])", re.IGNORECASE)  # else how it was quantized


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as its keeper has it. `names` are what it may be called, `parts` its files, the one to load first.

    `precision` is empty where neither the keeper nor a name says it, `model` where the keeper does not say which
    model of the catalogue it is.
    """

    keeper: str
    names: tuple[str, ...]
    parts: tuple[Path, ...]
    precision: str
    model: str = ""


def other_models() -> Iterator[KeptModel]:
    """The models of every other program, in the order in which they are preferred."""
    for parts in _hugging_face(locations.hugging_face_cache()):
        yield in_files(HUGGING_FACE, parts)
    for parts in model_files(locations.llama_cpp_cache()):
        yield in_files(LLAMA_CPP, parts)
    for folder in locations.lm_studio_models():
        for parts in model_files(folder):
            yield in_files(LM_STUDIO, parts)
    for folder in locations.ollama_models():
        yield from _ollama(folder)


def in_files(keeper: str, parts: tuple[Path, ...]) -> KeptModel:
    """A model that is called as its files are: without the number of its part, by its stem, by its file name."""
    name = parts[0].name
    names = dict.fromkeys((stem(name), parts[0].stem, name))
    return KeptModel(keeper, tuple(names), parts, precision_of(name))


def model_files(folder: Path) -> Iterator[tuple[Path, ...]]:
    """The models below a folder, each as its parts; none that is not whole.

    What cannot be read is passed over, and so is what is hidden or thrown away; the folder itself may be hidden.
    """
    for place, names in _walk(folder, DEEPEST):
        for name in sorted(names):
            parts = _parts(name)
            if _is_model(name) and all(_is_whole(place / part, names) for part in parts):
                yield tuple(place / part for part in parts)


def _walk(folder: Path, depth: int, above: tuple[str, ...] = ()) -> Iterator[tuple[Path, set[str]]]:
    """Every folder from this one down, with the names of what lies in it; links are followed, though not in circles."""
    try:
        here = os.path.realpath(folder)
        with os.scandir(folder) as listing:
            entries = {entry.name: _is_folder(entry) for entry in listing if not _is_hidden(entry.name)}
    except (OSError, ValueError):
        return
    if here in above:
        return
    yield folder, set(entries)
    if depth:
        for name in sorted(name for name, is_folder in entries.items() if is_folder):
            yield from _walk(folder / name, depth - 1, (*above, here))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in RECYCLE_BINS


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_model(name: str) -> bool:
    """Whether a file that is called so can be offered as a model; of a split one, the first part."""
    part = PART.fullmatch(Path(name).stem)
    if not name.lower().endswith(SUFFIX) or _NOT_MODELS.search(name) or (part and int(part["number"]) != 1):
        return False
    return not _NOT_WITHOUT_PRECISION.search(name) or bool(precision_of(name))


def _parts(first: str) -> tuple[str, ...]:
    """The names of all files of a model. llama.cpp finds those of a split one by a suffix in small letters alone."""
    part = PART.fullmatch(Path(first).stem)
    if part is None or int(part["count"]) == 1:
        return (first,)
    numbers = range(1, int(part["count"]) + 1)
    return tuple(f"{part['name']}-{number:05}-of-{part['count']}{SUFFIX}" for number in numbers)


def _is_whole(path: Path, names: set[str]) -> bool:
    """Whether a file is there that is a model or a part of one, and no download of it is under way."""
    unfinished = any(path.name + suffix in names for suffix in UNFINISHED)
    return path.name in names and not unfinished and is_gguf(path)


def _hugging_face(cache: Path) -> Iterator[tuple[Path, ...]]:
    """The models in the snapshots of every repository; where several have one, that of the latest."""
    for repository in sorted(_below(cache, "models--*")):
        seen = set()
        for snapshot in _snapshots(repository):
            for parts in model_files(snapshot):
                name = parts[0].relative_to(snapshot)
                if name not in seen:
                    seen.add(name)
                    yield parts


def _snapshots(repository: Path) -> list[Path]:
    """The latest first: the one that `main` was last, then by when they were made."""
    main = small_text(repository / "refs" / "main").strip()
    return sorted(_below(repository / "snapshots", "*"), key=lambda path: (path.name != main, -_changed(path)))


def _ollama(folder: Path) -> Iterator[KeptModel]:
    """The models whose weights ollama's manifests name: manifests/host/namespace/model/tag."""
    for manifest in sorted(_below(folder / "manifests", "*/*/*/*")):
        content = small_object(manifest)
        blob = _weights(folder, content.get("layers"))
        if blob is not None:
            names = _ollama_names(*manifest.relative_to(folder / "manifests").parts)
            config = _blob(folder, content.get("config"))
            written = small_object(config).get("file_type") if config is not None else None
            precision = as_precision(written) if isinstance(written, str) else ""
            yield KeptModel(OLLAMA, names, (blob,), precision or precision_of(names[0]))


def _weights(folder: Path, layers: object) -> Path | None:
    """The blob with a model's weights, None where a manifest names none, or one that is not there as it says."""
    weights = [layer for layer in layers if isinstance(layer, dict)
               and layer.get("mediaType") == OLLAMA_WEIGHTS] if isinstance(layers, list) else []
    blob = _blob(folder, weights[0]) if len(weights) == 1 else None
    if blob is None or not is_gguf(blob) or _size(blob) != weights[0].get("size", _size(blob)):
        return None
    return blob


def _ollama_names(host: str, namespace: str, model: str, tag: str) -> tuple[str, ...]:
    """As `ollama list` shows it, and without the tag that goes without saying."""
    owner = "" if (host, namespace) == (OLLAMA_LIBRARY, "library") else f"{namespace}/"
    name = f"{owner if host == OLLAMA_LIBRARY else f'{host}/{namespace}/'}{model}"
    return (f"{name}:{tag}", name) if tag == "latest" else (f"{name}:{tag}",)


def _blob(folder: Path, layer: object) -> Path | None:
    """Where a layer's content lies, whether or not it does: sha256-… in its folder, in early ollama's sha256:…"""
    digest = layer.get("digest") if isinstance(layer, dict) else None
    if not isinstance(digest, str) or not _BLOB.fullmatch(digest):
        return None
    blob, early = (folder / "blobs" / digest.replace(*signs) for signs in ((":", "-"), ("-", ":")))
    return early if _size(blob) is None and _size(early) is not None else blob


def _below(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except (OSError, ValueError):
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int | None:
    """The bytes of a file, None where there is none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None
