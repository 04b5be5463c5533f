"""Whoever answers in the Hub's place, and however long: reading it ends, and takes little memory."""
from __future__ import annotations

import gzip
import os
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from huggingface_hub import close_session, constants
from huggingface_hub.errors import HfHubHTTPError

from hub.loopback import Fault, Hub, Repository
from hub.working import HASTY
from localthink.errors import LocalthinkError
from localthink.hub import finding
from localthink.hub.finding import ask_about
from localthink.hub.news import Waiting
from localthink.hub.retries import Retries
from localthink.hub.wanted import Place

PLACE = Place("me/it")
ZIPPED = (("Content-Encoding", "gzip"),)


@pytest.fixture(autouse=True)
def asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub of the test, asked from this process and without a proxy."""
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    hub.repositories[PLACE.repository] = Repository({"m.gguf": b"GGUF"}, {"main": "a" * 40, "a/b": "b" * 40})
    close_session()


def told_of(place: Place = PLACE) -> Any:
    """As a pull asks: a connection that breaks off on a busy machine is no answer."""
    return Retries(HASTY, list[Waiting]().append).call(lambda: ask_about(place))


def refused() -> str:
    with pytest.raises(LocalthinkError) as caught:
        told_of()
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(("revision", "commit"), [(None, "a" * 40), ("a/b", "b" * 40), ("b" * 40, "b" * 40)])
def test_a_repository_is_told_of_at_a_revision(revision: str | None, commit: str) -> None:
    told = told_of(Place(PLACE.repository, revision))
    assert told["sha"] == commit
    assert [(entry["rfilename"], entry["size"]) for entry in told["siblings"]] == [("m.gguf", 4)]


def test_an_answer_may_be_packed(hub: Hub) -> None:
    hub.faults.append(Fault("listing", body=gzip.compress(b'{"sha": "x"}'), headers=ZIPPED))
    assert told_of() == {"sha": "x"}


def test_an_answer_that_unpacks_to_too_much_is_not_read_to_its_end(hub: Hub) -> None:
    packer = zlib.compressobj(9, wbits=31)
    body = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()  # of a GiB
    hub.faults.append(Fault("listing", body=body, headers=ZIPPED))
    tracemalloc.start()
    try:
        assert "sends more than 16 MiB where it should list the files of a repository" in refused()
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()


def test_a_packing_that_was_not_asked_for_is_not_unpacked(hub: Hub) -> None:
    hub.faults.append(Fault("listing", body=b"x", headers=(("Content-Encoding", "zstd"),)))
    assert "answers in the encoding 'zstd', which was not asked for" in refused()


def test_an_answer_that_drips_is_not_waited_for(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_SECONDS", 0.3)
    hub.faults.append(Fault("listing", body=b" " * 1200, drip=0.05))
    began = time.monotonic()
    assert "bytes in 0 seconds and no end of its answer: check the connection" in refused()
    assert time.monotonic() - began < 30  # of the minute that all of it takes


def test_the_page_of_an_error_is_not_read(hub: Hub) -> None:
    hub.faults.append(Fault("listing", status=418, body=b"x" * 1200, drip=0.05))
    began = time.monotonic()
    with pytest.raises(HfHubHTTPError):
        told_of()
    assert time.monotonic() - began < 30
