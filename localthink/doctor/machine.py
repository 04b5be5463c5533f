"""The processor and the memory: how much there is, how much of it is free, how fast it is."""
from __future__ import annotations

from collections.abc import Iterator

from localthink.doctor.findings import Finding
from localthink.machine import resources
from localthink.machine.processor_features import processor_name
from localthink.text.sizes import sized

BUSY_SHARE = 0.75  # share of the cores; if other programs take more, a measured speed means little
SMALLEST = 1225 * 2**20  # bytes that R1-Distill-Qwen-1.5B takes at Q4_K_M, as measured with a cache of 2,048 tokens
BANDWIDTH_SECONDS = 0.8  # seconds that measuring the bandwidth takes
EXAMPLE_WEIGHTS = 4 * 2**30  # bytes of the model whose speed is told as an example


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
    if busy > BUSY_SHARE * cores:
        yield Finding("load", f"{busy:.1f} over the last minute, on {cores} logical cores", "note",
                      "other programs use the processor too: localthink decodes with the cores that they leave, at "
                      "about their share of its speed")
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is not None and not battery.power_plugged:
        yield Finding("power", f"on battery, {battery.percent:.0f} % left", "note",
                      "many laptops slow their processor down on battery")


def free() -> Iterator[Finding]:
    """What can be had, by the machine and by the limit of a container."""
    import psutil

    total, left = resources.total_memory(), resources.free_memory()
    value = f"{sized(left)} free of {sized(total)}"
    if left < psutil.virtual_memory().available * 0.98:  # two looks a moment apart
        value += ", by the limit of a container or a job"
    if left < SMALLEST:
        yield Finding("memory", value, "warning",
                      f"close other programs: the smallest R1 distill (1.5B, Q4_K_M) takes {sized(SMALLEST)}")
    else:
        yield Finding("memory", value)


def bandwidth() -> Iterator[Finding]:
    """How fast weights can be read: every token needs all of them."""
    speed = resources.memory_bandwidth(BANDWIDTH_SECONDS)
    yield Finding("memory bandwidth", f"{speed / 1e9:,.1f} GB/s: a model of {sized(EXAMPLE_WEIGHTS)} on the processor "
                                      f"writes at most {speed / EXAMPLE_WEIGHTS:.1f} tokens/s")
