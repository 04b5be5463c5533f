"""Settings in the environment that decide where localthink keeps things, and what it may fetch."""
from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from localthink.doctor.findings import Finding
from localthink.locations import HOME_VARIABLE

ENDPOINT, USUAL_ENDPOINT = "HF_ENDPOINT", "https://huggingface.co"
PREFIXES = ("HF_", "HUGGINGFACE_", "HUGGING_FACE_")  # of the variables that huggingface_hub reads


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
