"""What this machine has, as far as it decides how work is laid out."""
from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

CONTROL_GROUPS, OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def physical_cores() -> int:
    """The physical cores that this process may use: more threads only get into each other's way."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(psutil.Process, "cpu_affinity"):  # not on macOS; a container may be allowed fewer than there are
        cores = min(cores, len(psutil.Process().cpu_affinity()))
    return cores


def free_memory() -> int:
    """Bytes that can be had without swapping, by the machine and by the limit of a container or a job."""
    import psutil

    return min([int(psutil.virtual_memory().available), *_left_in_groups(CONTROL_GROUPS)])


def _left_in_groups(root: Path) -> list[int]:
    """What Linux control groups, of either version, leave to this process; nothing where there are none."""
    left = []
    with suppress(OSError, ValueError):
        groups = [line.split(":", 2) for line in OWN_GROUPS.read_text(encoding="utf-8").splitlines()]
        for _, controllers, name in groups:
            if controllers and "memory" not in controllers.split(","):
                continue
            version_1 = root / "memory"
            top, limit, used = ((version_1, "memory.limit_in_bytes", "memory.usage_in_bytes") if controllers
                                else (root, "memory.max", "memory.current"))
            own = top / name.lstrip("/")
            for group in (own, *own.parents):
                with suppress(OSError, ValueError):  # no limit is the word "max"
                    left.append(max(0, int((group / limit).read_text()) - int((group / used).read_text())))
                if group == top:
                    break
    return left
