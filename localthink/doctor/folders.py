"""The folders that localthink reads and writes, and the settings in the environment that decide what they are."""
from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from localthink import locations
from localthink.doctor.findings import Finding
from localthink.locations import HOME_VARIABLE
from localthink.machine.resources import free_disk
from localthink.text.sizes import sized

SCAN_SECONDS = 0.4  # most seconds to add up a folder: a cache on a slow disk can hold a hundred thousand files
SMALLEST = 1.1 * 2**30  # bytes of R1-Distill-Qwen-1.5B at Q4_K_M
USUAL = 4.7e9  # bytes of R1-Distill-Qwen-7B at Q4_K_M
ENDPOINT, USUAL_ENDPOINT = "HF_ENDPOINT", "https://huggingface.co"
PREFIXES = ("HF_", "HUGGINGFACE_", "HUGGING_FACE_")  # of the variables that huggingface_hub reads


def data() -> Iterator[Finding]:
    yield folder("models", locations.local_models(), f"put models elsewhere, or set {locations.HOME_VARIABLE}")
    yield folder("configuration", locations.user_markers().parent, f"nothing to do, or set {locations.HOME_VARIABLE}")


def history() -> Iterator[Finding]:
    """The store of conversations, which keeps a journal beside it."""
    path = locations.history_file()
    advice = f"use --no-history, or set {locations.HOME_VARIABLE} to a folder that can be written"
    if not writable(path.parent):
        yield Finding("history", f"{path} cannot be written", "warning", advice)
    elif not path.exists():
        yield Finding("history", f"{path}, not there yet")
    elif not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        yield Finding("history", f"{path} is no file that can be read and written", "warning", advice)
    else:
        yield Finding("history", f"{path}, {sized(path.stat().st_size)}")


def hub_cache() -> Iterator[Finding]:
    """Where huggingface_hub keeps what is pulled."""
    place = locations.hugging_face_cache()
    if str(place).startswith("~"):
        yield Finding("Hugging Face", f"{place}, below whatever folder is the current one", "warning",
                      "there is no home folder for it: set HF_HOME to a folder that can be written")
    else:
        yield folder("Hugging Face", place, "set HF_HUB_CACHE to a folder that can be written")


def disk() -> Iterator[Finding]:
    """What room is left where models go: those that are pulled, and a person's own."""
    cache = locations.hugging_face_cache()
    left = {"disk": free_disk(cache), "disk of models": free_disk(locations.local_models())}
    if _disk_of(cache) == _disk_of(locations.local_models()):
        del left["disk of models"]
    for name, size in left.items():
        value = f"{sized(size)} free"
        if size < SMALLEST:
            yield Finding(name, value, "warning",
                          f"make room: the smallest R1 distill (1.5B, Q4_K_M) takes {sized(SMALLEST)}")
        elif size < USUAL:
            yield Finding(name, value, "note",
                          f"enough for the smallest R1 distill; one of 7B at Q4_K_M takes {sized(USUAL)}")
        else:
            yield Finding(name, value)


def folder(name: str, path: Path, advice: str) -> Finding:
    """Whether a folder is there, what it holds, and whether it can be written or made."""
    held = ""
    if path.is_dir():
        size, all_of_it = folder_bytes(path)
        held = f", {'' if all_of_it else 'more than '}{sized(size)}"
    if not writable(path):
        return Finding(name, f"{path}{held}, cannot be written", "warning", advice)
    return Finding(name, f"{path}{held or ', not there yet'}")


def writable(path: Path) -> bool:
    """Whether something can be put into a folder, or into the first one above it that there is: tried, not asked."""
    try:
        with tempfile.TemporaryFile(dir=_there(path)):
            return True
    except OSError:
        return False


def _there(path: Path) -> Path:
    """The folder itself, or the first one above it that there is."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _disk_of(path: Path) -> int:
    return _there(path).stat().st_dev


def folder_bytes(path: Path, seconds: float = SCAN_SECONDS) -> tuple[int, bool]:
    """The bytes of the files in a folder, links not followed, and whether there was time for all of them."""
    size, until = 0, time.monotonic() + seconds
    for place, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                found = (Path(place) / name).lstat()
                size += found.st_size if not (Path(place) / name).is_symlink() else 0
        if time.monotonic() > until:
            return size, False
    return size, True


def home() -> Iterator[Finding]:
    if moved := os.environ.get(HOME_VARIABLE):
        yield Finding(HOME_VARIABLE, moved)


def hub() -> Iterator[Finding]:
    """How huggingface_hub is set; a token is never shown."""
    address = os.environ.get(ENDPOINT)
    if address is not None and (problem := _problem(address)):
        shown = address.rpartition("@")[2].partition("?")[0]  # without a password that may be in it
        yield Finding(ENDPOINT, f"{shown!r} is no address: {problem}", "warning",
                      f"nothing can be pulled so: unset it, or set it to one like {USUAL_ENDPOINT}")
        return
    try:
        from huggingface_hub import constants, get_token
    except ValueError as error:  # of a variable, all of which it reads as it is imported
        there = ", ".join(sorted(name for name in os.environ if name.startswith(PREFIXES)))
        yield Finding("Hub", f"huggingface_hub cannot be used: {error}", "warning",
                      f"nothing can be pulled so: one of these variables is wrong, {there}")
        return
    if constants.HF_HUB_OFFLINE:
        yield Finding("Hub", "offline: HF_HUB_OFFLINE is set", "note",
                      "only what was pulled before can be used; unset it to pull models")
    if constants.ENDPOINT.rstrip("/") != USUAL_ENDPOINT:
        yield Finding("Hub's address", without_secrets(constants.ENDPOINT), "note",
                      f"models come from there; unset {ENDPOINT} for {USUAL_ENDPOINT}")
    yield Finding("Hub's token", "there is one" if get_token() else "none, and none is needed for open models")


def without_secrets(address: str) -> str:
    """An address without a name and password that may be in it."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _problem(address: str) -> str:
    """Why an address cannot be used, empty where it can."""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        return str(error)
    return "" if whole else "it has to begin with https:// and a name"
