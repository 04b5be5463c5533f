"""A word that is shown as a command can be typed into a shell."""
from __future__ import annotations

import subprocess
import sys

import pytest

from localthink.text.visible import as_typed

WORDS = ["r1-qwen-7b:Q4_K_M", "hf:me/r@aaaaaaaa/m.gguf", "my model", "it's", "$HOME", "a;b", "a&b", "(x)", "深度"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such shell")
@pytest.mark.parametrize("word", WORDS)
def test_a_shell_gives_the_word_on_as_it_is(word: str) -> None:
    said = subprocess.run(["sh", "-c", f"printf %s {as_typed(word)}"], check=True, capture_output=True)
    assert said.stdout.decode() == word


def test_what_needs_no_quotes_has_none() -> None:
    assert [as_typed(word) for word in WORDS[:2]] == WORDS[:2]


def test_windows_has_quotes_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert [as_typed(word) for word in (*WORDS[:2], r"C:\models\m.gguf", "my model", "a&b", "it's")] == [
        *WORDS[:2], r"C:\models\m.gguf", '"my model"', '"a&b"', '"it\'s"']
