"""What this machine has, as far as it decides how work is laid out."""
from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

READ_AT_ONCE = 2**28  # bytes for a measurement of bandwidth, all threads together: far more than caches hold
LEAST_EACH = 2**25  # of them for one thread
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


def total_memory() -> int:
    """Bytes that the machine has."""
    import psutil

    return int(psutil.virtual_memory().total)


def free_disk(folder: Path) -> int:
    """Bytes free on the disk that a folder is, or would be, on."""
    import shutil

    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def memory_bandwidth(seconds: float = 1.0, threads: int | None = None) -> float:
    """Bytes a second that all physical cores together read from memory: what no decoding can be faster than."""
    import numpy as np

    count = threads or physical_cores()
    size = max(LEAST_EACH, READ_AT_ONCE // count) // 8
    read = [0] * count

    def work(index: int) -> None:
        numbers = np.ones(size)  # of its own, where its core likes them to be
        ready.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            numbers.max()
            read[index] += numbers.nbytes

    ready = threading.Barrier(count + 1)
    workers = [threading.Thread(target=work, args=(index,)) for index in range(count)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = time.perf_counter()
    for worker in workers:
        worker.join()
    return sum(read) / (time.perf_counter() - start)


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
