"""What this machine has, as far as it decides how work is laid out."""
from __future__ import annotations

import os


def physical_cores() -> int:
    """The physical cores that this process may use: more threads only get into each other's way."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(psutil.Process, "cpu_affinity"):  # not on macOS; a container may be allowed fewer than there are
        cores = min(cores, len(psutil.Process().cpu_affinity()))
    return cores


def free_memory() -> int:
    """Bytes that can be had without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)
