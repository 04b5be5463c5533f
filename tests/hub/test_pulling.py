"""A pull brings exactly what the Hub has, whatever happens on the way, and says in one line why where it cannot."""
from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from hub.loopback import CHUNK, Fault, Hub, Repository
from hub.working import HASTY, TOKEN, Worker, environment, failed, pulled
from localthink.hub.news import Checking, Found, Listed, Note, PullNews, PullOrder, PullProgress, RetryPolicy, Waiting
from localthink.hub.wanted import Place, Wanted, parse_wanted
from split_gguf import split
from tiny_gguf import write_tiny_gguf

Make = Callable[[int], bytes]
FILE = "tiny-Q4_K_M.gguf"
HUGE = 2**60  # bytes to spare that no disk has


@pytest.fixture(scope="module")
def worker(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    working = Worker(server, tmp_path_factory.mktemp("worker"))
    yield working
    working.close()


@dataclass
class Case:
    """A repository for one test alone, since all share a cache, with one model of these bytes."""

    worker: Worker
    name: str
    data: bytes

    def pull(self, behind: str = "", spare: int = 0, policy: RetryPolicy = HASTY) -> list[PullNews]:
        return self.worker.pull(f"hf:{self.name}{behind}", (), spare, policy)

    @property
    def folder(self) -> Path:
        return self.worker.cache / f"models--{self.name.replace('/', '--')}"

    @property
    def part(self) -> Path:
        """What an interrupted download leaves."""
        return self.folder / "blobs" / f"{hashlib.sha256(self.data).hexdigest()}.incomplete"

    def leave(self, written: bytes) -> None:
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.part.write_bytes(written)

    def shown(self) -> list[Path]:
        """The files that other programs find in the cache."""
        return list((self.folder / "snapshots").rglob("*.gguf"))


@pytest.fixture
def case(worker: Worker, hub: Hub, model: Make, request: pytest.FixtureRequest) -> Case:
    name = f"me/{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    hub.repositories[name] = Repository({FILE: model(0), "README.md": b"# Tiny"})
    return Case(worker, name, model(0))


def client_finds(case: Case, hub: Hub, **settings: str) -> Path:
    """Where the Hub's own client has the file, which it loads if need be."""
    code = f"from huggingface_hub import hf_hub_download; print(hf_hub_download({case.name!r}, {FILE!r}))"
    done = subprocess.run([sys.executable, "-c", code], env=environment(hub, case.worker.folder, **settings),
                          check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def test_what_is_pulled_is_what_the_hub_has_and_its_receipt_says_so(case: Case, hub: Hub) -> None:
    news = case.pull()
    receipt = pulled(news)
    assert receipt.path.read_bytes() == case.data
    assert (receipt.repository, receipt.commit, receipt.precision, receipt.model) == (case.name, "a" * 40, "Q4_K_M", "")
    assert receipt.checked and receipt.complete
    assert receipt.files[0].sha256 == hashlib.sha256(case.data).hexdigest()
    assert news[0] == Found(case.name, "a" * 40, "Q4_K_M", (FILE,), len(case.data), 0)
    assert news[-2] == PullProgress(len(case.data), len(case.data))
    assert hub.sent == {FILE: len(case.data)}


def test_the_login_reaches_the_hub_and_never_the_store(case: Case, hub: Hub) -> None:
    pulled(case.pull())
    assert {where for where, login in hub.authorized if login == f"Bearer {TOKEN}"} == {"listing", "resolve"}
    assert hub.ranges(FILE)


def test_pulled_again_nothing_is_sent_again(case: Case, hub: Hub) -> None:
    receipt = pulled(case.pull())
    hub.sent = {}
    assert pulled(case.pull(":Q4_K_M")) == receipt
    assert not hub.sent


def test_a_model_that_was_pulled_under_another_name_gets_the_name_of_the_catalogue_too(case: Case, hub: Hub) -> None:
    receipt = pulled(case.pull())
    wanted = Wanted("tiny", (Place(case.name),), "", "", "tiny")
    named = pulled(case.worker.follow(PullOrder(wanted, policy=HASTY, spare=0)))
    assert named == replace(receipt, model="tiny")
    assert pulled(case.pull()) == named


def test_the_client_of_the_hub_finds_it_without_a_connection(case: Case, hub: Hub) -> None:
    receipt = pulled(case.pull())
    assert client_finds(case, hub, HF_HUB_OFFLINE="1") == receipt.path


def test_what_the_client_of_the_hub_has_loaded_is_checked_and_used(case: Case, hub: Hub) -> None:
    found = client_finds(case, hub)
    hub.sent = {}
    news = case.pull()
    assert pulled(news).path == found
    assert Checking(1.0) in news and not hub.sent


@pytest.mark.parametrize("have", [1, CHUNK, 100_001, -1])
def test_what_is_there_is_not_sent_again(case: Case, hub: Hub, have: int) -> None:
    have %= len(case.data)
    case.leave(case.data[:have])
    news = case.pull()
    assert pulled(news).path.read_bytes() == case.data
    assert hub.ranges(FILE) == [f"bytes={have}-{len(case.data) - 1}"] and hub.sent[FILE] == len(case.data) - have
    assert isinstance(news[0], Found) and news[0].here == have and Checking(1.0) in news


def test_a_part_with_every_byte_needs_only_to_be_checked(case: Case, hub: Hub) -> None:
    case.leave(case.data)
    assert pulled(case.pull()).path.read_bytes() == case.data
    assert not hub.sent


def test_a_part_that_is_too_long_is_of_no_use(case: Case, hub: Hub) -> None:
    case.leave(case.data + b"more")
    assert pulled(case.pull()).path.read_bytes() == case.data


@pytest.mark.parametrize(("faults", "reason"), [
    ([Fault("store", after=5000)], "the connection broke off"),
    ([Fault("store", after=0)], "the connection broke off"),
    ([Fault("store", status=503)], "127.0.0.1 answers with status 503"),
    ([Fault("get", status=500)], "127.0.0.1 answers with status 500"),
    ([Fault("head", status=502)], "127.0.0.1 answers with status 502"),
    ([Fault("listing", status=504)], "127.0.0.1 answers with status 504"),
    ([Fault("get", status=429)], "there are too many requests for 127.0.0.1"),
    ([Fault("store", shift=10, after=0)], "the answer is not the part that was asked for"),
    ([Fault("store", after=after) for after in range(1000, 9000, 1000)], "the connection broke off"),
    ([Fault("store", status=503)] * 3, "127.0.0.1 answers with status 503"),
])
def test_trouble_that_passes_is_waited_for_and_said(case: Case, hub: Hub, faults: list[Fault], reason: str) -> None:
    hub.faults += faults
    news = case.pull()
    assert pulled(news).path.read_bytes() == case.data
    waits = [item for item in news if isinstance(item, Waiting)]
    assert [wait.reason for wait in waits] == [reason] * len(faults)
    assert hub.sent[FILE] == len(case.data)  # not a byte twice


@pytest.mark.parametrize(("header", "seconds"), [
    (("Retry-After", "0.05"), 0.05),
    (("Retry-After", format_datetime(datetime.now(UTC) - timedelta(hours=1))), 0),
    (("Retry-After", "nonsense"), 0.001),
    (("Retry-After", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"), 0.001),
    (("RateLimit", '"api";r=0;t=0'), 0),
    (("RateLimit", '"api";r=7;t=300'), 0.001),
])
def test_the_hub_says_how_long_to_wait(case: Case, hub: Hub, header: tuple[str, str], seconds: float) -> None:
    hub.faults.append(Fault("get", status=429, headers=(header,)))
    news = case.pull()
    pulled(news)
    assert [item.seconds for item in news if isinstance(item, Waiting)] == [seconds]


def test_a_wait_of_hours_is_not_waited(case: Case, hub: Hub) -> None:
    hub.faults.append(Fault("get", status=429, headers=(("Retry-After", "7200"),)))
    assert "not to be asked again for 120 minutes: try again then" in failed(case.pull())


@pytest.mark.parametrize("header", [
    ("Retry-After", "99999999999"), ("Retry-After", "9" * 400), ("RateLimit", '"api";r=0;t=99999999999'),
    ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
])
def test_a_wait_that_makes_no_sense_is_not_told_in_minutes(case: Case, hub: Hub, header: tuple[str, str]) -> None:
    hub.faults.append(Fault("get", status=429, headers=(header,)))
    assert "for more than a day: check HF_ENDPOINT and the proxy" in failed(case.pull())


def test_waits_grow_and_begin_anew_when_bytes_have_come(case: Case, hub: Hub) -> None:
    hub.faults += [Fault("store", status=500), Fault("store", status=500), Fault("store", after=10),
                   Fault("store", status=500)]
    news = case.pull(policy=RetryPolicy(first_seconds=0.001, most_seconds=1))
    pulled(news)
    assert [item.seconds for item in news if isinstance(item, Waiting)] == [0.001, 0.002, 0.001, 0.002]


def test_trouble_that_lasts_ends_the_pull_and_keeps_what_has_come(case: Case, hub: Hub) -> None:
    hub.faults += [Fault("store", after=5000), *[Fault("store", status=503)] * 3]
    assert f"refuses {FILE} of {case.name}, revision main with status 503: try again later" in failed(case.pull())
    assert case.part.read_bytes() == case.data[:5000]
    assert not case.shown()
    pulled(case.pull())
    assert hub.sent[FILE] == len(case.data)


def test_a_store_that_knows_no_ranges_sends_all_and_what_is_there_is_kept(case: Case, hub: Hub) -> None:
    case.leave(case.data[:70_000])
    hub.faults += [Fault("store", ignore_range=True, after=80_000), Fault("store", ignore_range=True)]
    assert pulled(case.pull()).path.read_bytes() == case.data


def test_a_file_that_ends_before_what_is_there_is_begun_again_once(case: Case, hub: Hub) -> None:
    case.leave(case.data[:70_000])
    hub.faults.append(Fault("store", status=416))
    assert pulled(case.pull()).path.read_bytes() == case.data


def test_a_store_that_never_sends_the_end_is_not_begun_again_for_ever(case: Case, hub: Hub) -> None:
    case.leave(case.data[:70_000])
    hub.faults += [Fault("store", status=416), Fault("store", after=4000), Fault("store", status=416)]
    assert "status 416" in failed(case.pull())
    assert hub.sent[FILE] == 4000


@pytest.mark.parametrize("more", [0, 50_000])
def test_a_file_of_another_sum_is_thrown_away_and_pulled_anew(case: Case, hub: Hub, more: int) -> None:
    hub.faults.append(Fault("store", ignore_range=True, body=b"GGUF" + bytes(len(case.data) - 4 + more)))
    assert f"{FILE} is not what the Hub says it is: its sum is " in failed(case.pull())
    assert not case.part.exists() and not case.shown()
    assert pulled(case.pull()).path.read_bytes() == case.data


@pytest.mark.parametrize("have", [0, 700, -1])
@pytest.mark.parametrize("page", [b"<!doctype html><title>Hotel</title>" + b" " * 5000, b"\n <HTML>"])
def test_a_page_in_place_of_the_file_is_refused_at_once_and_what_is_here_kept(case: Case, hub: Hub, have: int,
                                                                             page: bytes) -> None:
    case.leave(case.data[:have])
    hub.faults.append(Fault("store", ignore_range=True, body=page))
    assert f"sends a web page in place of {FILE}, perhaps the login page of a network" in failed(case.pull())
    assert case.part.read_bytes() == case.data[:have]
    assert pulled(case.pull()).path.read_bytes() == case.data
    wanted = len(case.data[have:] if have else case.data)
    assert wanted < hub.sent[FILE] <= wanted + len(page)  # of the page as much as was on its way when it was refused


def test_what_is_no_model_is_refused_by_its_first_bytes(case: Case, hub: Hub) -> None:
    hub.repositories[case.name] = Repository({FILE: b"version https://git-lfs.github.com/spec/v1\n" * 200_000})
    assert f"sends as {FILE} is a Git LFS pointer, not the model itself" in failed(case.pull())
    assert hub.sent[FILE] < 8_600_000 and not case.shown()


def test_a_file_of_another_length_is_not_taken(case: Case, hub: Hub) -> None:
    hub.faults.append(Fault("store", body=bytes(200_000)))
    assert f"{FILE} has 200,000 bytes where the Hub lists 146,048" in failed(case.pull())


def test_a_damaged_part_is_noticed_by_its_sum(case: Case, hub: Hub) -> None:
    case.leave(b"\0" * 1000)
    assert "is not what the Hub says it is" in failed(case.pull())
    assert not case.part.exists() and not case.shown()
    assert pulled(case.pull()).path.read_bytes() == case.data


def test_a_damaged_copy_in_the_cache_is_replaced(case: Case, hub: Hub) -> None:
    content = case.part.with_suffix("")
    content.parent.mkdir(parents=True)
    content.write_bytes(b"\0" * len(case.data))
    news = case.pull()
    assert pulled(news).path.read_bytes() == case.data
    assert Note(f"the copy of {FILE} in the Hub's cache is damaged: it is loaded again") in news


def test_a_body_that_ends_early_is_asked_for_again(case: Case, hub: Hub) -> None:
    hub.faults += [Fault("store", ignore_range=True, body=case.data[:50_000]),  # as if that were all
                   Fault("store", ignore_range=True, body=b"")]
    news = case.pull()
    assert pulled(news).path.read_bytes() == case.data
    assert [item.reason for item in news if isinstance(item, Waiting)] == ["the answer was empty"]


@pytest.mark.parametrize(("faults", "said"), [
    ([Fault("head", status=404, code="EntryNotFound")], "was in {name} a moment ago and is gone"),
    ([Fault("store", after=5000), Fault("get", status=404, code="EntryNotFound")], "a moment ago and is gone"),
    ([Fault("store", after=5000), Fault("store", status=404)], "a moment ago and is gone"),
    ([Fault("get", status=403, code="GatedRepo")], "is gated: ask for access at https://huggingface.co/{name}"),
    ([Fault("listing", status=401, message="Invalid credentials in Authorization header")],
     "does not accept your login: log in again with `hf auth login`"),
    ([Fault("get", status=403, message="Access to this resource is disabled.")], "has been disabled"),
    ([Fault("get", status=418)], "with status 418"),
    ([Fault("listing", status=407)], "the proxy wants a login of its own"),
    ([Fault("listing", body=b"<html>Welcome to our hotel</html>")], "does not answer as the Hub would"),
    ([Fault("listing", body=b"\xff\xfe nothing")], "does not answer as the Hub would"),
    ([Fault("listing", body=b"[" * 100_000)], "does not answer as the Hub would"),
    ([Fault("listing", body=b'{"id": "me/it", "siblings": []}')], "does not say at which commit"),
    ([Fault("listing", body=b'[{"sha": "aaaa"}]')], "does not say at which commit"),
    *(([Fault("listing", body=b'{"sha": "%s", "siblings": %s}' % (b"a" * 40, siblings))], "by 127.0.0.1 is damaged")
      for siblings in (b"5", b'"m.gguf"', b"[null]", b"[{}]", b'[{"rfilename": 5}]', b'[["m.gguf"]]',
                       b'[{"rfilename": "m.gguf", "size": "big"}]', b'[{"rfilename": "m.gguf", "size": -1}]',
                       b'[{"rfilename": "m.gguf", "size": 1e999}]', b'[{"rfilename": "m.gguf", "lfs": []}, {}]',
                       b'[{"rfilename": "m.gguf", "lfs": {"size": 3.5}}]', b'[{"rfilename": "m.gguf", "blobId": 5}]')),
    ([Fault("listing", status=503)] * 3, "with status 503"),
])
def test_what_goes_wrong_is_said_in_one_line(case: Case, hub: Hub, faults: list[Fault], said: str) -> None:
    hub.faults += faults
    assert said.format(name=case.name) in failed(case.pull())
    assert not case.shown()


@pytest.mark.parametrize(("repository", "asked", "said"), [
    (None, "", "there is no model {} that you may read: check the name"),
    (Repository(refused=(403, "GatedRepo"), hidden=True), "", "the model {} is gated"),
    (Repository({FILE: b"GGUF"}), "@v9", "there is no model {}, revision v9: choose a branch, a tag or a commit"),
    (Repository({FILE: b"GGUF"}), "/tiny-Q4_K_S.gguf", f"did you mean {FILE}?"),
    (Repository({FILE: b"GGUF"}), ":Q8_0", "has nothing at Q8_0: it holds Q4_K_M"),
    (Repository({"README.md": b"#"}), "", "holds no .gguf model"),
    (Repository({"m-00001-of-00002.gguf": b"GGUF"}), "", "holds 1 of the 2 parts of m-00001-of-00002.gguf"),
    (Repository({FILE: b"GGUF and nothing else"}), "", "(it is as {} has it"),
    (Repository({FILE: b"an ordinary text"}), "", "is no GGUF file but a text file"),
    (Repository({FILE: b""}), "", "does not say the size and the sum of"),
    (Repository({FILE: b"GGUF"}, lies={FILE: "f" * 64}), "", "is not what the Hub says it is"),
    (Repository(dict.fromkeys(("../../up-Q4_K_M.gguf", "C:\\x.gguf", "/a.gguf"), b"GGUF")), "", "holds no .gguf"),
])
def test_what_cannot_be_had_is_said_in_one_line(case: Case, hub: Hub, repository: Repository | None,
                                                asked: str, said: str) -> None:
    hub.repositories.pop(case.name)
    if repository is not None:
        hub.repositories[case.name] = repository
    assert said.replace("{}", case.name) in failed(case.pull(asked))


def test_a_file_that_changed_since_its_download_began_starts_again(case: Case, hub: Hub, model: Make) -> None:
    hub.faults += [Fault("store", after=9000), *[Fault("store", status=503)] * 4]
    failed(case.pull())
    hub.faults.clear()
    hub.repositories[case.name] = Repository({FILE: model(1)}, {"main": "b" * 40})
    news = case.pull()
    assert Note(f"{FILE} changed on the Hub: its download starts again") in news
    assert pulled(news).path.read_bytes() == model(1) != case.data
    assert not case.part.exists()


def test_a_commit_that_left_the_file_alone_changes_nothing(case: Case, hub: Hub) -> None:
    hub.faults += [Fault("store", after=9000), *[Fault("store", status=503)] * 4]
    failed(case.pull())
    hub.faults.clear()
    hub.repositories[case.name].revisions = {"main": "b" * 40}
    news = case.pull()
    assert pulled(news).commit == "b" * 40 and not any(isinstance(item, Note) for item in news)
    assert hub.sent[FILE] == len(case.data)
    hub.repositories[case.name].revisions = {"main": "c" * 40}
    assert pulled(case.pull()).commit == "b" * 40  # it is the same model


def test_a_file_that_changes_between_the_question_and_the_answer_is_refused(case: Case, hub: Hub) -> None:
    hub.repositories[case.name].changing = hashlib.sha256(b"another").hexdigest()
    assert "changed on the Hub while it was downloaded" in failed(case.pull())


def test_the_disk_is_asked_first(case: Case, hub: Hub) -> None:
    said = failed(case.pull(spare=HUGE))
    assert said.startswith("143 KiB are still to be loaded and 1,073,741,824.00 GiB should stay free, but the disk of")
    assert not hub.sent


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_fills_up_on_the_way_is_said(case: Case, hub: Hub) -> None:
    case.part.parent.mkdir(parents=True)
    case.part.symlink_to("/dev/full")
    assert "the disk is full: free some of it" in failed(case.pull())


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="no permission binds whoever runs the tests")
def test_a_cache_that_cannot_be_written_is_said(case: Case, hub: Hub) -> None:
    case.part.parent.mkdir(parents=True)
    case.part.parent.chmod(0o500)
    try:
        assert "the Hub's cache cannot be written" in failed(case.pull())
    finally:
        case.part.parent.chmod(0o700)


def test_parts_come_together_as_one(case: Case, hub: Hub, tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    hub.repositories[case.name] = Repository({f"Q8_0/{path.name}": path.read_bytes() for path in reversed(parts)})
    hub.faults.append(Fault("store", file=f"Q8_0/{parts[1].name}", after=100))
    news = case.pull(":Q8_0")
    receipt = pulled(news)
    assert [Path(file.path).read_bytes() for file in receipt.files] == [path.read_bytes() for path in parts]
    assert receipt.path.name == "split-Q8_0-00001-of-00003.gguf" and receipt.bytes == sum(hub.sent.values())
    assert [item for item in news if isinstance(item, PullProgress)][-1] == PullProgress(receipt.bytes, receipt.bytes)


def test_a_name_may_hold_spaces_and_letters_of_any_script(case: Case, hub: Hub) -> None:
    name = "Qwen 深度/tiny + ü #1% Q4_K_M.gguf"
    hub.repositories[case.name] = Repository({name: case.data})
    hub.faults.append(Fault("store", after=1000))
    receipt = pulled(case.pull())
    assert receipt.files[0].name == name and receipt.path.read_bytes() == case.data


def test_nothing_of_a_split_model_is_shown_before_all_of_it_is_here(case: Case, hub: Hub, tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    hub.repositories[case.name] = Repository({path.name: path.read_bytes() for path in parts})
    hub.faults += [Fault("store", file=parts[1].name, status=503)] * 4
    failed(case.pull())
    assert not case.shown()
    pulled(case.pull())
    assert hub.sent[parts[0].name] == parts[0].stat().st_size


def test_a_small_file_outside_of_large_storage_is_checked_by_gits_sum(case: Case, hub: Hub) -> None:
    hub.repositories[case.name].stored = False
    receipt = pulled(case.pull())
    assert receipt.path.read_bytes() == case.data and receipt.files[0].sha256 == "" and len(receipt.files[0].blob) == 40


def test_sizes_that_the_listing_leaves_out_are_asked_for(case: Case, hub: Hub) -> None:
    hub.repositories[case.name].sizes = False
    assert pulled(case.pull()).files[0].bytes == len(case.data)


def test_the_next_source_of_a_model_serves_where_one_cannot(case: Case, hub: Hub, model: Make) -> None:
    hub.repositories[f"{case.name}-gated"] = Repository({FILE: model(0)}, refused=(403, "GatedRepo"))
    hub.repositories[f"{case.name}-other"] = Repository({"tiny-Q8_0.gguf": model(0)})
    hub.repositories[case.name] = Repository({FILE: model(0), "large-Q4_K_M.gguf": model(1)})
    names = [f"{case.name}{suffix}" for suffix in ("-gone", "-gated", "-other", "")]
    places = tuple(Place(name, None, "tiny-{precision}.gguf") for name in names)
    wanted = Wanted("tiny", places, "Q4_K_M", "", "from-the-fourth")  # no other test's, which may be here already
    news = case.worker.follow(PullOrder(wanted, policy=HASTY, spare=0))
    receipt = pulled(news)
    assert (receipt.repository, receipt.model, receipt.path.read_bytes()) == (case.name, "from-the-fourth", model(0))
    notes = [item.text for item in news if isinstance(item, Note)]
    assert [note.partition("; trying ")[2] for note in notes] == names[1:]
    none = case.worker.follow(PullOrder(Wanted("tiny", places[:3], "Q4_K_M", "", "none"), policy=HASTY))
    assert failed(none).startswith("tiny cannot be downloaded from any of its 3 sources: there is no model")


@pytest.mark.parametrize("state", ["whole", "begun"])
def test_a_model_of_the_catalogue_comes_from_where_it_came_from_before(case: Case, hub: Hub, model: Make,
                                                                       state: str) -> None:
    """The first source was away then, and is back."""
    first, second = f"{case.name}-first", f"{case.name}-second"
    wanted = Wanted("tiny", (Place(first), Place(second)), "Q4_K_M", "", case.name)
    order = PullOrder(wanted, policy=HASTY, spare=0)
    hub.repositories[second] = Repository({FILE: model(1)})
    if state == "begun":
        hub.faults += [Fault("store", after=9000), *[Fault("store", status=503)] * 4]
    before = case.worker.follow(order)
    hub.faults.clear()
    hub.repositories[first] = Repository({FILE: model(0)})
    receipt = pulled(case.worker.follow(order))
    assert (receipt.repository, receipt.path.read_bytes()) == (second, model(1))
    assert hub.sent[FILE] == len(model(1)) and (state == "begun" or receipt == pulled(before))


@pytest.mark.parametrize("left", [True, False])
def test_a_model_whose_source_vanished_stays_and_is_not_pulled_from_another(case: Case, hub: Hub, model: Make,
                                                                            left: bool) -> None:
    first, second = f"{case.name}-first", f"{case.name}-second"
    hub.repositories |= {first: Repository({FILE: model(0)}), second: Repository({FILE: model(1)})}
    wanted = Wanted("tiny", (Place(first), Place(second)), "Q4_K_M", "", case.name)
    receipt = pulled(case.worker.follow(PullOrder(wanted, policy=HASTY, spare=0)))
    del hub.repositories[first]
    places = wanted.places if left else wanted.places[1:]  # or the catalogue names it no longer
    news = case.worker.follow(PullOrder(replace(wanted, places=places), policy=HASTY, spare=0))
    assert pulled(news) == receipt and hub.sent[FILE] == len(model(0))
    (note,) = [item.text for item in news if isinstance(item, Note)]
    assert note.startswith(f"there is no model {first}") and note.endswith(
        f"; {case.name}:Q4_K_M from {first} is here, and stays")
    assert pulled(case.worker.pull(f"hf:{second}")).repository == second  # who names it gets it


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of a folder there")
def test_a_branch_is_noted_for_whom_the_umask_lets_read_it(case: Case, hub: Hub) -> None:
    pulled(case.pull())
    note = case.folder / "refs" / "main"
    plain = case.folder / "plain"
    plain.touch()
    assert note.read_text() == "a" * 40 and note.stat().st_mode == plain.stat().st_mode
    assert [path.name for path in note.parent.iterdir()] == ["main"]


def test_a_look_downloads_nothing(case: Case, hub: Hub) -> None:
    news = case.worker.follow(PullOrder(parse_wanted(f"hf:{case.name}"), only_look=True, policy=HASTY))
    assert isinstance(news[-1], Listed)
    (offer,) = news[-1].listing.offers
    assert (offer.name, offer.precision, offer.bytes) == (FILE, "Q4_K_M", len(case.data))
    assert not hub.sent


def test_a_revision_is_pulled_as_it_was(case: Case, hub: Hub) -> None:
    hub.repositories[case.name].revisions = {"main": "a" * 40, "refs/pr/1": "b" * 40}
    assert pulled(case.pull(f"@refs%2Fpr%2F1/{FILE}")).commit == "b" * 40
    assert (case.folder / "refs" / "refs" / "pr" / "1").read_text() == "b" * 40


def split_model(folder: Path) -> list[Path]:
    """A model in three parts."""
    parts = split(write_tiny_gguf(folder / "whole.gguf"), folder)
    return [part.rename(folder / part.name.replace("tiny", "split-Q8_0")) for part in parts]
