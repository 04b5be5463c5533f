"""Folders, and the settings that decide what they are."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from localthink import locations
from localthink.doctor import folders


def test_folders_that_are_not_there_yet_are_well_and_stay_away(home: Path):
    assert {finding.level for finding in (*folders.data(), *folders.history())} == {"ok"}
    assert not home.exists()


def test_a_folder_says_what_it_holds(home: Path):
    models = locations.local_models()
    models.mkdir(parents=True)
    (models / "a.gguf").write_bytes(bytes(2048))
    found = {finding.name: finding.value for finding in folders.data()}
    assert found["models"] == f"{models}, 2 KiB"
    assert list(models.iterdir()) == [models / "a.gguf"]


def test_links_into_a_cache_are_not_counted_twice(tmp_path: Path):
    (tmp_path / "blob").write_bytes(bytes(1000))
    try:
        (tmp_path / "link").symlink_to(tmp_path / "blob")
    except OSError:
        pytest.skip("links cannot be made here")
    assert folders.folder_bytes(tmp_path) == (1000, True)


def test_a_folder_too_large_to_add_up_says_so(tmp_path: Path, monkeypatch):
    assert folders.folder_bytes(tmp_path, seconds=-1) == (0, False)
    monkeypatch.setattr(folders, "folder_bytes", lambda _: (2048, False))
    assert folders.folder("x", tmp_path, "").value == f"{tmp_path}, more than 2 KiB"


def test_what_cannot_be_written_is_a_warning_with_advice(monkeypatch, home: Path):
    monkeypatch.setattr(folders, "writable", lambda path: False)
    found = [*folders.data(), *folders.history(), *folders.hub_cache()]
    assert {finding.level for finding in found} == {"warning"} and all(finding.advice for finding in found)


def test_a_file_where_a_folder_should_be_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").touch()
    assert not folders.writable(tmp_path / "file" / "models")
    assert folders.writable(tmp_path / "not" / "there" / "yet")


def test_a_history_that_is_no_file_is_a_warning(home: Path):
    locations.history_file().mkdir(parents=True)
    assert [finding.level for finding in folders.history()] == ["warning"]


@pytest.mark.parametrize(("left", "level"), [(2**30, "warning"), (3 * 2**30, "note"), (2**40, "ok")])
def test_room_for_models_is_judged(monkeypatch, left, level):
    monkeypatch.setattr(folders, "free_disk", lambda _: left)
    assert {finding.level for finding in folders.disk()} == {level}


def test_two_disks_are_told_apart(monkeypatch):
    monkeypatch.setattr(folders, "_disk_of", hash)
    assert [finding.name for finding in folders.disk()] == ["disk", "disk of models"]


def test_a_token_is_never_shown(monkeypatch):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_secret")
    [finding] = folders.hub()
    assert finding.value == "there is one"


def test_offline_and_another_address_are_noted_without_the_password(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "ENDPOINT", "https://me:secret@mirror.example:8443/hub?key=secret")
    found = {finding.name: finding for finding in folders.hub()}
    assert found["Hub"].level == found["Hub's address"].level == "note"
    assert found["Hub's address"].value == "https://mirror.example:8443/hub"
    assert not any("secret" in finding.value + finding.advice for finding in found.values())


@pytest.mark.parametrize("address", ["http://h:99999", "http://[bad", "", "mirror.example", "https://", "ftp://h",
                                     "http://me:secret@[bad?key=secret", "http://me:secret@h:x/"])
def test_an_address_that_is_none_is_found_with_its_variable_and_without_the_password(monkeypatch, address):
    monkeypatch.setenv("HF_ENDPOINT", address)
    [finding] = folders.hub()
    assert (finding.name, finding.level) == ("HF_ENDPOINT", "warning")
    assert "is no address: " in finding.value and "unset it" in finding.advice
    assert "secret" not in finding.value + finding.advice


@pytest.mark.parametrize(("variables", "wrong"), [
    ({"HF_ENDPOINT": "http://[bad"}, "HF_ENDPOINT"), ({"HF_HUB_DOWNLOAD_TIMEOUT": "soon"}, "HF_HUB_DOWNLOAD_TIMEOUT")])
def test_a_variable_that_the_client_of_the_hub_cannot_read_is_no_mistake_of_ours(variables, wrong):
    code = ("from localthink.doctor import folders; from localthink.doctor.findings import look\n"
            "checks = (folders.hub, folders.hub_cache, folders.disk)\n"
            "print(*(finding for check in checks for finding in look('x', check) if finding.level == 'warning'))")
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                          env={**os.environ, **variables}).stdout
    assert said.count("Finding(") == 1 and wrong in said and "report it" not in said


def test_a_cache_that_follows_the_current_folder_is_a_warning(monkeypatch):
    monkeypatch.setattr(locations, "hugging_face_cache", lambda: Path("~/.cache/huggingface/hub"))
    [finding] = folders.hub_cache()
    assert finding.level == "warning" and "HF_HOME" in finding.advice


def test_a_moved_home_is_shown(home: Path):
    assert [finding.value for finding in folders.home()] == [str(home)]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_without_permission_is_found_by_trying(tmp_path: Path):
    import os

    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert folders.writable(closed) == (os.geteuid() == 0)
