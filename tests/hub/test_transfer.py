"""Whatever a store does, the bytes that come together are those of the file, and none is sent twice that was asked for
alone.
"""
from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from huggingface_hub import close_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.loopback import Fault, Hub, Repository
from hub.working import HASTY
from localthink.hub import transfer
from localthink.hub.news import Waiting
from localthink.hub.retries import Retries
from localthink.hub.transfer import Source, Sum, Transfer

NAME, FILE = "me/any", "any.gguf"
DATA = b"GGUF" + bytes(number * number % 251 for number in range(49_996))
SUM = hashlib.sha256(DATA).hexdigest()
DROPS = st.builds(Fault, at=st.just("store"), after=st.integers(0, len(DATA)))
REFUSALS = st.builds(Fault, at=st.sampled_from(("get", "store")), status=st.sampled_from((429, 500, 503)))
WITHOUT_RANGES = st.builds(Fault, at=st.just("store"), after=st.none() | st.integers(0, len(DATA)),
                           ignore_range=st.just(True))


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between this process and the store."""
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(variable)
    close_session()


def bring(hub: Hub, part: Path) -> tuple[Sum, list[int]]:
    """Load what is missing of `part`; returns its sum, and how many bytes were added at a time."""
    added: list[int] = []
    summed = Sum(SUM, len(DATA))
    if part.exists():
        summed.add_file(part)
    waits: list[Waiting] = []
    source = Source(f"{hub.endpoint}/{NAME}/resolve/main/{FILE}", FILE, SUM, len(DATA))
    Transfer(source, part, summed, Retries(HASTY, waits.append, tries=100), added.append).run()
    return summed, added


@given(st.integers(0, len(DATA)), st.lists(DROPS | REFUSALS, max_size=8), st.integers(5000, 2 * len(DATA)))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_trouble_costs_time_and_not_a_byte(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, have: int,
                                               faults: list[Fault], at_once: int) -> None:
    monkeypatch.setattr(transfer, "REQUEST_BYTES", at_once)
    hub.reset()
    hub.repositories[NAME] = Repository({FILE: DATA})
    hub.faults += faults
    part = tmp_path / "part"
    part.write_bytes(DATA[:have])
    summed, added = bring(hub, part)
    assert summed.right and part.read_bytes() == DATA
    assert sum(added) == hub.sent.get(FILE, 0) == len(DATA) - have


@given(st.integers(0, len(DATA)), st.lists(DROPS | REFUSALS | WITHOUT_RANGES, max_size=6))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_store_that_sometimes_forgets_ranges_spoils_nothing(hub: Hub, tmp_path: Path, have: int,
                                                              faults: list[Fault]) -> None:
    hub.reset()
    hub.repositories[NAME] = Repository({FILE: DATA})
    hub.faults += faults
    part = tmp_path / "part"
    part.write_bytes(DATA[:have])
    summed, added = bring(hub, part)
    assert summed.right and part.read_bytes() == DATA and sum(added) == len(DATA) - have


def test_a_large_file_is_asked_for_in_pieces(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "REQUEST_BYTES", 20_000)
    hub.repositories[NAME] = Repository({FILE: DATA})
    bring(hub, tmp_path / "part")
    assert hub.ranges(FILE) == ["bytes=0-19999", "bytes=20000-39999", "bytes=40000-49999"]
