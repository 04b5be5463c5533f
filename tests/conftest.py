"""What every test starts from: a home folder of its own, and hypothesis without a clock."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from localthink import locations
from localthink.locations import HOME_VARIABLE

SHARED = Path(__file__).resolve().parents[2] / "shared"

EXAMPLES = int(os.environ.get("LOCALTHINK_EXAMPLES", "40"))  # of each property, every day; more on demand
settings.register_profile("localthink", deadline=None, max_examples=EXAMPLES)  # a busy machine is not a failing test
settings.load_profile("localthink")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of real weights are left out where nobody says where those are."""
    if os.environ.get("LOCALTHINK_REAL"):
        return
    real = [item for item in items if item.get_closest_marker("real")]
    config.hook.pytest_deselected(items=real)
    items[:] = [item for item in items if item not in real]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """LOCALTHINK_HOME for this test alone; nothing is in it yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    return folder


# What leads to the models that other programs keep for whoever runs the tests.
ELSEWHERE = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "LLAMA_CACHE", "OLLAMA_MODELS")


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home folder for this test alone, in which no other program has put a model yet."""
    folder = tmp_path.with_name(f"{tmp_path.name}-person")  # beside it: tests look at what is in their own
    folder.mkdir()
    for variable in ELSEWHERE:
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr(locations, "OLLAMA_SERVICE", folder / "ollama")
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: tokenizers and templates too large to keep inside."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name} beside the repository")
    return SHARED
