"""`localthink models` remove, verify and info: what is meant by a name, and what is said where it is not one model."""
from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.running import Ran, run
from localthink import locations
from localthink.shelf.receipts import PulledFile, Receipt, read_receipts, write_receipt
from split_gguf import split
from tiny_gguf import write_tiny_gguf

TITLE = "DeepSeek-R1-Distill-Qwen-7B"
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def models(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def call(*arguments: str) -> Ran:
        return run(capsys, monkeypatch, "models", *arguments)

    return call


def pull(name: str = f"{TITLE}-Q8_0.gguf", repository: str = "me/r", commit: str = NEW, model: str = "r1-qwen-7b",
         whole: bool = True, parts: bool = False) -> Receipt:
    """A model in the Hub's cache, each with other weights, and its receipt."""
    snapshot = locations.hugging_face_cache() / f"models--{repository.replace('/', '--')}" / "snapshots" / commit
    path = snapshot / name
    path.parent.mkdir(parents=True)
    write_tiny_gguf(path, seed=len(read_receipts()))
    paths = split(path, snapshot) if parts else [path]
    files = []
    for each in paths:
        blob = hashlib.sha256(each.read_bytes()).hexdigest()
        content = snapshot.parent.parent / "blobs" / blob
        content.parent.mkdir(parents=True, exist_ok=True)
        each.rename(content)
        each.symlink_to(content)
        files.append(PulledFile(str(each.relative_to(snapshot)), str(each), content.stat().st_size, blob, blob))
        if not whole:
            each.unlink()
            content.rename(content.with_name(f"{blob}.incomplete"))
    receipt = Receipt(repository, commit, "Q8_0", tuple(files), model, whole)
    write_receipt(receipt)
    return receipt


def damage(receipt: Receipt) -> None:
    path = receipt.path.resolve()
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("name", ["r1-qwen-7b:Q8_0", "r1-qwen-7b", f"{TITLE}-Q8_0", f"{TITLE}-Q8_0.gguf", "hf:me/r",
                                  f"hf:me/r/{TITLE}-Q8_0.gguf", "https://huggingface.co/me/r", "{path}", "{content}"])
def test_a_pulled_model_is_removed_and_verified_by_any_of_its_names(models: Callable[..., Ran], name: str) -> None:
    receipt = pull()
    name = name.format(path=receipt.path, content=receipt.path.resolve())
    assert models("verify", name).out == f"✓ {receipt.path}\n"
    removed = models("remove", name, "--yes")
    assert removed.code == 0 and removed.out.endswith("removed r1-qwen-7b:Q8_0: 143 KiB are free\n")
    assert read_receipts() == () and not receipt.path.exists()


def test_one_name_of_two_sources_is_refused_with_their_addresses_which_remove_each(models: Callable[..., Ran]) -> None:
    first, second = pull(), pull(repository="you/r")
    for name in ("r1-qwen-7b", "r1-qwen-7b:Q8_0", f"{TITLE}-Q8_0"):
        refused = models("remove", name, "--yes")
        assert refused.code == 2
        assert f"means 2 models: name one, {second.address}, {first.address}" in refused.err
    assert models("verify", "r1-qwen-7b:Q8_0").out.count("✓") == 2
    assert models("remove", first.address, "--yes").code == 0
    assert read_receipts() == (second,)
    assert models("remove", str(second.path), "--yes").code == 0


def test_an_update_is_refused_with_both_states_and_each_is_removed_by_its_own(models: Callable[..., Ran]) -> None:
    old = pull(commit=OLD)
    new = pull(commit=NEW)
    assert f"{new.state}, {old.state}" in models("remove", "hf:me/r", "--yes").err
    assert old.state in models("list", "--here").out
    removed = models("remove", old.state, "--yes")
    assert removed.code == 0 and f"removed {old.state}" in removed.out
    assert read_receipts() == (new,) and new.complete


def test_a_name_that_also_a_file_of_ones_own_has_is_refused_with_its_path(models: Callable[..., Ran]) -> None:
    receipt = pull()
    locations.local_models().mkdir(parents=True)
    own = write_tiny_gguf(locations.local_models() / receipt.path.name, seed=9)
    refused = models("remove", receipt.path.name, "--yes")
    assert refused.code == 2 and f"name one, r1-qwen-7b:Q8_0, {own}" in refused.err
    assert models("remove", str(own), "--yes").code == 0
    assert not own.exists() and receipt.complete


def test_a_link_of_ones_own_to_a_pulled_file_goes_alone(models: Callable[..., Ran]) -> None:
    receipt = pull()
    locations.local_models().mkdir(parents=True)
    own = locations.local_models() / "favourite.gguf"
    own.hardlink_to(receipt.path.resolve())
    assert models("remove", "favourite", "--yes").code == 0
    assert receipt.complete and not own.exists()


def test_a_file_that_is_named_by_its_way_from_here_is_found(models: Callable[..., Ran],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    locations.local_models().mkdir(parents=True)
    own = write_tiny_gguf(locations.local_models() / "mine.gguf")
    monkeypatch.chdir(own.parent)
    assert models("remove", "mine.gguf", "--yes").code == 0 and not own.exists()


def test_what_was_begun_is_not_verified_and_is_removed(models: Callable[..., Ran]) -> None:
    receipt = pull(whole=False)
    assert "nothing was pulled yet" in models("verify").out
    refused = models("verify", "r1-qwen-7b")
    assert refused.code == 2
    assert "is not downloaded completely: localthink models pull r1-qwen-7b:Q8_0 goes on with it" in refused.err
    assert models("remove", receipt.address, "--yes").out.endswith("143 KiB are free\n")


def test_a_damaged_model_stays_in_trouble_by_every_name(models: Callable[..., Ran]) -> None:
    receipt = pull()
    damage(receipt)
    for arguments in ((), ("r1-qwen-7b",), (str(receipt.path),), ()):
        verified = models("verify", *arguments)
        assert verified.code == 1 and "it is damaged" in verified.out
    (found,) = json.loads(models("verify", "--json").out)["files"]
    assert found["path"] == str(receipt.path) and not found["sound"]
    receipt.path.unlink()
    assert models("verify").code == 1  # nor does it get better by losing the file


@pytest.mark.parametrize("arguments", [("verify", ""), ("info", "")])
def test_an_empty_name_is_the_name_of_nothing(models: Callable[..., Ran], arguments: tuple[str, ...]) -> None:
    pull()
    ran = models(*arguments)
    assert ran.code == 2 and "there is no model called ''" in ran.err and ran.out == ""


def test_info_refuses_a_precision_that_there_is_not(models: Callable[..., Ran]) -> None:
    ran = models("info", "r1-qwen-7b:Q9_X")
    assert ran.code == 2 and "r1-qwen-7b has no precision 'Q9_X' in the catalogue: it is one of Q3_K_M" in ran.err
    assert models("info", "r1-qwen-7b:q5_k_m").code == models("info", "deepseek-r1:7b").code == 0


def test_info_knows_a_precision_that_is_here_and_not_in_the_catalogue(models: Callable[..., Ran]) -> None:
    locations.local_models().mkdir(parents=True)
    write_tiny_gguf(locations.local_models() / f"{TITLE}-IQ4_XS.gguf")
    assert "IQ4_XS, 143 KiB" in models("info", "r1-qwen-7b:iq4_xs").out


@pytest.mark.parametrize("page", ["https://huggingface.co/datasets/a/b", "hf.co/a", "hf:a"])
def test_info_takes_for_an_address_what_pull_does(models: Callable[..., Ran], page: str) -> None:
    ran = models("info", page)
    assert ran.code == 2 and "there is no file" not in ran.err and "write hf:owner/repo" in ran.err


def test_info_shows_the_file_that_ollama_calls_like_a_page_of_the_hub(models: Callable[..., Ran], person: Path) -> None:
    folder = person / ".ollama" / "models"
    manifest = folder / "manifests" / "hf.co" / "me" / "r" / "Q4_K_M"
    blob = folder / "blobs" / f"sha256-{'ab' * 32}"
    for path in (manifest, blob):
        path.parent.mkdir(parents=True)
    write_tiny_gguf(blob, name="Mine")
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'ab' * 32}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    assert models("info", "hf.co/me/r:Q4_K_M").out.startswith("Mine\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no name has a line's end there")
def test_a_name_of_two_lines_is_one_row_wherever_it_is_said(models: Callable[..., Ran]) -> None:
    locations.local_models().mkdir(parents=True)
    name = f"a\nb\t{TITLE}-Q8_0"
    path = write_tiny_gguf(locations.local_models() / f"{name}.gguf")
    listed = models("list", "--here").out.splitlines()
    assert len(listed) == 4 and "family" in listed[-1]
    assert [line for line in listed if r"a\nb\t" in line and "143 KiB" in line]
    blob = hashlib.sha256(path.read_bytes()).hexdigest()
    write_receipt(Receipt("me/r", NEW, "", (PulledFile("x\ny.gguf", str(path), path.stat().st_size, blob, blob),),
                          checked=True))
    assert models("verify").out == f"✓ {locations.local_models()}{os.sep}{name}.gguf\n".replace("\n", r"\n", 1).replace(
        "\t", r"\t")
    for receipt in locations.receipts().glob("*.json"):
        receipt.unlink()
    assert models("info", name).out.splitlines()[0] == "tiny"
    refused = models("remove", name)
    assert refused.code == 2 and refused.err.count("\n") == 1 and r"remove a\nb\t" in refused.err
    removed = models("remove", name, "--yes")
    assert removed.code == 0 and removed.out.count("\n") == 2 and not path.exists()


def test_the_parts_of_a_model_are_one_model_by_any_of_them(models: Callable[..., Ran]) -> None:
    receipt = pull("tiny.gguf", parts=True, model="")
    assert models("verify", str(receipt.paths[2])).out.count("✓") == 3
    assert models("remove", receipt.paths[1].name, "--yes").code == 2  # the name of a part is no name
    assert models("remove", str(receipt.paths[1]), "--yes").code == 0
    assert not any(path.exists() for path in receipt.paths)
