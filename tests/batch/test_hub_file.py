"""A file of the Hub is fetched once, by the real client, and every way to miss it says what to do.

The client reads its settings when it is imported, so it runs in a process of its own, against a small
Hub on this machine.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.loopback import Repository, loopback_hub
from localthink.batch.hub_file import HubFile, parse_address
from localthink.batch.sources import find_source
from localthink.errors import UsageError

COMMIT, OLD_COMMIT = "a" * 40, "b" * 40
REVISIONS = {"main": COMMIT, "v1": OLD_COMMIT, "refs/convert/parquet": OLD_COMMIT}
FILES = {"train.jsonl": b'{"prompt": "Why?"}\n', "data/test.csv": b"question\nWhy?\n"}
REPOSITORIES = {
    "me/set": Repository(FILES, REVISIONS, stored=False),
    "me/gated": Repository(FILES, REVISIONS, refused=(403, "GatedRepo")),
    "me/broken": Repository(FILES, REVISIONS, refused=(418, "")),
}
PROGRAM = """
import json, sys
from pathlib import Path
from localthink.batch.sources import find_source
from localthink.errors import UsageError

for address in sys.argv[1:]:
    try:
        found = find_source(address, Path("spool"))
        print(json.dumps([found.path.read_text(), found.name, found.form, found.revision]))
    except UsageError as error:
        print(json.dumps(str(error)))
"""


def ask(folder: Path, endpoint: str, *addresses: str, **environment: str) -> dict[str, Any]:
    """What a new process finds at each address: text, name, form and revision, or the error."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    told = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder), "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *addresses], env=kept | told, check=True, capture_output=True)
    return dict(zip(addresses, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with loopback_hub() as hub:
        hub.repositories.update(REPOSITORIES)
        yield hub.endpoint


FOUND = {
    "hf://me/set/train.jsonl": ("train.jsonl", "jsonl", COMMIT),
    "hf://me/set@v1/train.jsonl": ("train.jsonl", "jsonl", OLD_COMMIT),
    f"hf://me/set@{COMMIT}/data/test.csv": ("data/test.csv", "csv", COMMIT),
    "hf://datasets/me/set@refs%2Fconvert%2Fparquet/data/test.csv": ("data/test.csv", "csv", OLD_COMMIT),
}
MISSED = {
    "hf://me/gated/train.jsonl": "the data set me/gated is gated: ask for access at "
                                 "https://huggingface.co/datasets/me/gated, then log in with `hf auth login`",
    "hf://me/none/train.jsonl": "there is no data set me/none that you may read: check the name, or log in",
    "hf://me/set@v9/train.jsonl": "there is no data set me/set, revision v9: choose a branch, a tag or a commit",
    "hf://me/set/test.jsonl": "there is no test.jsonl in the data set me/set, revision main: see https://",
    "hf://me/broken@v1/train.jsonl": "the Hub refuses train.jsonl of me/broken, revision v1 with status 418",
    "hf://me--me/set/train.jsonl": "train.jsonl of me--me/set, revision main cannot be downloaded (",
    "hf://me/set/data.json": "hf://me/set/data.json must hold one JSON object a line",
}


@pytest.fixture(scope="module")
def answers(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ask(tmp_path_factory.mktemp("hub"), endpoint, *FOUND, *MISSED)


@pytest.mark.parametrize("address", FOUND)
def test_a_file_is_found_with_its_commit(answers: dict[str, Any], address: str) -> None:
    file, form, commit = FOUND[address]
    assert answers[address] == [FILES[file].decode(), address, form, commit]


@pytest.mark.parametrize("address", MISSED)
def test_a_file_that_cannot_be_had_says_what_to_do(answers: dict[str, Any], address: str) -> None:
    assert isinstance(answers[address], str)
    assert answers[address].startswith(MISSED[address])
    assert answers[address].isprintable()


def test_what_was_fetched_once_is_found_offline(endpoint: str, tmp_path: Path) -> None:
    kept, never = "hf://me/set/train.jsonl", "hf://me/set/data/test.csv"
    online = ask(tmp_path, endpoint, kept)
    offline = ask(tmp_path, endpoint, kept, never, HF_HUB_OFFLINE="1")
    assert offline[kept] == online[kept]
    assert offline[never] == (
        "data/test.csv of me/set, revision main is not in the cache and the Hub cannot be reached: "
        "check the connection and HF_HUB_OFFLINE, or download the file yourself and give its path")


@pytest.mark.parametrize(("address", "wanted"), [
    ("hf://a/b/c", HubFile("a/b", None, "c")), ("hf://datasets/a/b/c", HubFile("a/b", None, "c")),
    ("hf://a-1/b.2@v1.0/c d/e@f", HubFile("a-1/b.2", "v1.0", "c d/e@f")),
    ("hf://a/b@refs%2Fpr%2F1/c", HubFile("a/b", "refs/pr/1", "c")),
])
def test_an_address_has_a_repository_perhaps_a_revision_and_a_file(address: str, wanted: HubFile) -> None:
    assert parse_address(address) == wanted


@pytest.mark.parametrize("address", [
    "hf://", "hf://a", "hf://a/b", "hf://a/b/", "hf://a/b@/c", "hf://a/b@v1", "hf://a//c", "hf:///b/c", "hf://a/b/c/",
    "hf://datasets/a/b", "hf://spaces/a/b/c", "hf://models/a/b/c", "hf://a b/c/d", "hf://a/b/../c", "hf://a/b//c",
    "hf://a/b/c\n", "hf://a/b@v@w/c",
])
def test_what_is_no_address_is_shown_the_form(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write hf://owner/name/path/to/file, or hf://owner/name@revision/path/to/file"):
        find_source(address, tmp_path / "spool")
