"""What was pulled before stays valid until its successor is whole, and then says what it takes."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from hub.loopback import Fault, Hub, Repository
from hub.working import HASTY, environment, failed, pulled, to_the_end, told
from localthink.errors import LocalthinkError
from localthink.gguf import header
from localthink.hub.cache import CachedFile, cached_files, remove, taken, unfinished_pulls
from localthink.hub.finding import Choice
from localthink.hub.listing import Offer, RemoteFile
from localthink.hub.news import Checking, Note, PullNews, PullOrder
from localthink.hub.pull import Pull
from localthink.hub.pulling import Pulling
from localthink.hub.transfer import Sum
from localthink.hub.wanted import Place, parse_wanted
from localthink.shelf.local_models import find_model
from localthink.shelf.receipts import Receipt, read_receipts, write_receipt

Make = Callable[[int], bytes]
NAME, FILE = "me/tiny", "tiny-Q4_K_M.gguf"
STEM = "tiny-Q4_K_M"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def settings(hub: Hub, tmp_path: Path) -> Iterator[None]:
    with told(environment(hub, tmp_path)):
        yield


def pull(text: str = f"hf:{NAME}") -> list[PullNews]:
    with Pull(parse_wanted(text), policy=HASTY, spare=0) as pulling:
        return to_the_end(pulling)


def publish(hub: Hub, commit: str, data: bytes) -> None:
    hub.repositories[NAME] = Repository({FILE: data}, {"main": commit})


def break_off(hub: Hub) -> None:
    hub.faults += [Fault("store", after=9000), *[Fault("store", status=503)] * 4]
    failed(pull())
    hub.faults.clear()


@pytest.fixture
def old(hub: Hub, model: Make) -> Receipt:
    publish(hub, OLD, model(0))
    return pulled(pull())


def test_an_interrupted_update_leaves_what_was_pulled_before_as_it_was(hub: Hub, model: Make, old: Receipt) -> None:
    publish(hub, NEW, model(1))
    break_off(hub)
    assert old.complete and find_model(STEM) == old.path and old in read_receipts()
    ((begun, size),) = unfinished_pulls()
    assert (begun.commit, size) == (NEW, 9000)
    assert remove(begun) == 9000 and find_model(STEM) == old.path
    assert old.path.read_bytes() == model(0)


def test_a_finished_update_has_the_name_and_says_what_the_old_state_takes(hub: Hub, model: Make, old: Receipt) -> None:
    publish(hub, NEW, model(1))
    news = pull()
    new = pulled(news)
    assert [item.text for item in news if isinstance(item, Note)] == [
        f"{FILE} of commit aaaaaaaa, which was pulled before, still takes 143 KiB: "
        f"`localthink models remove hf:{NAME}@aaaaaaaa/{FILE}` frees it"]
    assert find_model(STEM) == new.path and find_model(old.state) == old.path
    assert remove(old) == len(model(0))
    assert read_receipts() == (new,) and new.path.read_bytes() == model(1)
    assert not any(isinstance(item, Note) for item in pull())


@pytest.mark.parametrize("links", [True, False])
def test_a_damaged_model_is_mended_by_a_later_commit_of_the_same_file_and_nothing_stays_behind(
        hub: Hub, model: Make, tmp_path: Path, links: bool) -> None:
    if not links and not hasattr(constants, "HF_HUB_DISABLE_SYMLINKS"):
        pytest.skip("this client cannot be told to do without links")
    os.environ["HF_HUB_DISABLE_SYMLINKS"] = "" if links else "1"
    publish(hub, OLD, model(0))
    old = pulled(pull())
    old.path.resolve().write_bytes(bytes(len(model(0))))
    write_receipt(old.doubted())
    publish(hub, NEW, model(0))
    new = pulled(pull())
    assert read_receipts() == (new,) and new.commit == NEW and new.path.read_bytes() == model(0)
    assert not old.path.exists() and remove(new) == len(model(0))
    assert not list((tmp_path / "hf" / "hub").glob("models--*"))


def test_what_is_sound_of_a_damaged_state_is_not_loaded_again(hub: Hub, model: Make, old: Receipt) -> None:
    write_receipt(old.doubted())
    publish(hub, NEW, model(0))
    hub.sent = {}
    new = pulled(pull())
    assert not hub.sent and read_receipts() == (new,) and new.path.read_bytes() == model(0)


def test_a_damaged_state_goes_when_the_hub_has_another(hub: Hub, model: Make, old: Receipt, tmp_path: Path) -> None:
    write_receipt(old.doubted())
    publish(hub, NEW, model(1))
    news = pull()
    assert Note(f"{FILE} changed on the Hub: its download starts again") in news
    assert read_receipts() == (pulled(news),) and not old.path.exists()
    assert [path.stat().st_size for path in (tmp_path / "hf" / "hub").glob("models--*/blobs/*")] == [len(model(1))]


def test_what_was_begun_in_another_cache_is_left_there(hub: Hub, model: Make, tmp_path: Path) -> None:
    publish(hub, OLD, model(0))
    break_off(hub)
    os.environ["HF_HOME"] = str(tmp_path / "moved")
    publish(hub, NEW, model(1))
    new = pulled(pull())
    ((begun, size),) = unfinished_pulls()
    assert (begun.commit, size) == (OLD, 9000) and new.path.is_relative_to(tmp_path / "moved")


def test_a_person_whom_the_system_does_not_know_has_a_cache_here(hub: Hub, model: Make, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    publish(hub, OLD, model(0))
    os.environ["HF_HUB_CACHE"] = "~nosuchperson/x"
    receipt = pulled(pull())
    assert receipt.path.is_relative_to(tmp_path / "~nosuchperson" / "x")
    assert find_model(STEM) == receipt.path and taken(receipt) == len(model(0))


@pytest.fixture
def pulling(tmp_path: Path, model: Make, monkeypatch: pytest.MonkeyPatch) -> tuple[Pulling, CachedFile, list[PullNews]]:
    """A pull in this process, of which all has come and nothing is checked as soon as its part is written."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    data = model(0)
    summed = Sum("0" * 64, len(data))
    summed.update(data)
    file = RemoteFile(FILE, len(data), summed.found)
    news: list[PullNews] = []
    choice = Choice(Place(NAME), OLD, Offer("Q4_K_M", (file,)))
    started = Pulling(PullOrder(parse_wanted(f"hf:{NAME}"), spare=0), choice, news.append)
    cached = CachedFile(tmp_path / "hf" / "hub" / "models--me--tiny", OLD, FILE, file.blob)
    cached.part.parent.mkdir(parents=True)
    return started, cached, news


def test_what_another_program_loads_meanwhile_counts_as_here(
        pulling: tuple[Pulling, CachedFile, list[PullNews]], model: Make) -> None:
    started, cached, news = pulling
    cached.part.write_bytes(model(0))
    receipt = started.run()
    assert receipt.complete and [item.share for item in news if isinstance(item, Checking)] == [1.0]


def test_nothing_is_removed_before_the_header_is_read(
        pulling: tuple[Pulling, CachedFile, list[PullNews]], model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    started, cached, _ = pulling
    cached.part.write_bytes(model(0))
    tried: list[str] = []
    real = header.read_facts

    def meanwhile(path: Path) -> header.ModelFacts:
        with pytest.raises(LocalthinkError, match="being downloaded or removed by process") as caught:
            remove(read_receipts()[0])
        tried.append(str(caught.value))
        return real(path)

    monkeypatch.setattr(header, "read_facts", meanwhile)
    assert started.run().complete and len(tried) == 1


def test_a_place_in_the_cache_is_known_from_every_receipt(old: Receipt, tmp_path: Path) -> None:
    (file,) = cached_files(old)
    assert file.pointer == old.path and file.folder == tmp_path / "hf" / "hub" / "models--me--tiny"
