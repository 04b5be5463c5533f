from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from localthink.cli import main
from localthink.cli.info import command, plain
from tiny_gguf import I32, TEXT, tiny_tokens, write_tiny_gguf


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCALTHINK_HOME", str(tmp_path / "home"))
    return tmp_path / "model.gguf"


def shown(path: Path, *options: str) -> str:
    result = CliRunner().invoke(command, [str(path), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the whole program."""
    monkeypatch.setattr(sys, "argv", ["localthink", *arguments])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_says_what_it_is_how_it_thinks_and_what_it_takes(path: Path) -> None:
    text = shown(write_tiny_gguf(path, layers=2, width=128, heads=4, kv_heads=2, name="A tiny one"))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    think = tiny_tokens().index("<think>")
    assert lines[0] == "A tiny one"
    for line in ("architecture qwen2", "layers 2, of width 128", "heads 4, with 2 for keys and values, of size 32",
                 "context 512 tokens", f"vocabulary {len(tiny_tokens())} tokens, gpt2 / deepseek-r1-qwen",
                 f"thinks yes, between <think> ({think}) and </think> ({think + 1})", "roles R1's own",
                 "KV cache 1 token 8,192 tokens 32,768 tokens", "f16 512 B 4 MiB 16 MiB",
                 "q8_0 272 B 2.12 MiB 8.5 MiB"):
        assert line in lines
    assert any(line.startswith("quantization F16: F16 ") for line in lines)


def test_cache_type_that_does_not_fit_is_told(path: Path) -> None:
    assert "not with heads of this size" in shown(write_tiny_gguf(path))  # heads of 16


def test_vocabulary_alone_is_told(path: Path) -> None:
    assert "a vocabulary alone" in shown(write_tiny_gguf(path, weights=False))


def test_shape_that_is_not_given_is_left_out(path: Path) -> None:
    text = shown(write_tiny_gguf(path, weights=False, fields={"qwen2.block_count": None}))
    assert "layers" not in text and "KV cache" not in text and "vocabulary" in text


def test_layers_that_differ_are_told_by_their_range(path: Path) -> None:
    write_tiny_gguf(path, layers=2, weights=False, fields={"qwen2.attention.head_count_kv": (I32, [2, 1])})
    assert "with 1 to 2, by layer for keys and values" in shown(path)


def test_text_from_the_file_can_do_nothing_but_be_read(path: Path) -> None:
    name = "[bold red]x[/] \x1b[31m \x9b2J \r\n\u202e" + "long" * 100
    text = shown(write_tiny_gguf(path, name=name))
    assert "[bold red]x[/]" in text
    assert all(letter.isprintable() for letter in text.replace("\n", ""))
    assert len(text.splitlines()[0]) <= 80


def test_json_holds_every_fact(path: Path) -> None:
    facts = json.loads(shown(write_tiny_gguf(path, template="a <think> template"), "--json"))
    assert (facts["architecture"], facts["layers"], facts["kv_heads"]) == ("qwen2", 1, 2)
    assert (facts["path"], facts["parts"]) == (str(path), [str(path)])
    assert facts["chat_template"] == "a <think> template"
    assert facts["thinks"] is True and facts["has_weights"] is True
    assert facts["cache_bytes_per_token"] == {"f16": 128, "q8_0": None}
    assert facts["type_bytes"]["F16"] + facts["type_bytes"]["F32"] == facts["weight_bytes"]


def test_json_is_one_line_of_ascii(path: Path) -> None:
    text = shown(write_tiny_gguf(path, fields={"general.name": (TEXT, "\x9b[31m\n<｜User｜>")}), "--json")
    assert text.endswith("}\n") and text.count("\n") == 1 and text.isascii()


def test_whole_program_ends_well(path: Path, monkeypatch: pytest.MonkeyPatch,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "info", str(write_tiny_gguf(path))) == 0
    assert "architecture" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"text\n", b"GGUF\x03\0\0\0"])
def test_file_that_is_no_model_is_one_line_and_a_code(path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str],
                                                      content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    assert run(monkeypatch, "info", str(path)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("localthink: ") and captured.err.count("\n") == 1
    assert str(path) in captured.err


def test_unknown_name_is_one_line_and_a_code(path: Path, monkeypatch: pytest.MonkeyPatch,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "info", "no-such-model") == 2
    assert "there is no model called 'no-such-model'" in capsys.readouterr().err


def test_model_is_found_by_its_name(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "data" / "models"
    folder.mkdir(parents=True)
    write_tiny_gguf(folder / "mine.gguf", name="Mine")
    result = CliRunner().invoke(command, ["mine"], catch_exceptions=False)
    assert result.stdout.startswith("Mine\n")


def test_plain_text_is_cut_and_cannot_move_the_cursor() -> None:
    assert plain("a\nb\x1b") == "a\\nb\\x1b"
    assert plain("x" * 99, limit=5) == "xxxx…"
