"""What every test starts from: a home folder of its own, and hypothesis without a clock."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from localthink.locations import HOME_VARIABLE

SHARED = Path(__file__).resolve().parents[2] / "shared"

settings.register_profile("localthink", deadline=None)  # a busy machine is not a failing test
settings.load_profile("localthink")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """LOCALTHINK_HOME for this test alone; nothing is in it yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository: tokenizers and templates too large to keep inside."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name} beside the repository")
    return SHARED
