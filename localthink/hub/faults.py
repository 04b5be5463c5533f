"""What goes wrong between here and the Hub, in one line each: what it was, and what to do about it.

Nothing that is said may hold a login: errors of the HTTP library can quote headers and addresses.
"""
from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from localthink.errors import LocalthinkError, UsageError
from localthink.text.visible import printable, shown_name

INSTEAD = "or download the file yourself and give its path"
SECRETS = (  # and what stands in their place
    (re.compile(r"(?i)\bbearer\s+[^\s'\"]+"), "Bearer …"),
    (re.compile(r"\bhf_\w+"), "hf_…"),
    (re.compile(r"//[^/\s@]+@"), "//…@"),            # user and password of a proxy
    (re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]+"), r"\1?…"),  # signatures
)
FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


class SourceError(UsageError):
    """A repository that cannot serve what is wanted; another may."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was asked for: a file, or where that is empty the whole repository. `seen`: it was there a moment ago."""

    kind: Literal["model", "data set"]
    repository: str
    revision: str | None = None
    file: str = ""
    seen: bool = False

    @property
    def place(self) -> str:
        return f"{self.repository}, revision {self.revision or 'main'}"

    @property
    def page(self) -> str:
        return f"https://huggingface.co/{'datasets/' if self.kind == 'data set' else ''}{self.repository}"

    @property
    def whole(self) -> str:
        return f"{self.file} of {self.place}" if self.file else f"the {self.kind} {self.place}"


def fault(error: Exception, subject: Subject) -> LocalthinkError:
    """The error to raise in place of one of the client, of its HTTP library, or of the file system."""
    from huggingface_hub import errors

    if isinstance(error, LocalthinkError):
        return error
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, errors.HfHubHTTPError):
        error = error.__cause__  # the Hub did answer
    if isinstance(error, errors.HfHubHTTPError):
        return _answered(error, subject)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return UsageError(f"{subject.whole} cannot be downloaded in offline mode: unset HF_HUB_OFFLINE, {INSTEAD}")
    if isinstance(error, errors.LocalEntryNotFoundError):
        return UsageError(f"{subject.whole} is not in the cache and the Hub cannot be reached: check the connection "
                          f"and HF_HUB_OFFLINE, {INSTEAD}")
    if isinstance(error, errors.HFValidationError):
        return UsageError(f"{subject.whole} cannot be downloaded ({reason(error)}): check the name")
    if isinstance(error, UnicodeEncodeError) or is_kind(error, "LocalProtocolError", "UnsupportedProtocol"):
        return UsageError(f"{subject.whole} cannot be asked for ({reason(error)}): check HF_ENDPOINT and HF_TOKEN")
    if is_kind(error, "TransportError"):
        return _unreached(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _on_disk(error)
    return LocalthinkError(f"{subject.whole} cannot be downloaded ({reason(error)}): try again, {INSTEAD}")


def _answered(error: Exception, subject: Subject) -> LocalthinkError:
    """For a status that the Hub, or the store that it points to, answered with. Derived errors come first."""
    from huggingface_hub import errors

    kind, repository, status = subject.kind, subject.repository, status_of(error)
    if isinstance(error, errors.GatedRepoError):
        return SourceError(f"the {kind} {repository} is gated: ask for access at {subject.page}, then log in with "
                           "`hf auth login`")
    if isinstance(error, errors.DisabledRepoError):
        return SourceError(f"the {kind} {repository} has been disabled on the Hub: see {subject.page}")
    if isinstance(error, errors.RepositoryNotFoundError):
        return SourceError(f"there is no {kind} {repository} that you may read: check the name, or log in with "
                           "`hf auth login` if it is private")
    if isinstance(error, errors.RevisionNotFoundError):
        return SourceError(f"there is no {kind} {subject.place}: choose a branch, a tag or a commit of {subject.page}")
    if status == 404 and subject.seen:
        return SourceError(f"{subject.file} was in {repository} a moment ago and is gone: see {subject.page}")
    if isinstance(error, errors.EntryNotFoundError):
        return SourceError(f"there is no {subject.file} in the {kind} {subject.place}: see "
                           f"{subject.page}/tree/{subject.revision or 'main'}")
    if status == 407:
        return LocalthinkError(f"the proxy wants a login of its own before it lets {host()} be reached: put it into "
                               "HTTPS_PROXY")
    if status == 401:
        return UsageError("the Hub does not accept your login: log in again with `hf auth login`, or unset HF_TOKEN")
    return LocalthinkError(f"the Hub refuses {subject.whole} with status {status}: try again later, {INSTEAD}")


def _unreached(error: Exception) -> LocalthinkError:
    if is_kind(error, "ProxyError"):
        return LocalthinkError(f"the proxy does not let {host()} be reached ({reason(error)}): check HTTPS_PROXY "
                               "and its login")
    if "CERTIFICATE" in str(error).upper():
        return LocalthinkError(f"{host()} cannot be trusted ({reason(error)}): set SSL_CERT_FILE to the certificates "
                               "of your network, or check the clock")
    return LocalthinkError(f"{host()} cannot be reached ({reason(error)}): check the connection, and HTTPS_PROXY "
                           "and HF_ENDPOINT where they are set; what is here is kept")


def _on_disk(error: OSError) -> LocalthinkError:
    where = f"{shown_name(Path(str(error.filename)))}: " if error.filename else ""
    if error.errno in FULL:
        return LocalthinkError(f"{where}the disk is full: free some of it, or set HF_HOME to another, and try again")
    if error.errno == errno.EFBIG:
        return LocalthinkError(f"{where}the file system cannot hold a file of this size: set HF_HOME to another disk")
    if error.errno in CLOSED:
        return LocalthinkError(f"{where}the Hub's cache cannot be written ({error.strerror}): correct its permissions, "
                               "or set HF_HOME to another folder")
    return LocalthinkError(f"{where}the Hub's cache cannot be used ({error.strerror})")


def check_status(response: Any) -> None:
    """Raise what the client makes of a status. The page that comes with an error may be endless, and is not read."""
    from huggingface_hub.utils import hf_raise_for_status

    if response.status_code >= 400:
        response.close()
    hf_raise_for_status(response)


def status_of(error: Exception) -> int | None:
    """The status that was answered with, None where there was no answer."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def is_kind(error: Exception, *names: str) -> bool:
    """Whether it is an error of the HTTP library with one of these names: which library depends on the client."""
    return any(base.__name__ in names and base.__module__.startswith("httpx") for base in type(error).__mro__)


def reason(error: Exception) -> str:
    """The first line of what an error says, without anything secret."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    for secret, shown in SECRETS:
        said = secret.sub(shown, said)
    return printable(said)[:200].rstrip(".")


def host() -> str:
    """Whom the client asks: the Hub, or what HF_ENDPOINT names in its place."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).hostname or constants.ENDPOINT
