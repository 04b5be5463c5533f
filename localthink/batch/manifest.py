"""What a run is, in full: all that is needed to repeat it, and to refuse what would not be the same run."""
from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from localthink import locations
from localthink.batch.ledger import MANIFEST
from localthink.batch.settings import Settings
from localthink.errors import LocalthinkError, UsageError
from localthink.files import replacing
from localthink.generation import generation_object
from localthink.gguf.header import ModelFacts
from localthink.records import LOOP_GUARD
from localthink.thinking import markers

FORMAT = 1
PACKAGES = ("localthink", "llama-cpp-python", "numpy", "gguf", "jinja2", "math-verify")
DECIDING = ("localthink", "llama-cpp-python", "numpy")
BEFORE_GUARDS = {"controls": (None, [LOOP_GUARD])}  # begun without a guard, as by a version that had none
EXTENDABLE = ("samples", "limit", "data sha256")  # what --extend may change


def new_manifest(settings: Settings, model: Mapping[str, Any], data: Mapping[str, Any],
                 more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` joins the settings: what belongs to the run and not to an item (cache, context, shard …)."""
    return {
        "format": FORMAT, "created": now(),
        "settings": {**generation_object(settings.generation), "samples": settings.samples, "seed": settings.seed,
                     "raw": settings.raw, **more, "markers_sha256": markers_sha256()},
        "model": dict(model), "data": dict(data), "sessions": [],
    }


def model_record(facts: ModelFacts, known: Mapping[str, Any]) -> dict[str, Any]:
    """A model's name, place, checksum and facts. An earlier record of the same unchanged file spares the checksum."""
    unchanged = all(known.get(name) == value for name, value in _stamp(facts).items())
    sha256 = known["sha256"] if unchanged else file_sha256(facts)
    names = ("architecture", "parameters", "quantization", "layers", "width", "heads", "kv_heads", "context_length",
             "vocabulary", "weight_bytes", "pre_tokenizer")
    return {"name": facts.path.stem, **_stamp(facts), "sha256": sha256,
            **{name: getattr(facts, name) for name in names}}


def _stamp(facts: ModelFacts) -> dict[str, Any]:
    """What a file cannot have changed without, short of malice."""
    stats = [part.stat() for part in facts.parts or (facts.path,)]
    return {"path": str(facts.path.resolve()), "modified_ns": [stat.st_mtime_ns for stat in stats],
            "part_bytes": [stat.st_size for stat in stats], "file_bytes": facts.file_bytes}


def deciding_versions() -> dict[str, str | None]:
    """The packages whose rules and whose arithmetic are in every token."""
    return {name: _version(name) for name in DECIDING}


def version_note(sessions: Sequence[Mapping[str, Any]]) -> str:
    """What a person should know where earlier starts had other versions of these packages; else nothing."""
    then, now_ = dict[str, str](), dict[str, str]()
    for name, here in deciding_versions().items():
        others = [was for earlier in sessions if (was := earlier["versions"].get(name)) != here]
        if others:
            then[name], now_[name] = f"{name} {others[0]}", str(here)
    if not then:
        return ""
    rules = ", and thoughts be told by other rules" if "localthink" in then else ""
    return (f"this run was written with {', '.join(then.values())} and goes on with {', '.join(now_.values())}: "
            f"samples may round differently{rules}")


def session(**what: Any) -> dict[str, Any]:
    """One start of the command: when, with which versions, on which machine; and `what` it chose there."""
    import psutil

    return {
        "started": now(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "machine": {"system": platform.platform(), "processor": platform.processor() or platform.machine(),
                    "cores": psutil.cpu_count(logical=False), "memory_bytes": psutil.virtual_memory().total,
                    "host": platform.node()},
        **what,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def markers_sha256() -> str:
    """A digest of the switch expressions in force: the shipped ones or a person's own."""
    groups = markers.read_groups(locations.user_markers())
    return hashlib.sha256(json.dumps([asdict(group) for group in groups]).encode()).hexdigest()


def file_sha256(facts: ModelFacts) -> str:
    """The digest of a model's file; of a split one, that of its parts' digests, in their order."""
    digests = []
    for part in facts.parts or (facts.path,):
        try:
            with part.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise UsageError(f"the model {part} cannot be read: {error.strerror}") from None
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What makes two manifests two runs: name -> (in `old`, in `new`)."""
    before, after = _identity(old), _identity(new)
    return {name: (before.get(name), after.get(name)) for name in {**before, **after}
            if before.get(name) != after.get(name)}


def _identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {**manifest["settings"], "model sha256": manifest["model"]["sha256"],
            "data sha256": manifest["data"]["sha256"]}


def check_same(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path, extend: bool) -> None:
    """Raise UsageError, with the difference, unless `new` continues `old` (or, with `extend`, asks for more of it)."""
    found = differences(old, new)
    if extend:
        smaller = [name for name in ("samples", "limit") if name in found and _is_less(found[name][1], found[name][0])]
        found = {name: pair for name, pair in found.items() if name not in EXTENDABLE or name in smaller}
    if found:
        shown = "; ".join(f"{name} was {_shown(was)} and is now {_shown(now_)}" for name, (was, now_) in found.items())
        grows = not extend and set(found) <= set(EXTENDABLE) and not any(
            name != "data sha256" and _is_less(now_, was) for name, (was, now_) in found.items())
        advice = "--extend allows more items or more samples" if grows else "give another folder with -o"
        if found == BEFORE_GUARDS:
            advice = "--no-loop-guard goes on as it was begun"
        raise UsageError(f"{folder} holds another run: {shown}: {advice}")


def _is_less(new: int | None, old: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) == 64:
        return value[:12]
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The folder's manifest, None where there is none yet. Raises UsageError where it cannot be understood."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise UsageError(f"{path} has the format {manifest['format']!r}, and this localthink knows {FORMAT}: "
                             "install the one that wrote it, or give another folder with -o")
        for part, kind in (("settings", dict), ("model", dict), ("data", dict), ("sessions", list)):
            if not isinstance(manifest[part], kind):
                raise KeyError(part)
        _identity(manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LocalthinkError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} is not a manifest that localthink wrote: restore it, or give another folder "
                         "with -o") from None
    return manifest  # type: ignore[no-any-return]


def write_json(path: Path, value: Mapping[str, Any], lasting: bool = True) -> None:
    """Replace a file as a whole; see `files.replacing`. Raises LocalthinkError where it cannot be written."""
    try:
        with replacing(path, lasting) as file:
            file.write(json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n")
    except OSError as error:
        raise LocalthinkError(f"{path} cannot be written: {error.strerror}") from None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
