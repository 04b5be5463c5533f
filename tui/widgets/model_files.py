"""The files that may be models: those that are known, and what their headers say. For a thread of their own."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from localthink.chat.stock import Stock
from localthink.errors import LocalthinkError
from localthink.gguf.header import read_facts
from localthink.text.visible import shown_name
from localthink.tui.widgets.model_plan import ModelRow


def known_rows(stock: Stock, also: str | None) -> list[ModelRow]:
    """The models that are here, and the one at the path `also`, whose headers are still to be read."""
    rows = [ModelRow(kept.model.path, kept.model.name, keeper=kept.model.keeper, spec=kept.spec,
                     precision=kept.precision) for kept in stock.here]
    if also is not None and Path(also).is_file() and Path(also) not in [row.path for row in rows]:
        rows.append(ModelRow(Path(also), Path(also).stem))
    return rows


def read_row(row: ModelRow) -> ModelRow:
    """With what the header says, or with what is wrong with the file."""
    try:
        return replace(row, facts=read_facts(row.path))
    except LocalthinkError as error:
        return replace(row, trouble=str(error).removeprefix(f"{shown_name(row.path)}: "))


def typed_path(text: str) -> str:
    """A path as terminals and file managers hand it over: in quotes, with escaped spaces, or as a file: URL."""
    text = text.strip()
    if text.startswith("file://"):
        return unquote(urlsplit(text).path)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text.replace("\\ ", " ")
