"""Settings in the environment that decide where localthink keeps things, and what it may fetch."""
from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from localthink.doctor.findings import Finding
from localthink.locations import HOME_VARIABLE

USUAL_ENDPOINT = "https://huggingface.co"


def home() -> Iterator[Finding]:
    if moved := os.environ.get(HOME_VARIABLE):
        yield Finding(HOME_VARIABLE, moved)


def hub() -> Iterator[Finding]:
    """How huggingface_hub is set; a token is never shown."""
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        yield Finding("Hub", "offline: HF_HUB_OFFLINE is set", "note",
                      "only what was pulled before can be used; unset it to pull models")
    if constants.ENDPOINT.rstrip("/") != USUAL_ENDPOINT:
        yield Finding("Hub's address", without_secrets(constants.ENDPOINT), "note",
                      f"models come from there; unset HF_ENDPOINT for {USUAL_ENDPOINT}")
    yield Finding("Hub's token", "there is one" if get_token() else "none, and none is needed for open models")


def without_secrets(address: str) -> str:
    """An address without a name and password that may be in it."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
