"""GGUF files that say what a script says; made by ../shared/tools/scripted_model.py, without which tests skip."""
from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = ROOT.parent / "shared" / "tools" / "scripted_model.py"
needs_scripts = pytest.mark.skipif(not TOOL.is_file(), reason="needs ../shared/tools/scripted_model.py")

LATEST = (ROOT / "models" / "r1-chat-template.jinja").read_text(encoding="utf-8")
FIRST = LATEST.replace("<think>\\n", "")  # as the distills were first published: the block is left to the model
ASSISTANT = "<｜Assistant｜>"
BEGIN, END = "<think>", "</think>"
END_AS_TEXT = ("</", "think", ">\n\n")


def write_script(folder: Path, *said: str, start: str, template: str = FIRST, tags: bool = True) -> Path:
    """A model that writes `said` after the prompt's last token, `start`; each piece follows from the one before.

    Without `tags` its vocabulary has no tokens for them. "Alternatively" is the one marker that it knows.
    """
    spec = importlib.util.spec_from_file_location("scripted_model", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert len(set(said)) == len(said), "a piece that comes twice would have two successors"
    chain = {before: [(piece, 30.0)] for before, piece in pairwise([start, *said, tool.EOS])}
    readable = (*((BEGIN, END) if tags else ()), "Alternatively")
    return Path(tool.write(folder / "scripted.gguf", chain, template=template, user_defined=readable))
