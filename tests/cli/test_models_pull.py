"""`localthink models pull`, `verify` and `remove`, as a person types them, against a Hub on this machine."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.running import Ran
from hub.loopback import Fault, Hub, Repository, loopback_hub
from hub.working import environment
from tiny_gguf import write_tiny_gguf

FILE = "tiny-Q4_K_M.gguf"


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with loopback_hub() as hub:
        yield hub


@pytest.fixture
def hub(server: Hub, tmp_path: Path) -> Hub:
    server.reset()
    server.repositories["me/tiny"] = Repository({FILE: write_tiny_gguf(tmp_path / FILE).read_bytes()})
    return server


@pytest.fixture
def start(hub: Hub, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    def call(*arguments: str, **others: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-m", "localthink", "models", *arguments], text=True,
                                encoding="utf-8", env=environment(hub, tmp_path, **others), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return call


@pytest.fixture
def models(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Ran]:
    def call(*arguments: str, **others: str) -> Ran:
        child = start(*arguments, **others)
        out, err = child.communicate(timeout=60)
        assert "Traceback" not in err, err
        return Ran(child.returncode, out, err)

    return call


def test_a_model_is_pulled_listed_verified_and_removed(models: Callable[..., Ran], hub: Hub, tmp_path: Path) -> None:
    pulled = models("pull", "hf:me/tiny")
    assert pulled.code == 0
    path = Path(pulled.out.strip())
    assert path.read_bytes() == hub.repositories["me/tiny"].files[FILE]
    assert "checked, and ready: localthink chat -m tiny-Q4_K_M" in pulled.err
    assert "me/tiny: Q4_K_M" in pulled.err and "100%" in pulled.err
    again = models("pull", "hf:me/tiny", "--json")
    assert json.loads(again.out)["path"] == str(path) and again.err == ""
    assert sum(hub.sent.values()) == path.stat().st_size  # the second time nothing was sent

    assert "tiny-Q4_K_M" in models("list", "--here").out
    assert models("verify").code == 0
    refused = models("remove", "tiny-Q4_K_M")
    assert refused.code == 2 and "give --yes" in refused.err and path.exists()
    removed = models("remove", "tiny-Q4_K_M", "--yes")
    assert removed.code == 0 and "are free" in removed.out
    assert not path.exists()
    assert "tiny-Q4_K_M" not in models("list", "--here").out


def test_a_damaged_file_is_found_out_and_no_longer_offered(models: Callable[..., Ran]) -> None:
    path = Path(models("pull", "hf:me/tiny").out.strip())
    content = path.resolve()
    content.chmod(0o644)
    with content.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    verified = models("verify", "tiny-Q4_K_M")
    assert verified.code == 1
    assert "it is damaged" in verified.out
    assert json.loads(models("verify", "--json").out) == {"files": []}
    assert "tiny-Q4_K_M" not in models("list", "--here").out.split("Begun")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="a console Ctrl+C cannot be sent to one child process on Windows")
def test_ctrl_c_keeps_what_has_come_and_the_same_command_goes_on(
        start: Callable[..., subprocess.Popen[str]], models: Callable[..., Ran], hub: Hub) -> None:
    size = len(hub.repositories["me/tiny"].files[FILE])
    hub.faults = [Fault("store", after=size // 2, stall=True)]
    child = start("pull", "hf:me/tiny")
    assert hub.stalled.wait(30)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert err.endswith("stopped: the same command goes on from here\n")
    hub.going.set()
    before = sum(hub.sent.values())
    listed = models("list", "--here")
    assert "Begun, and not whole" in listed.out and "tiny-Q4_K_M" not in listed.out.split("Begun")[0]
    assert models("pull", "hf:me/tiny").code == 0
    assert sum(hub.sent.values()) - before < size  # what was on its way when the child was killed comes again


def test_offline_what_is_here_is_enough_and_anything_else_says_so(
        models: Callable[..., Ran]) -> None:
    path = models("pull", "hf:me/tiny").out
    offline = {"HF_HUB_OFFLINE": "1"}
    assert models("pull", "hf:me/tiny", **offline).out == path
    missing = models("pull", "hf:me/other", **offline)
    assert missing.code == 2 and "HF_HUB_OFFLINE" in missing.err


@pytest.mark.parametrize(("asked", "said"), [
    ("hf:me/none", "there is no model me/none"), ("hf:me/tiny:Q8_0", "has nothing at Q8_0: it holds Q4_K_M"),
    ("hf:me", "'hf:me'"), ("r1-qwn-7b", "did you mean 'r1-qwen-7b'"),
    ("hf:me/tiny/other.gguf", "there is no other.gguf"),
])
def test_what_cannot_be_had_is_one_line_and_exit_code_2(models: Callable[..., Ran], asked: str, said: str) -> None:
    ran = models("pull", asked)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1 and ran.out == ""


def test_the_hubs_own_listing_is_shown_when_asked_for(models: Callable[..., Ran]) -> None:
    ran = models("info", "hf:me/tiny")
    assert "me/tiny at aaaaaaaaaaaa" in ran.out and FILE.removesuffix(".gguf") in ran.out
    assert json.loads(models("info", "hf:me/tiny", "--json").out)["hub"]["files"][0]["precision"] == "Q4_K_M"


def test_what_others_keep_is_not_removed(models: Callable[..., Ran]) -> None:
    ran = models("remove", "countdown", "--yes")
    assert ran.code == 2
    assert "comes with localthink" in ran.err
