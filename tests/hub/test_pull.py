"""A download can be killed at any byte, alone or with its program: what has come is never sent again, and nothing
that is not whole is taken for a model.
"""
from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

import psutil
import pytest
from huggingface_hub import constants

from hub.loopback import Fault, Hub, Repository
from hub.working import HASTY, environment, failed, pulled, to_the_end, told
from localthink.errors import LocalthinkError
from localthink.hub.cache import unfinished_pulls
from localthink.hub.news import Failed, Note, Pulled, PullNews, PullProgress, RetryPolicy, Waiting
from localthink.hub.pull import Pull, error_of, look_up
from localthink.hub.wanted import parse_wanted
from localthink.shelf.local_models import known_models
from localthink.shelf.receipts import read_receipts, write_receipt

Make = Callable[[int], bytes]
NAME, FILE = "me/tiny", "tiny-Q4_K_M.gguf"
WANTED = parse_wanted(f"hf:{NAME}")
PROGRAM = f"""
from localthink.hub.pull import Pull
from localthink.hub.wanted import parse_wanted

if __name__ == "__main__":
    with Pull(parse_wanted("hf:{NAME}"), spare=0) as pull:
        while not pull.finished:
            pull.wait()
"""


@pytest.fixture
def data(hub: Hub, model: Make) -> bytes:
    hub.repositories[NAME] = Repository({FILE: model(0)})
    return model(0)


@pytest.fixture(autouse=True)
def settings(hub: Hub, tmp_path: Path) -> Iterator[None]:
    """The environment of the pulls: a home, and a Hub's cache, for this test alone."""
    with told(environment(hub, tmp_path)):
        yield


def pull(policy: RetryPolicy = HASTY) -> Pull:
    return Pull(WANTED, policy=policy, spare=0)


def part(tmp_path: Path) -> int:
    """The bytes that have come so far."""
    return sum(path.stat().st_size for path in tmp_path.glob("hf/hub/models--*/blobs/*.incomplete"))


def stall_after(hub: Hub, number: int) -> None:
    hub.stalled.clear()
    hub.faults.append(Fault("store", after=number, stall=True))


def offered(tmp_path: Path) -> list[Path]:
    """The models in the Hub's cache that other programs find, or localthink."""
    mine = [path for path in known_models().values() if path.is_relative_to(tmp_path)]
    return [*tmp_path.glob("hf/hub/models--*/snapshots/*/*"), *mine]


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))])
def test_killed_at_any_byte_it_goes_on_there(hub: Hub, data: bytes, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(4):
        before = part(tmp_path)
        stall_after(hub, chance.randrange(0, (len(data) - before) // 2))
        with pull() as pulling:
            assert hub.stalled.wait(20)
        assert part(tmp_path) >= before
        assert not offered(tmp_path) and not any(receipt.complete for receipt in read_receipts())
        hub.sent = {}
    here = part(tmp_path)
    with pull() as pulling:
        receipt = pulled(to_the_end(pulling))
    assert receipt.path.read_bytes() == data
    assert hub.ranges(FILE)[-1] == f"bytes={here}-{len(data) - 1}" and hub.sent[FILE] == len(data) - here
    assert read_receipts() == (receipt,) and receipt.complete and not unfinished_pulls()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_any_moment_it_leaves_a_part_or_a_whole(hub: Hub, data: bytes, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    news: list[PullNews] = []
    for _ in range(200):
        with pull() as pulling:
            end = time.monotonic() + chance.uniform(0.2, 0.6)
            while not pulling.finished and time.monotonic() < end:
                news += pulling.wait(0.001)
        assert all(path.read_bytes() == data for path in offered(tmp_path))
        if news and isinstance(news[-1], Pulled):
            break
    assert pulled(news).path.read_bytes() == data


def test_a_program_that_is_killed_takes_its_download_along(hub: Hub, data: bytes, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    stall_after(hub, 60_000)
    program = subprocess.Popen([sys.executable, script])
    assert hub.stalled.wait(20)
    children = psutil.Process(program.pid).children(recursive=True)
    assert children
    program.kill()
    program.wait()
    assert not psutil.wait_procs(children, timeout=20)[1]
    here = part(tmp_path)
    with pull() as pulling:
        assert pulled(to_the_end(pulling)).path.read_bytes() == data
    assert hub.ranges(FILE)[-1] == f"bytes={here}-{len(data) - 1}"


def test_what_kills_the_download_is_told_as_its_failure(hub: Hub, data: bytes) -> None:
    stall_after(hub, 10)
    with pull() as pulling:
        assert hub.stalled.wait(20)
        spawned = (child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline()))
        child = max(spawned, key=psutil.Process.create_time)  # other tests have children too
        child.kill()
        assert failed(to_the_end(pulling)).startswith("the download's process ended (")


def test_a_cancelled_pull_is_at_its_end_and_tells_nothing_more(hub: Hub, data: bytes) -> None:
    stall_after(hub, 10)
    with pull() as pulling:
        assert hub.stalled.wait(20)
        pulling.cancel()
        assert pulling.finished and pulling.poll() == [] and pulling.wait(1) == []
    assert [receipt.checked for receipt, _ in unfinished_pulls()] == [False]


def test_where_no_process_can_be_started_nothing_is_left_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: SpawnProcess) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    pulling = pull()
    with pytest.raises(BlockingIOError):
        pulling.start()
    pulling.cancel()
    assert pulling.finished and pulling.poll() == []


def test_polling_never_waits(hub: Hub, data: bytes) -> None:
    stall_after(hub, 10)
    with pull() as pulling:
        pulling.poll()
        assert hub.stalled.wait(20)
        while not any(isinstance(news, PullProgress) for news in pulling.wait(20)):
            pass
        assert pulling.poll() == []


def test_one_file_is_downloaded_by_one_process_at_a_time(hub: Hub, data: bytes) -> None:
    stall_after(hub, 10)
    with pull() as first:
        assert hub.stalled.wait(20)
        with pull() as second:
            said = failed(to_the_end(second))
        assert said.startswith(f"{FILE} is being downloaded or removed by process ")
        assert said.endswith("wait for it, or stop it")
        assert not first.finished
    with pull() as third:  # whoever was killed holds nothing any more
        pulled(to_the_end(third))


@pytest.mark.parametrize("state", ["content without a name", "content and name without a receipt"])
def test_killed_just_before_the_end_it_needs_only_to_be_checked(hub: Hub, data: bytes, state: str) -> None:
    with pull() as pulling:
        receipt = pulled(to_the_end(pulling))
    write_receipt(receipt.doubted())
    if state == "content without a name":
        receipt.path.unlink()
    hub.sent = {}
    with pull() as pulling:
        assert pulled(to_the_end(pulling)) == receipt
    assert receipt.path.read_bytes() == data and not hub.sent


def test_an_answer_that_stops_coming_is_given_up_and_asked_for_again(hub: Hub, data: bytes) -> None:
    os.environ["HF_HUB_DOWNLOAD_TIMEOUT"] = "1"
    stall_after(hub, 5000)
    with pull() as pulling:
        news = to_the_end(pulling)
    assert pulled(news).path.read_bytes() == data
    assert [item.reason for item in news if isinstance(item, Waiting)] == ["127.0.0.1 does not answer"]
    assert hub.sent[FILE] == len(data)


def test_without_links_the_file_itself_is_shown_and_there_is_no_second(hub: Hub, data: bytes, tmp_path: Path) -> None:
    if not hasattr(constants, "HF_HUB_DISABLE_SYMLINKS"):
        pytest.skip("this client cannot be told to do without links")
    os.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    hub.faults += [Fault("store", after=5000), *[Fault("store", status=503)] * 4]
    with pull() as pulling:
        failed(to_the_end(pulling))
    hub.faults.clear()
    with pull() as pulling:
        receipt = pulled(to_the_end(pulling))
    assert receipt.path.read_bytes() == data and not receipt.path.is_symlink() and hub.sent[FILE] == len(data)
    assert not any((tmp_path / "hf" / "hub" / "models--me--tiny" / "blobs").iterdir())
    receipt.path.write_bytes(bytes(len(data)))
    write_receipt(receipt.doubted())
    with pull() as pulling:
        news = to_the_end(pulling)
    assert any(isinstance(item, Note) and "is damaged" in item.text for item in news)
    assert pulled(news).path.read_bytes() == data


@pytest.mark.parametrize(("setting", "said"), [
    ({"HF_HUB_OFFLINE": "1"}, "cannot be downloaded in offline mode: unset HF_HUB_OFFLINE"),
    ({"HF_ENDPOINT": "http://127.0.0.1:{closed}"}, "127.0.0.1 cannot be reached ("),
    ({"HTTP_PROXY": "http://someone:secret@127.0.0.1:{closed}"}, "check the connection, and HTTPS_PROXY"),
    ({"HF_ENDPOINT": "nonsense"}, "check HF_ENDPOINT"),
    ({"HF_TOKEN": "hf_ThisMustStaySecret\x0bx"}, "check HF_ENDPOINT and HF_TOKEN"),
    ({"HF_TOKEN": "hf_ThisMustStaySecret–"}, "check HF_ENDPOINT and HF_TOKEN"),
    ({"HF_HOME": "{file}"}, "the Hub's cache cannot be used"),
])
def test_settings_that_lead_nowhere_are_named(data: bytes, tmp_path: Path, setting: dict[str, str], said: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        file = tmp_path / "file"
        file.write_text("no folder")
        for name, value in setting.items():
            os.environ[name] = value.format(closed=nobody.getsockname()[1], file=file)
        with pull() as pulling:
            assert said in failed(to_the_end(pulling))


def test_a_look_says_what_a_repository_holds_or_why_it_cannot(hub: Hub, data: bytes) -> None:
    assert [offer.name for offer in look_up(WANTED, policy=HASTY).offers] == [FILE]
    with pytest.raises(LocalthinkError, match="there is no model me/none that you may read") as caught:
        look_up(parse_wanted("hf:me/none"), policy=HASTY)
    assert caught.value.exit_code == 2


def test_a_failure_becomes_an_error_of_its_exit_code() -> None:
    error = error_of(Failed("the disk is full", 1))
    assert (str(error), error.exit_code) == ("the disk is full", 1)
