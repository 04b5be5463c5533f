"""`localthink models pull`, `verify` and `remove`, as a person types them, against a Hub on this machine."""
from __future__ import annotations

import hashlib
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
from localthink.shelf.receipts import PulledFile, Receipt, write_receipt
from split_gguf import split
from tiny_gguf import write_tiny_gguf

STEM = "tiny-Q4_K_M"
FILE = f"{STEM}.gguf"
TITLE = "DeepSeek-R1-Distill-Qwen-1.5B"


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
    again = models("verify", "--json")
    assert again.code == 1 and [found["sound"] for found in json.loads(again.out)["files"]] == [False]
    assert "tiny-Q4_K_M" not in models("list", "--here").out.split("Complete, but damaged")[0]
    repaired = models("pull", "hf:me/tiny")
    assert repaired.code == 0 and "is damaged: it is loaded again" in repaired.err
    assert models("verify").code == 0 and "tiny-Q4_K_M" in models("list", "--here").out


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
    assert "Not complete" in listed.out and "tiny-Q4_K_M" not in listed.out.split("Not complete")[0]
    assert models("pull", "hf:me/tiny").code == 0
    assert sum(hub.sent.values()) - before < size  # what was on its way when the child was killed comes again


def test_offline_what_is_here_is_enough_and_anything_else_says_so(
        models: Callable[..., Ran]) -> None:
    path = models("pull", "hf:me/tiny").out
    offline = {"HF_HUB_OFFLINE": "1"}
    assert models("pull", "hf:me/tiny", **offline).out == path
    assert models("pull", "hf:me/tiny@v9", **offline).code == 2
    missing = models("pull", "hf:me/other", **offline)
    assert missing.code == 2 and "HF_HUB_OFFLINE" in missing.err


def test_a_name_without_a_precision_goes_on_with_what_was_begun_and_then_finds_it_here(
        models: Callable[..., Ran], hub: Hub, tmp_path: Path) -> None:
    """And nothing is measured, which would choose another."""
    first, second = (f"{owner}/{TITLE}-GGUF" for owner in ("bartowski", "unsloth"))
    files = {f"{TITLE}-{precision}.gguf": write_tiny_gguf(tmp_path / "m.gguf", seed=seed).read_bytes()
             for seed, precision in enumerate(("Q4_K_M", "Q8_0"))}
    hub.repositories[second] = Repository(files)
    name = f"{TITLE}-Q8_0.gguf"
    blob = hashlib.sha256(files[name]).hexdigest()
    pointer = tmp_path / "hf" / "hub" / f"models--unsloth--{TITLE}-GGUF" / "snapshots" / ("a" * 40) / name
    file = PulledFile(name, str(pointer), len(files[name]), blob, blob)
    write_receipt(Receipt(second, "a" * 40, "Q8_0", (file,), "r1-qwen-1.5b"))
    pulled = models("pull", "r1-qwen-1.5b")
    assert pulled.code == 0 and pulled.out == f"{pointer}\n"
    assert pulled.err.startswith("Q8_0 goes on with what was begun\n")
    assert pulled.err.endswith("checked, and ready: localthink chat -m r1-qwen-1.5b:Q8_0\n")
    assert hub.sent == {name: len(files[name])}

    offline = models("pull", "r1-qwen-1.5b", HF_HUB_OFFLINE="1")
    assert offline.out == pulled.out and offline.err.startswith("Q8_0 is here already\n")
    hub.repositories[first] = hub.repositories.pop(second)  # its source vanishes, and another comes back
    again = models("pull", "r1-qwen-1.5b")
    assert again.code == 0 and again.out == pulled.out and "is here, and stays" in again.err
    assert hub.sent == {name: len(files[name])}
    other = models("pull", f"hf:{first}:Q8_0")
    assert other.code == 0 and other.out != pulled.out


@pytest.mark.parametrize(("name", "called"), [
    ("my model; Q4_K_M.gguf", "'my model; Q4_K_M'"), ("it's Q4_K_M.gguf", """'it'"'"'s Q4_K_M'"""), (FILE, STEM)])
@pytest.mark.skipif(sys.platform == "win32", reason="no such shell")
def test_the_command_that_is_named_can_be_pasted(models: Callable[..., Ran], hub: Hub, name: str, called: str) -> None:
    hub.repositories["me/tiny"].files = {name: hub.repositories["me/tiny"].files[FILE]}
    pulled = models("pull", "hf:me/tiny")
    assert pulled.err.endswith(f"checked, and ready: localthink chat -m {called}\n")
    assert json.loads(models("pull", "hf:me/tiny", "--json").out)["name"] == name.removesuffix(".gguf")


def test_a_split_model_is_named_as_it_is_listed(models: Callable[..., Ran], hub: Hub, tmp_path: Path) -> None:
    parts = split(tmp_path / FILE, tmp_path)
    hub.repositories["me/tiny"].files = {part.name: part.read_bytes() for part in parts}
    for part in parts:
        part.unlink()
    pulled = models("pull", "hf:me/tiny")
    name = pulled.err.rpartition(" ")[2].strip()
    assert name == "tiny" and f"  {name} " in models("list", "--here").out
    assert models("verify", name).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_model_is_whole_and_said_to_be_so_where_its_path_cannot_be_written(
        hub: Hub, tmp_path: Path, models: Callable[..., Ran]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run([sys.executable, "-m", "localthink", "models", "pull", "hf:me/tiny"], stdout=full,
                             stderr=subprocess.PIPE, env=environment(hub, tmp_path), timeout=60, text=True)
    assert "checked, and ready: localthink chat -m tiny-Q4_K_M\n" in ran.stderr
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    assert models("verify", "tiny-Q4_K_M").code == 0


def test_a_page_of_the_hub_is_looked_up_like_its_address(models: Callable[..., Ran]) -> None:
    page = "https://huggingface.co/me/tiny"
    assert models("info", page).out == models("info", "hf:me/tiny").out != ""


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
