"""Every fault of the client, the network or the disk is one line that says what to do, and gives no login away."""
from __future__ import annotations

import errno

import pytest
from huggingface_hub import errors, get_session

from localthink.errors import LocalthinkError, UsageError
from localthink.hub.faults import Subject, fault, reason

SUBJECT = Subject("model", "o/r", None, "m.gguf")


@pytest.mark.parametrize(("error", "said"), [
    (OSError(errno.ENOSPC, "No space left on device", "/cache/m"), "/cache/m: the disk is full: free some of it"),
    (OSError(errno.EFBIG, "File too large"), "the file system cannot hold a file of this size"),
    (PermissionError(errno.EACCES, "Permission denied", "/cache"), "/cache: the Hub's cache cannot be written"),
    (OSError(errno.EIO, "Input/output error"), "the Hub's cache cannot be used (Input/output error)"),
    (errors.OfflineModeIsEnabled("offline"), "offline mode: unset HF_HUB_OFFLINE"),
    (errors.HFValidationError("no good name"), "(no good name): check the name"),
    (RuntimeError(), "m.gguf of o/r, revision main cannot be downloaded (RuntimeError): try again"),
])
def test_a_fault_says_what_it_was_and_what_to_do(error: Exception, said: str) -> None:
    assert said in str(fault(error, SUBJECT))


@pytest.mark.parametrize(("kind", "text", "said"), [
    ("ProxyError", "407 Proxy Authentication Required", "the proxy does not let huggingface.co be reached"),
    ("ConnectError", "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "set SSL_CERT_FILE"),
    ("ConnectError", "Name or service not known", "huggingface.co cannot be reached (Name or service not known)"),
    ("UnsupportedProtocol", "Request URL is missing", "check HF_ENDPOINT and HF_TOKEN"),
])
def test_a_fault_of_the_http_library_is_known_by_its_name(kind: str, text: str, said: str) -> None:
    library = __import__(type(get_session()).__module__.partition(".")[0])  # another with every version of the client
    assert said in str(fault(getattr(library, kind)(text), SUBJECT))


def test_an_error_that_is_ours_stays_as_it_is() -> None:
    ours = UsageError("as it is")
    assert fault(ours, SUBJECT) is ours and fault(ours, SUBJECT).exit_code == 2
    assert fault(RuntimeError("x"), SUBJECT).exit_code == LocalthinkError.exit_code


@pytest.mark.parametrize(("text", "left"), [
    ("Illegal header value b'Bearer hf_abcDEF'", "Illegal header value b'Bearer …'"),
    ("token hf_abcDEF is old", "token hf_… is old"),
    ("via http://me:word@proxy:80/ today", "via http://…@proxy:80/ today"),
    ("for url 'https://cdn/x?X-Amz-Signature=123&y=4'", "for url 'https://cdn/x?…'"),
    ("\n  two\nlines.", "two"),
    ("\x1b[31mred", "\\x1b[31mred"),
])
def test_nothing_secret_and_nothing_that_moves_a_cursor_is_said(text: str, left: str) -> None:
    assert reason(ValueError(text)) == left
