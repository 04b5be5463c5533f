"""Models by name: the ones that come with localthink, and those that a person keeps in its folder."""
from __future__ import annotations

import difflib
import re
from pathlib import Path

from localthink import locations
from localthink.errors import ModelFileError, UsageError
from localthink.gguf_bytes import shown, shown_path

SUFFIX = ".gguf"
FIRST_PART = re.compile(r"(.+)-00001-of-\d{5}")
LATER_PART = re.compile(r".+-(?!00001)\d{5}-of-\d{5}")


def find_model(name_or_path: str | None) -> Path:
    """The file of a model: a path, the name of a known one, or for None the one that comes along.

    A file that exists wins over a name. Raises ModelFileError for a path without a file, and
    UsageError for a name that is unknown or stands for several files.
    """
    if name_or_path is None:
        return _bundled()
    path = Path(name_or_path).expanduser()
    if _exists(path, files_only=True):
        return path
    matches = [found for found in _files() if name_or_path in _names(found)]
    if len(matches) > 1:
        listed = ", ".join(shown_path(match) for match in matches)
        raise UsageError(f"{shown(name_or_path)} is the name of {len(matches)} models: give the path of one, {listed}")
    if matches:
        return matches[0]
    if name_or_path and _exists(path):  # a folder: whoever reads it says so
        return path
    if name_or_path.endswith(SUFFIX) or Path(name_or_path).name != name_or_path:
        raise ModelFileError(f"there is no file {shown_path(path)}")
    raise UsageError(_unknown(name_or_path))


def known_models() -> dict[str, Path]:
    """The models that can be called by name, as name and file; one of several with the same name."""
    return {_names(found)[0]: found for found in _files()}


def _bundled() -> Path:
    bundled = locations.bundled_model()
    if not bundled.is_file():
        raise ModelFileError(f"{bundled}: the model that comes with localthink is missing: install localthink again, "
                             f"or name a {SUFFIX} file")
    return bundled


def _files() -> list[Path]:
    """The GGUF files of both folders, each split model by its first part alone."""
    found = [*locations.bundled_models().glob(f"*{SUFFIX}"), *locations.local_models().rglob(f"*{SUFFIX}")]
    return sorted(path for path in found if path.is_file() and not LATER_PART.fullmatch(path.stem))


def _names(path: Path) -> tuple[str, ...]:
    """What a model may be called: its stem, without the number of its part, or its file name."""
    first_part = FIRST_PART.fullmatch(path.stem)
    return (first_part[1], path.stem, path.name) if first_part else (path.stem, path.name)


def _exists(path: Path, files_only: bool = False) -> bool:
    try:
        return path.is_file() if files_only else path.exists()
    except (OSError, ValueError):  # a name that no file system can hold
        return False


def _unknown(name: str) -> str:
    known = sorted(known_models())
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listed = f"known here: {', '.join(known)}" if known else "none is installed"
    return (f"there is no model called {shown(name)}: {hint}{listed}; give the path of a {SUFFIX} file, "
            f"or put it into {locations.local_models()}")
