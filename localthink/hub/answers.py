"""What the Hub says of a repository, in JSON.

Whoever answers may be anybody: no more is read than a listing can have, and for no longer than one can take.
"""
from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

from localthink.errors import LocalthinkError
from localthink.hub.faults import host
from localthink.hub.wanted import Place

MOST_BYTES = 2**24  # ten thousand files take some four million
MOST_SECONDS = 120.0
ENCODINGS = ("", "identity", "gzip")  # others unpack a piece of the answer to gigabytes


def ask_about(place: Place) -> Any:
    """The JSON value that the Hub has for a repository, its files' sizes and sums included.

    Raises what the client and its HTTP library raise, and LocalthinkError for an answer that is none.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, get_session, validate_repo_id

    validate_repo_id(place.repository)
    at = "" if place.revision is None else f"/revision/{quote(place.revision, safe='')}"
    headers = build_hf_headers(library_name="localthink") | {"Accept-Encoding": "gzip"}
    with get_session().stream("GET", f"{constants.ENDPOINT}/api/models/{place.repository}{at}", headers=headers,
                              params={"blobs": True}, follow_redirects=True,
                              timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT) as response:
        check_status(response)
        return _parsed(_read(response), place)


def check_status(response: Any) -> None:
    """Raise what the client makes of a status. The page that comes with an error may be endless, and is not read."""
    from huggingface_hub.utils import hf_raise_for_status

    if response.status_code >= 400:
        response.close()
    hf_raise_for_status(response)


def _read(response: Any) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise LocalthinkError(f"{host()} answers in the encoding {encoding!r}, which was not asked for: check "
                              "HF_ENDPOINT, or the proxy")
    data, until = bytearray(), time.monotonic() + MOST_SECONDS
    for piece in response.iter_bytes():
        if len(data) + len(piece) > MOST_BYTES:
            raise LocalthinkError(f"{host()} sends more than {MOST_BYTES >> 20} MiB where it should list the files of "
                                  "a repository: check HF_ENDPOINT, or name another repository")
        data += piece
        if time.monotonic() > until:
            raise LocalthinkError(f"{host()} has sent {len(data):,} bytes in {MOST_SECONDS:.0f} seconds and no end of "
                                  "its answer: check the connection, or try again later")
    return bytes(data)


def _parsed(data: bytes, place: Place) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise LocalthinkError(
            f"{host()} does not answer as the Hub would, perhaps with the login page of a network or a proxy: open "
            f"https://huggingface.co/{place.repository} in a browser, or check HF_ENDPOINT") from None
