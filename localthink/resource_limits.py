"""Limits that a process sets for itself before it runs what somebody else wrote."""
from __future__ import annotations

from contextlib import suppress


def lower_limits(most_memory: int) -> None:
    """`most_memory` bytes of address space, no files, no core dumps; on systems without such limits, nothing."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (("RLIMIT_AS", most_memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with suppress(AttributeError, ValueError, OSError):
            number = getattr(resource, kind)
            hard = resource.getrlimit(number)[1]
            resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
