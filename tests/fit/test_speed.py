"""A token takes as long as its weights and its cache take to be read."""
from __future__ import annotations

import pytest

from fit.shapes import GIB, LARGE, LARGE_WEIGHTS
from localthink.fit.choice import Asked, choose
from localthink.fit.speed import AT, tokens_per_second
from localthink.machine.capacity import Bandwidth, MemoryBudget


def speed(bandwidth: Bandwidth, device: int = 0, context: int = 16_384) -> float | None:
    here = MemoryBudget(64 * GIB, device, "GPU" if device else "")
    choice = choose(LARGE, LARGE_WEIGHTS, here, Asked(1, context, "f16"))
    return tokens_per_second(choice, LARGE_WEIGHTS, LARGE.layers, bandwidth)


def test_it_is_the_bandwidth_over_what_a_token_reads() -> None:
    read = LARGE_WEIGHTS.step + AT * LARGE.cache_bytes_per_token()
    assert speed(Bandwidth(40e9)) == pytest.approx(40e9 / read)
    assert speed(Bandwidth(40e9), context=131_072) == pytest.approx(40e9 / read)  # an empty cache is not read
    assert speed(Bandwidth(40e9), context=1024) == pytest.approx(
        40e9 / (LARGE_WEIGHTS.step + 1024 * LARGE.cache_bytes_per_token()))


def test_layers_on_a_gpu_are_read_at_its_speed_and_the_others_at_theirs() -> None:
    whole = speed(Bandwidth(40e9, 400e9), 24 * GIB)
    part = speed(Bandwidth(40e9, 400e9), 4 * GIB)
    none = speed(Bandwidth(40e9, 400e9))
    assert whole is not None and part is not None and none is not None
    assert whole == pytest.approx(10 * none)
    assert none < part < whole


@pytest.mark.parametrize(("bandwidth", "device"), [(Bandwidth(), 0), (Bandwidth(40e9), 24 * GIB),
                                                   (Bandwidth(None, 400e9), 4 * GIB)])
def test_what_was_not_measured_is_not_promised(bandwidth: Bandwidth, device: int) -> None:
    assert speed(bandwidth, device) is None


def test_what_is_not_read_need_not_be_measured() -> None:
    assert speed(Bandwidth(None, 400e9), 24 * GIB) is not None
