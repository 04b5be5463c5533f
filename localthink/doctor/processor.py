"""Threads: how many are used, and what leaves fewer than the machine has."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from localthink import machine
from localthink.doctor.findings import Finding
from localthink.doctor.processor_features import processor_name

BUSY = 0.75  # of the cores: with so many taken by others, figures of speed mean little


def processor() -> Iterator[Finding]:
    import psutil

    logical, physical = psutil.cpu_count() or 0, psutil.cpu_count(logical=False) or 0
    yield Finding("processor", f"{processor_name()}, {physical or 'unknown'} physical and {logical} logical cores")


def threads() -> Iterator[Finding]:
    """The threads that are chosen where nobody says, and why."""
    import psutil

    chosen, physical = machine.physical_cores(), psutil.cpu_count(logical=False) or 0
    reason = ("one for each physical core" if chosen == physical
              else f"of {physical} physical cores this process may use so many" if chosen < physical
              else "the physical cores are not known")
    yield Finding("threads", f"{chosen}: {reason}")
    limit = processor_limit(machine.CONTROL_GROUPS)
    if limit is not None and limit < chosen:
        most = max(1, int(limit))
        yield Finding("container", f"gives {limit:.3g} processors' time, and {chosen} threads are used", "warning",
                      f"they wait for each other: give --threads {most}, or the container more processors")


def load() -> Iterator[Finding]:
    """What else the processor does."""
    import psutil

    busy, cores = psutil.getloadavg()[0], psutil.cpu_count() or 1
    if busy > BUSY * cores:
        yield Finding("load", f"{busy:.1f} over the last minute, on {cores} logical cores", "note",
                      "other programs use the processor too: figures of speed will be low")
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and not battery.power_plugged:
        yield Finding("power", f"on battery, {battery.percent:.0f} % left", "note",
                      "many laptops slow their processor down on battery")


def processor_limit(root: Path) -> float | None:
    """The processors' time that Linux control groups, of either version, give to this process; None for no limit."""
    limits = []
    with suppress(OSError, ValueError):
        for line in machine.OWN_GROUPS.read_text(encoding="utf-8").splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            top = root / "cpu" if controllers else root
            own = top / name.lstrip("/")
            for group in (own, *own.parents):
                with suppress(OSError, ValueError):  # no limit is the word "max", or -1
                    limits.append(_quota(group, bool(controllers)))
                if group == top:
                    break
    return min((limit for limit in limits if limit > 0), default=None)


def _quota(group: Path, version_1: bool) -> float:
    if version_1:
        return int((group / "cpu.cfs_quota_us").read_text()) / int((group / "cpu.cfs_period_us").read_text())
    quota, period = (group / "cpu.max").read_text().split()
    return int(quota) / int(period)
