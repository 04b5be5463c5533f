"""One file of a data set on the Hugging Face Hub, by its address, through the cache that all its tools share."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from localthink.errors import UsageError

SCHEME = "hf://"
FORM = "hf://owner/name/path/to/file, or hf://owner/name@revision/path/to/file"
ADDRESS = re.compile(  # other tools write `datasets/` before the owner
    r"hf://(?:datasets/)?(?!(?:datasets|models|spaces|buckets)/)"
    r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/@]+))?/(?P<file>[^/](?:.*[^/])?)", re.ASCII)
INSTEAD = "or download the file yourself and give its path"


@dataclass(frozen=True, slots=True)
class HubFile:
    """Where a file lies: `revision` is a branch, a tag or a commit, or None for the main branch."""

    repository: str
    revision: str | None
    file: str

    @property
    def place(self) -> str:
        return f"{self.repository}, revision {self.revision or 'main'}"


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
        raise UsageError(_explained(error, wanted)) from error
    depth = len(PurePosixPath(wanted.file).parts)
    return found, found.parts[-1 - depth]  # …/snapshots/<commit>/<file>


def _explained(error: Exception, wanted: HubFile) -> str:
    """What went wrong and what to do. Derived errors come before those they derive from."""
    from huggingface_hub import errors

    repository, page = wanted.repository, f"https://huggingface.co/datasets/{wanted.repository}"
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, errors.HfHubHTTPError):
        error = error.__cause__  # the Hub did answer
    if isinstance(error, errors.GatedRepoError):
        return f"the data set {repository} is gated: ask for access at {page}, then log in with `hf auth login`"
    if isinstance(error, errors.RepositoryNotFoundError):
        return (f"there is no data set {repository} that you may read: check the name, or log in with `hf auth login` "
                "if it is private")
    if isinstance(error, errors.RevisionNotFoundError):
        return f"there is no data set {wanted.place}: choose a branch, a tag or a commit of {page}"
    if isinstance(error, errors.LocalEntryNotFoundError):
        return (f"{wanted.file} of {wanted.place} is not in the cache and the Hub cannot be reached: check the "
                f"connection and HF_HUB_OFFLINE, {INSTEAD}")
    if isinstance(error, errors.EntryNotFoundError):
        return f"there is no {wanted.file} in the data set {wanted.place}: see {page}/tree/{wanted.revision or 'main'}"
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return f"the Hub refuses {wanted.file} of {wanted.place} with status {status}: try again later, {INSTEAD}"
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return f"{wanted.file} of {wanted.place} cannot be downloaded ({reason}): try again, {INSTEAD}"
