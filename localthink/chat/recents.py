"""The models that were opened, by their paths: a file of a person's own is found in no folder of models."""
from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from localthink import locations
from localthink.files import replacing, small_object
from localthink.shelf.local_models import known_models

MOST = 20


def recent_models() -> list[Path]:
    """Those that are still there, the latest first."""
    paths = small_object(locations.recent_models()).get("paths")
    kept = [Path(path) for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    return [path for path in kept if path.is_file()]


def remember_model(path: Path) -> None:
    """Keep a model that was opened. Where that cannot be written, it is not listed the next time, and no more."""
    path, file = path.absolute(), locations.recent_models()
    paths = [path, *(each for each in recent_models() if each != path)][:MOST]
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file, lasting=False) as new:
            new.write(json.dumps({"paths": [str(each) for each in paths]}).encode())


def openable_models() -> list[tuple[str, Path]]:
    """Every model that can be opened here, as name and file: those of the folders, then those opened by their paths."""
    known = known_models()
    listed = set(known.values())
    return [*known.items(), *((path.stem, path) for path in recent_models() if path not in listed)]
