"""A Hub for the tests of this folder, which each find empty, and models to put into it."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hub.loopback import Hub, loopback_hub
from tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="module")
def server() -> Iterator[Hub]:
    with loopback_hub() as hub:
        yield hub


@pytest.fixture
def hub(server: Hub) -> Hub:
    server.reset()
    return server


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], bytes]:
    """A model's bytes; another seed gives another model of the same length."""
    written: dict[int, bytes] = {}

    def make(seed: int = 0) -> bytes:
        if seed not in written:
            path = tmp_path_factory.mktemp("model") / "tiny.gguf"
            written[seed] = write_tiny_gguf(path, seed=seed).read_bytes()
        return written[seed]

    return make
