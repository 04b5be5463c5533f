"""Threads: how many are used, and what leaves fewer than the machine has."""
from __future__ import annotations

from collections.abc import Iterator

from localthink.doctor.findings import Finding
from localthink.machine import resources
from localthink.machine.processor_features import processor_name

BUSY = 0.75  # of the cores: with so many taken by others, figures of speed mean little


def processor() -> Iterator[Finding]:
    import psutil

    logical, physical = psutil.cpu_count() or 0, psutil.cpu_count(logical=False) or 0
    yield Finding("processor", f"{processor_name()}, {physical or 'unknown'} physical and {logical} logical cores")


def threads() -> Iterator[Finding]:
    """The threads that are chosen where nobody says, and why."""
    import psutil

    chosen, physical = resources.physical_cores(), psutil.cpu_count(logical=False) or 0
    limit = resources.processor_limit()
    reason = ("one for each physical core" if chosen == physical
              else f"the container or job gives {limit:.3g} processors' time" if limit is not None and limit < physical
              else f"of {physical} physical cores this process may use so many" if chosen < physical
              else "the physical cores are not known")
    yield Finding("threads", f"{chosen}: {reason}")


def load() -> Iterator[Finding]:
    """What else the processor does."""
    import psutil

    busy, cores = psutil.getloadavg()[0], psutil.cpu_count() or 1
    if busy > BUSY * cores:
        yield Finding("load", f"{busy:.1f} over the last minute, on {cores} logical cores", "note",
                      "other programs use the processor too: localthink decodes with the cores that they leave, at "
                      "about their share of its speed")
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and not battery.power_plugged:
        yield Finding("power", f"on battery, {battery.percent:.0f} % left", "note",
                      "many laptops slow their processor down on battery")
