"""The one list of keys, and what is made of it."""
from __future__ import annotations

from pathlib import Path

import pytest

from list_keys import with_table
from localthink.tui.keys import ALL_KEYS, CHAT_KEYS, key_name

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_readme_explains_every_key():
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python scripts/list_keys.py README.md"


def test_no_key_of_the_chat_has_two_meanings_at_one_time():
    """Answer now and go on share a key: the one is there while it writes, the other when it has stopped."""
    keys = [key for verb in CHAT_KEYS if verb.action != "go_on" for key in verb.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("key", "name"), [("ctrl+g", "Ctrl+G"), ("escape", "Esc"), ("f5", "F5"), ("alt+left", "Alt+←"),
                                           ("a", "a"), ("shift+f9", "Shift+F9"), ("shift+enter", "Shift+Enter")])
def test_keys_are_called_as_people_call_them(key, name):
    assert key_name(key) == name


def test_every_key_says_what_it_does():
    assert all(key.label and key.help and key.group for key in ALL_KEYS)
