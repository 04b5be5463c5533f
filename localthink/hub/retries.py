"""When to try again, and after how long: what passes by itself is waited for, and said."""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from localthink.errors import LocalthinkError
from localthink.hub.faults import host, is_kind, reason, status_of
from localthink.hub.news import RetryPolicy, Waiting

T = TypeVar("T")
TRANSIENT_STATUSES = (408, 425, 429, 500, 502, 503, 504)  # of HTTP: another try may succeed
PERMANENT_ERRORS = ("ProxyError", "UnsupportedProtocol", "LocalProtocolError")  # another try will fail as well
DAY_SECONDS = 86_400.0
QUOTA = re.compile(r'"\w+"\s*;\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)')  # in RateLimit: nothing is left for t seconds


class CutOffError(LocalthinkError):
    """An answer that ended early, or in a way that another try may not."""


class Retries:
    """Counts tries without progress."""

    def __init__(self, policy: RetryPolicy, tell: Callable[[Waiting], None], tries: int | None = None) -> None:
        self._policy, self._tell = policy, tell
        self._tries = policy.tries if tries is None else tries
        self._failed = 0

    def progressed(self) -> None:
        self._failed = 0

    def wait(self, error: Exception) -> None:
        """Sleep before the next try. Raises `error` itself where another would be useless, or one too many."""
        why = _passing(error)
        if why is None:
            raise error
        self._failed += 1
        if self._failed >= self._tries:
            raise error
        seconds = min(self._policy.first_seconds * 2.0 ** (self._failed - 1), self._policy.most_seconds)
        asked = _asked_to_wait(getattr(getattr(error, "response", None), "headers", {}))
        if asked is not None:
            if asked > self._policy.longest_seconds:
                raise LocalthinkError(f"{host()} asks not to be asked again for {_in_time(asked)}; what is here is "
                                      "kept") from error
            seconds = asked
        self._tell(Waiting(seconds, why))
        time.sleep(seconds)

    def call(self, ask: Callable[[], T]) -> T:
        """What `ask` returns, asked again as often as is sensible."""
        while True:
            try:
                return ask()
            except Exception as error:
                self.wait(error)


def _passing(error: Exception) -> str | None:
    """What to call trouble that may pass; None for any other."""
    if isinstance(error, CutOffError):
        return str(error)
    status = status_of(error)
    if status is not None:
        return _in_words(status) if status in TRANSIENT_STATUSES else None
    if not is_kind(error, "TransportError") or is_kind(error, *PERMANENT_ERRORS) or "CERTIFICATE" in str(error).upper():
        return None
    if is_kind(error, "TimeoutException"):
        return f"{host()} does not answer"
    if is_kind(error, "ConnectError"):
        return f"{host()} cannot be reached ({reason(error)})"
    return "the connection broke off"


def _in_words(status: int) -> str:
    return f"there are too many requests for {host()}" if status == 429 else f"{host()} answers with status {status}"


def _in_time(seconds: float) -> str:
    """How long, and what to do about it."""
    if seconds > DAY_SECONDS:
        return "more than a day: check HF_ENDPOINT and the proxy, for the Hub itself asks for minutes"
    return f"{seconds / 60:,.0f} minutes: try again then"


def _asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait: by Retry-After, a number or a date, or by an empty quota."""
    after = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", after):
        return float(after)
    if after:
        try:
            when = parsedate_to_datetime(after)
        except (ValueError, OverflowError):
            return None
        now = datetime.now(UTC if when.tzinfo else None)
        return max(0.0, (when - now).total_seconds())
    quota = QUOTA.search(headers.get("RateLimit", ""))
    return float(quota[1]) if quota else None
