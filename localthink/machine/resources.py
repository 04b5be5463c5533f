"""What this machine has, as far as it decides how work is laid out."""
from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

BUSY_SHARE = 0.2  # if other programs had more of the processor than this, a measurement says less
READ_AT_ONCE = 2**28  # bytes for a measurement of bandwidth, all threads together: far more than caches hold
LEAST_BYTES_EACH = 2**25  # of them for one thread
CONTROL_GROUPS, OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def physical_cores() -> int:
    """The physical cores that this process may use: more threads only get into each other's way."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(psutil.Process, "cpu_affinity"):  # not on macOS; a container may be allowed fewer than there are
        cores = min(cores, len(psutil.Process().cpu_affinity()))
    limit = processor_limit()
    return cores if limit is None else max(1, min(cores, int(limit)))


def free_memory() -> int:
    """Bytes that can be had without swapping, by the machine and by the limit of a container or a job."""
    import psutil

    return min([int(psutil.virtual_memory().available), *_memory_limits()])


def total_memory() -> int:
    """Bytes that the machine has."""
    import psutil

    return int(psutil.virtual_memory().total)


def free_disk(folder: Path) -> int:
    """Bytes free on the disk that a folder is, or would be, on."""
    import shutil

    return shutil.disk_usage(nearest_folder(folder)).free


def nearest_folder(folder: Path) -> Path:
    """The folder itself, or the first above it that there is already."""
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


def memory_bandwidth(seconds: float = 1.0, threads: int | None = None) -> float:
    """Bytes a second that all physical cores together read from memory: what no decoding can be faster than."""
    import numpy as np

    count = threads or physical_cores()
    size = max(LEAST_BYTES_EACH, READ_AT_ONCE // count) // 8
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


def other_programs_share() -> Callable[[], float]:
    """Begins to watch; what it returns says which share of the processor other programs have had since, 0 to 1."""
    before = _processor_seconds()

    def share() -> float:
        whole, resting, own = (now - then for now, then in zip(_processor_seconds(), before, strict=True))
        return min(1.0, max(0.0, (whole - resting - own) / whole)) if whole > 0 else 0.0

    return share


def cores_to_spare() -> Callable[[], float]:
    """Begins to watch; what it returns says how many logical cores this process has had since, or could have had."""
    before = _processor_seconds()

    def spare() -> float:
        import psutil

        whole, resting, own = (now - then for now, then in zip(_processor_seconds(), before, strict=True))
        return (resting + own) / whole * (psutil.cpu_count() or 1) if whole > 0 else math.inf

    return spare


def _processor_seconds() -> tuple[float, float, float]:
    """Of all logical cores since the system's start: altogether, at rest, and those that this process has had."""
    import psutil

    times, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return sum(times), times.idle + getattr(times, "iowait", 0.0), own.user + own.system


def processor_limit() -> float | None:
    """The processors' time that a container or a job gives to this process; None for no limit."""
    limits = []
    for group, version_1 in _groups("cpu"):
        with suppress(OSError, ValueError):  # no limit is the word "max", or -1
            limits.append(_quota(group, version_1))
    return min((limit for limit in limits if limit > 0), default=None)


def _quota(group: Path, version_1: bool) -> float:
    if version_1:
        return int((group / "cpu.cfs_quota_us").read_text()) / int((group / "cpu.cfs_period_us").read_text())
    quota, period = (group / "cpu.max").read_text().split()
    return int(quota) / int(period)


def _memory_limits() -> Iterator[int]:
    """What control groups leave to this process. Pages of files are theirs only until somebody needs the room."""
    for group, version_1 in _groups("memory"):
        limit, used = (("memory.limit_in_bytes", "memory.usage_in_bytes") if version_1
                       else ("memory.max", "memory.current"))
        with suppress(OSError, ValueError):  # no limit is the word "max"
            most, taken = int((group / limit).read_text()), int((group / used).read_text())
            yield max(0, most - max(0, taken - _file_pages(group, "total_" if version_1 else "")))


def _file_pages(group: Path, prefix: str) -> int:
    """The bytes of a control group that hold contents of files; 0 where nothing says."""
    with suppress(OSError, ValueError):
        rows = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return sum(int(rows.get(f"{prefix}{kind}_file", 0)) for kind in ("inactive", "active"))
    return 0


def _groups(controller: str) -> Iterator[tuple[Path, bool]]:
    """The Linux control groups that this process is in, from its own up, and whether they are of version 1."""
    with suppress(OSError, ValueError):
        for line in OWN_GROUPS.read_text(encoding="utf-8").splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            top = CONTROL_GROUPS / controller if controllers else CONTROL_GROUPS
            own = top / name.lstrip("/")
            for group in (own, *own.parents):
                yield group, bool(controllers)
                if group == top:
                    break
