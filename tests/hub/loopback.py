"""A Hub on this machine: its listing, its resolve addresses, and the store that they point to, on a port of its own.

It counts every byte that it sends, and misbehaves on order; `Hub.faults` are taken one by one, by whoever comes.
"""
from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal
from urllib.parse import quote, unquote

CHUNK = 1024  # bytes written at a time, so that a download can be stopped anywhere


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request `at` the listing, the resolve address (HEAD or GET), or the store.

    With `after`, bytes of the body are sent first. `stall` holds the connection open then; `drop` closes it. With
    `drip`, a listing or the page of an error comes a byte at a time, each after so many seconds.
    """

    at: Literal["listing", "head", "get", "store"]
    status: int = 0
    code: str = ""
    message: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    after: int | None = None
    stall: bool = False
    body: bytes | None = None         # in place of the file's; beside a status its page
    drip: float = 0.0
    ignore_range: bool = False
    shift: int = 0                    # by which a range begins too late
    file: str = ""                    # for this file alone


@dataclass
class Repository:
    """Files by name. `gated` and the like are an error code that the resolve addresses answer with."""

    files: dict[str, bytes] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=lambda: {"main": "a" * 40})
    refused: tuple[int, str] | None = None
    hidden: bool = False              # the listing refuses too
    stored: bool = True               # in large file storage, not in git
    lies: dict[str, str] = field(default_factory=dict)  # sums that are not those of the file
    sizes: bool = True                # the listing says them
    changing: str = ""                # the sum that is told once the file itself is asked for


class Hub:
    """The server's state: `sent` are the bodies' bytes by file, `asked` the requests: where, how, what and range."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults: list[Fault] = []
        self.sent: dict[str, int] = {}
        self.asked: list[tuple[str, str, str, str]] = []
        self.authorized: list[tuple[str, str]] = []  # where a login was shown, and which
        self.stalled = threading.Event()
        self.going = threading.Event()
        self.lock = threading.Lock()
        self.endpoint = self.store = ""

    def reset(self) -> None:
        """Forget everything; answers that are still being sent are no longer counted."""
        self.repositories, self.sent = {}, {}
        self.faults, self.asked, self.authorized = [], [], []
        self.stalled = threading.Event()

    def take(self, at: str, file: str) -> Fault | None:
        with self.lock:
            for number, fault in enumerate(self.faults):
                if fault.at == at and fault.file in ("", file):
                    return self.faults.pop(number)
        return None

    def ranges(self, file: str) -> list[str]:
        """What was asked of the store, in order."""
        return [range for where, method, name, range in self.asked if (where, method, name) == ("store", "GET", file)]


def digest(repository: Repository, name: str) -> str:
    data = repository.files[name]
    if name in repository.lies:
        return repository.lies[name]
    if repository.stored:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def refuse(self, status: int, code: str = "", message: str = "", headers: tuple[tuple[str, str], ...] = (),
               body: bytes = b"", drip: float = 0.0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-Error-Code", code)
        if message:
            self.send_header("X-Error-Message", message)
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.send_body(body, drip)

    def send_body(self, body: bytes, drip: float) -> None:
        for at in range(0, len(body), 1 if drip else max(1, len(body))):  # a fault here would cut the connection
            time.sleep(drip)
            self.wfile.write(body[at: at + 1] if drip else body)

    def note(self, where: str, file: str) -> None:
        with self.hub.lock:
            self.hub.asked.append((where, self.command, file, self.headers.get("Range", "")))
            if "Authorization" in self.headers:
                self.hub.authorized.append((where, self.headers["Authorization"]))

    def broken(self, fault: Fault | None) -> bool:
        if fault is not None and fault.status:
            self.refuse(fault.status, fault.code, fault.message, fault.headers, fault.body or b"", fault.drip)
            return True
        return False

    def send_data(self, name: str, data: bytes, fault: Fault | None, headers: dict[str, str]) -> None:
        """The bytes that the range asks for, or what the fault makes of them."""
        fault = fault or Fault("store")
        whole = data if fault.body is None else fault.body
        start, end, status = 0, len(whole), 200
        if (wanted := self.headers.get("Range", "")) and not fault.ignore_range:
            first, last = wanted.removeprefix("bytes=").split("-")
            start, end, status = int(first) + fault.shift, min(int(last or len(whole)) + 1, len(whole)), 206
            if start >= len(whole):
                self.refuse(416, headers=(("Content-Range", f"bytes */{len(whole)}"),))
                return
        body = whole[start:end]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(whole)}")
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = self.hub.sent
        until = len(body) if fault.after is None else min(fault.after, len(body))
        for at in range(0, until, CHUNK):
            piece = body[at: min(at + CHUNK, until)]
            self.wfile.write(piece)
            self.wfile.flush()
            with self.hub.lock:
                sent[name] = sent.get(name, 0) + len(piece)
        if fault.after is not None:
            if fault.stall:
                self.hub.stalled.set()
                self.hub.going.wait(30)
            self.close_connection = True
            self.connection.close()


class Front(Answer):
    """The Hub itself: the listing, and addresses that redirect to the store."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = [unquote(part) for part in self.path.split("?")[0].lstrip("/").split("/")]
        if path[:2] == ["api", "models"]:
            self.listing("/".join(path[2:4]), "/".join(path[5:]) or "main")
        elif "resolve" in path:
            at = path.index("resolve")
            self.resolve("/".join(path[int(path[0] == "datasets"):at]), path[at + 1], "/".join(path[at + 2:]))
        else:
            self.refuse(404)

    def found(self, name: str, revision: str, listing: bool) -> Repository | None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            self.refuse(401, "RepoNotFound")
            return None
        if repository.refused and (repository.hidden or not listing):
            self.refuse(*repository.refused)
            return None
        if revision not in (*repository.revisions, *repository.revisions.values()):
            self.refuse(404, "RevisionNotFound")
            return None
        return repository

    def listing(self, name: str, revision: str) -> None:
        self.note("listing", name)
        fault = self.hub.take("listing", name)
        if self.broken(fault):
            return
        repository = self.found(name, revision, listing=True)
        if repository is None:
            return
        siblings = []
        for file, data in repository.files.items():
            sibling: dict[str, object] = {"rfilename": file}
            if repository.sizes:
                sibling |= {"size": len(data), "blobId": "0" * 40}
                if repository.stored:
                    sibling["lfs"] = {"size": len(data), "sha256": digest(repository, file), "pointerSize": 134}
                else:
                    sibling["blobId"] = digest(repository, file)
            siblings.append(sibling)
        told = {"id": name, "sha": repository.revisions.get(revision, revision), "siblings": siblings}
        body = json.dumps(told).encode() if fault is None or fault.body is None else fault.body
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for header in fault.headers if fault is not None else ():
            self.send_header(*header)
        self.end_headers()
        self.send_body(body, fault.drip if fault is not None else 0.0)

    def resolve(self, name: str, revision: str, file: str) -> None:
        self.note("resolve", file)
        fault = self.hub.take(self.command.lower(), file)
        if self.broken(fault):
            return
        repository = self.found(name, revision, listing=False)
        if repository is None:
            return
        if file not in repository.files:
            self.refuse(404, "EntryNotFound")
            return
        commit = repository.revisions.get(revision, revision)
        sum = repository.changing if self.command == "GET" and repository.changing else digest(repository, file)
        if not repository.stored:
            self.send_data(file, repository.files[file], fault, {"X-Repo-Commit": commit, "ETag": f'"{sum}"'})
            return
        self.send_response(302)
        self.send_header("Content-Length", "0")
        self.send_header("Location", f"{self.hub.store}/{name}/{quote(file)}?signature=secret-of-the-store")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("X-Linked-ETag", f'"{sum}"')
        self.send_header("X-Linked-Size", str(len(repository.files[file])))
        self.end_headers()


class Store(Answer):
    """Where large files lie: another host, which must never see a login."""

    def do_GET(self) -> None:
        _, owner, name, file = unquote(self.path.split("?")[0]).split("/", 3)
        self.note("store", file)
        fault = self.hub.take("store", file)
        if self.broken(fault):
            return
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None or file not in repository.files:
            self.refuse(404)
        else:
            self.send_data(file, repository.files[file], fault, {"ETag": '"of-the-store"'})


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """Whoever is killed leaves connections behind."""


@contextmanager
def loopback_hub() -> Iterator[Hub]:
    """A Hub with nothing in it, for as long as the context lasts."""
    hub = Hub()
    servers = [Quiet(("127.0.0.1", 0), type(kind.__name__, (kind,), {"hub": hub})) for kind in (Front, Store)]
    hub.endpoint, hub.store = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    for server in servers:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield hub
    finally:
        hub.going.set()
        for server in servers:
            server.shutdown()
            server.server_close()
