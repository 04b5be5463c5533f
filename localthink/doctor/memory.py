"""Memory: how much, how much of it is free, how fast it is."""
from __future__ import annotations

from collections.abc import Iterator

from localthink.doctor.findings import Finding
from localthink.machine import resources
from localthink.text.sizes import sized

SMALLEST = 1225 * 2**20  # bytes that R1-Distill-Qwen-1.5B takes at Q4_K_M, as measured with a cache of 2,048 tokens
SECONDS = 0.8  # of a measurement of bandwidth
EXAMPLE = 4 * 2**30  # bytes of weights


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
    speed = resources.memory_bandwidth(SECONDS)
    yield Finding("memory bandwidth", f"{speed / 1e9:,.1f} GB/s: a model of {sized(EXAMPLE)} on the processor writes "
                                      f"at most {speed / EXAMPLE:.1f} tokens/s")
