"""Every path has a place, or a line that says how to give it one, also for a person without a home folder."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from localthink import locations
from localthink.errors import UsageError
from localthink.locations import HOME_VARIABLE

OWN = (locations.local_models, locations.receipts, locations.user_catalogue, locations.user_markers,
       locations.history_file)
OTHERS = (locations.hugging_face_cache, locations.llama_cpp_cache, locations.lm_studio_models, locations.ollama_models)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person whom the system does not know, as `docker run --user 12345` makes one."""
    monkeypatch.setattr(os.path, "expanduser", os.fspath)

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setattr(Path, "expanduser", lambda self: unknown())


def homeless_dir(kind: str, raises: bool) -> object:
    def place(name: str, appauthor: bool) -> str:
        if raises:
            raise RuntimeError(f"could not determine the home directory for '~/.{kind}'")
        return f"~/.{kind}/{name}"

    return place


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_the_variable_is_all_that_is_needed(home: Path) -> None:
    assert all(home in place().parents for place in OWN)


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("raises", [True, False], ids=["platformdirs raises", "platformdirs leaves the ~"])
@pytest.mark.parametrize("place", OWN)
def test_without_either_the_variable_is_asked_for(place, raises: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOME_VARIABLE)
    for kind in ("data", "config"):
        monkeypatch.setattr(platformdirs, f"user_{kind}_dir", homeless_dir(kind, raises))
    with pytest.raises(UsageError, match="no home folder: set LOCALTHINK_HOME to a folder"):
        place()


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("place", OTHERS)
def test_without_a_home_folder_other_programs_have_nothing_in_it(place, platform: str, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("LOCALAPPDATA")
    found = place()
    folders = [found] if isinstance(found, Path) else [each for each in found if each != locations.OLLAMA_SERVICE]
    assert all(folder.parts[0] == "~" and not folder.exists() for folder in folders)


@pytest.mark.parametrize("variables", [
    {"HF_HOME": "{0}/hf"}, {"HF_HUB_CACHE": "~nosuch/x"}, {"HF_HOME": "~/$PLACE"}, {"HF_HUB_CACHE": "${{PLACE}}/x"},
    {"HUGGINGFACE_HUB_CACHE": "{0}/old"}, {"XDG_CACHE_HOME": "~/xdg"},
], ids=str)
def test_the_client_of_the_hub_agrees(variables: dict[str, str], tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "~/elsewhere")
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.format(tmp_path))
    code = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert Path(said) == locations.hugging_face_cache()


@pytest.mark.parametrize(("written", "place"), [("~/x", "{0}/x"), ("~nosuchperson/x", "~nosuchperson/x"),
                                                ("x", "x"), ("", ".")])
def test_a_home_folder_stands_for_its_sign_where_there_is_one(written: str, place: str, person: Path) -> None:
    assert locations.expanded(written) == Path(place.format(person))
