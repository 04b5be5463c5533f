"""Every path that localthink reads or writes by itself, one function each.

`LOCALTHINK_HOME` moves all of its own, which is also how tests stay away from a person's own files.
Where other programs keep their models is as each of them finds its own folder.
"""
from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path

from localthink.errors import UsageError
from localthink.files import small_object, small_text

HOME_VARIABLE = "LOCALTHINK_HOME"
OLLAMA_SERVICE = Path("/usr/share/ollama/.ollama/models")  # of the user that its Linux installer makes


def _home(kind: str) -> Path:
    if moved := os.environ.get(HOME_VARIABLE):
        return Path(moved) / kind
    import platformdirs

    try:
        place = str(getattr(platformdirs, f"user_{kind}_dir")("localthink", appauthor=False))
    except RuntimeError:  # and earlier versions leave it at the ~
        place = "~"
    if place.startswith("~"):  # a user whom the system does not know, as of a container
        raise UsageError(f"this user has no home folder: set {HOME_VARIABLE} to a folder that can be written")
    return Path(place)


def local_models() -> Path:
    """The folder in which a person keeps GGUF files that can be called by name."""
    return _home("data") / "models"


def receipts() -> Path:
    """The folder that says which models were pulled from the Hub, and whether they are whole."""
    return _home("data") / "pulled"


def user_catalogue() -> Path:
    """The models that a person has added to the catalogue."""
    return _home("config") / "catalogue.toml"


def catalogue() -> Path:
    """The catalogue of published models that comes with localthink."""
    return Path(str(resources.files("localthink.models"))) / "catalogue.toml"


def user_markers() -> Path:
    """The switch expressions that replace the shipped ones, where a person has written some."""
    return _home("config") / "markers.toml"


def recent_models() -> Path:
    """The paths of the models that were opened in a chat."""
    return _home("data") / "recent-models.json"


def theme_file() -> Path:
    """The name of the colours that a person has chosen for the chat."""
    return _home("config") / "theme.txt"


def history_file() -> Path:
    """The store of chat conversations."""
    return _home("data") / "history.sqlite"


def labels() -> Path:
    """The folder of what people said of the thoughts of the chat's answers."""
    return _home("data") / "labels"


def studies() -> Path:
    """The folder of the studies that were run without naming one."""
    return _home("data") / "studies"


def demo_mark() -> Path:
    """An empty file that is there once the first launch has shown what the penalty does."""
    return _home("data") / "demo-shown"


def bundled_models() -> Path:
    """The folder of the models that come with localthink."""
    return Path(str(resources.files("localthink.models")))


def bundled_family() -> Path:
    """The folder of the models that a study compares with the bundled one."""
    return bundled_models() / "family"


def bundled_model() -> Path:
    """The small model that runs when no other is named."""
    return bundled_models() / "countdown.gguf"


def hugging_face_cache() -> Path:
    """The Hub's cache of repositories, as huggingface_hub places it."""
    moved = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if not moved:
        moved = str(Path(os.environ.get("HF_HOME") or _cache() / "huggingface") / "hub")
    return Path(os.path.expandvars(expanded(moved)))


def llama_cpp_cache() -> Path:
    """What llama.cpp's programs have downloaded by themselves."""
    if moved := os.environ.get("LLAMA_CACHE"):
        return Path(moved)
    if sys.platform == "darwin":
        return expanded("~") / "Library" / "Caches" / "llama.cpp"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or expanded("~") / "AppData" / "Local") / "llama.cpp"
    return _cache() / "llama.cpp"


def lm_studio_models() -> tuple[Path, ...]:
    """The folders in which LM Studio keeps models, in the home that its pointer names, that of today and of earlier.

    Each is where its settings move it, or below the home.
    """
    person = expanded("~")
    homes = [person / ".lmstudio", person / ".cache" / "lm-studio"]
    pointed = small_text(person / ".lmstudio-home-pointer").partition("\n")[0].strip()
    if pointed:
        homes.insert(0, Path(pointed))
    folders = []
    for home in homes:
        moved = small_object(home / "settings.json").get("downloadsFolder")
        folders += [Path(moved)] if isinstance(moved, str) and moved else []
        folders.append(home / "models")
    return tuple(dict.fromkeys(folders))


def ollama_models() -> tuple[Path, ...]:
    """The folders of ollama's models: where the variable moves them, a person's, and the system service's."""
    moved = os.environ.get("OLLAMA_MODELS")
    return (*([Path(moved)] if moved else []), expanded("~") / ".ollama" / "models", OLLAMA_SERVICE)


def expanded(path: str) -> Path:
    """With a person's home folder in place of `~`, which stays where there is none, as huggingface_hub has it."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's own raises there


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or expanded("~") / ".cache")
