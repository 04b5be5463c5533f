"""One file of a data set on the Hugging Face Hub, by its address, through the cache that all its tools share."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from localthink.errors import UsageError
from localthink.hub.faults import Subject, fault

SCHEME = "hf://"
FORM = "hf://owner/name/path/to/file, or hf://owner/name@revision/path/to/file"
ADDRESS = re.compile(  # other tools write `datasets/` before the owner
    r"hf://(?:datasets/)?(?!(?:datasets|models|spaces|buckets)/)"
    r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/@]+))?/(?P<file>[^/](?:.*[^/])?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class HubFile:
    """Where a file lies: `revision` is a branch, a tag or a commit, or None for the main branch."""

    repository: str
    revision: str | None
    file: str


def parse_address(address: str) -> HubFile:
    """What an address means; a slash within the revision is written %2F. Raises UsageError for a malformed one."""
    match = ADDRESS.fullmatch(address)
    if match is None or not address.isprintable() or ".." in match["file"].split("/"):
        raise UsageError(f"{address!a} is not the address of a file: write {FORM}")
    return HubFile(match["repository"], match["revision"] and unquote(match["revision"]), match["file"])


def download(wanted: HubFile) -> tuple[Path, str]:
    """The file in the cache, downloaded if need be, and the commit it is of. Raises UsageError if there is no way."""
    from huggingface_hub import hf_hub_download

    try:
        found = Path(hf_hub_download(repo_id=wanted.repository, repo_type="dataset", filename=wanted.file,
                                     revision=wanted.revision))
    except Exception as error:  # those of the HTTP library too, which is another with every version
        subject = Subject("data set", wanted.repository, wanted.revision, wanted.file)
        raise UsageError(str(fault(error, subject))) from error
    depth = len(PurePosixPath(wanted.file).parts)
    return found, found.parts[-1 - depth]  # …/snapshots/<commit>/<file>
