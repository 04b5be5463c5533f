"""The colours that a person has chosen, from one start to the next."""
from __future__ import annotations

from localthink import locations
from localthink.errors import UsageError
from localthink.files import replacing, small_text


def kept_theme() -> str:
    """The name of the theme, empty where none was chosen or it cannot be read."""
    return small_text(locations.theme_file()).strip()


def keep_theme(name: str) -> None:
    """Raises UsageError where it cannot be written."""
    path = locations.theme_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, lasting=False) as file:
            file.write(f"{name}\n".encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written, so the theme is not kept: {error.strerror or error}") from None
