"""Models of a few kilobytes that llama.cpp loads: R1's special tokens and template, random weights.

`write_tiny_gguf` writes a whole one, whose fields can be replaced one by one; `raw_gguf` puts the
bytes of a header together without asking whether they make sense.
"""
from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf.gguf_writer import GGUFValue

from gguf import GGMLQuantizationType, GGUFValueType, GGUFWriter, TokenType
from localthink.errors import ModelFileError
from localthink.gguf.header import read_facts

TEMPLATE = Path(__file__).resolve().parent.parent / "models" / "r1-chat-template.jinja"
BOS, EOS, USER, ASSISTANT = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"
THINK, END_THINK = "<think>", "</think>"
CONTROL = (EOS, USER, ASSISTANT, BOS)
WORDS = ("Wait", "Alternatively", "But", "Hmm", "So", "the")  # single tokens, with and without a space before
SPACE, NEWLINE = "Ġ", "Ċ"  # how byte-level vocabularies write them

U16, U32, I32, F32, BOOL, TEXT, ARRAY = (
    GGUFValueType.UINT16, GGUFValueType.UINT32, GGUFValueType.INT32, GGUFValueType.FLOAT32, GGUFValueType.BOOL,
    GGUFValueType.STRING, GGUFValueType.ARRAY)


def byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256))
    return [chr(byte) if byte in plain else chr(256 + next(others)) for byte in range(256)]


def tiny_merges() -> list[tuple[str, str]]:
    """Merges that make each of WORDS one token, then the word after a space, and a blank line."""
    merges = [(NEWLINE, NEWLINE)]
    for word in WORDS:
        merges += [(word[:i], word[i]) for i in range(1, len(word))]
    merges += [(SPACE, word) for word in WORDS]
    return list(dict.fromkeys(merges))


def tiny_tokens() -> list[str]:
    """256 bytes, then the merges, then the special tokens."""
    return [*byte_letters(), *("".join(merge) for merge in tiny_merges()), *CONTROL, THINK, END_THINK]


def write_tiny_gguf(path: Path | str, *, layers: int = 1, width: int = 64, heads: int = 4, kv_heads: int = 2,
                    hidden: int = 96, context: int = 512, precision: str = "f16", weights: bool = True,
                    tokens: Sequence[str] | None = None, template: str | None = None, name: str = "tiny",
                    fields: Mapping[str, tuple[GGUFValueType, Any] | None] | None = None, seed: int = 0) -> Path:
    """A Qwen2 model of that shape, with random weights, or without any; returns `path`.

    `fields` replaces fields by name, each with its type and value, and removes those that are None;
    an array's type is that of its elements, as `("tokenizer.ggml.scores", (F32, [0.0, 1.0]))`.
    `template` is the chat template, R1's if None.
    """
    tokens = tiny_tokens() if tokens is None else list(tokens)
    writer = GGUFWriter(path, "qwen2")
    writer.add_name(name)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type({"f32": 0, "f16": 1}[precision])
    _add_vocabulary(writer, tokens)
    writer.add_chat_template(TEMPLATE.read_text(encoding="utf-8") if template is None else template)
    _replace(writer, fields or {})
    if weights:
        _add_weights(writer, layers, width, kv_heads * width // heads, hidden, len(tokens), precision, seed)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(path)


def _add_vocabulary(writer: GGUFWriter, tokens: Sequence[str]) -> None:
    kinds = {**dict.fromkeys(CONTROL, TokenType.CONTROL), **dict.fromkeys((THINK, END_THINK), TokenType.USER_DEFINED)}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("deepseek-r1-qwen")
    writer.add_token_list(list(tokens))
    writer.add_token_types([kinds.get(token, TokenType.NORMAL) for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in tiny_merges()])
    if BOS in tokens:
        writer.add_bos_token_id(tokens.index(BOS))
    if EOS in tokens:
        writer.add_eos_token_id(tokens.index(EOS))
        writer.add_pad_token_id(tokens.index(EOS))
    writer.add_add_bos_token(True)


def _replace(writer: GGUFWriter, fields: Mapping[str, tuple[GGUFValueType, Any] | None]) -> None:
    known = writer.kv_data[0]
    for key, field in fields.items():
        known.pop(key, None)
        if field is not None:
            kind, value = field
            listed = isinstance(value, (list, tuple))
            known[key] = GGUFValue(value=value, type=ARRAY if listed else kind, sub_type=kind if listed else None)


def _add_weights(writer: GGUFWriter, layers: int, width: int, kv_width: int, hidden: int, vocabulary: int,
                 precision: str, seed: int) -> None:
    """Tensors by name, each written as [rows, columns]; the output is sharpened so that greedy decoding has no ties."""
    random = np.random.default_rng(seed)
    kind = {"f32": np.float32, "f16": np.float16}[precision]

    def matrix(name: str, rows: int, columns: int, scale: float = 0.2) -> None:
        writer.add_tensor(name, (random.standard_normal((rows, columns)) * scale).astype(kind))

    matrix("token_embd.weight", vocabulary, width)
    matrix("output.weight", vocabulary, width, scale=0.6)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for block in (f"blk.{i}." for i in range(layers)):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{norm}.weight", np.ones(width, np.float32))
        for part, size in (("q", width), ("k", kv_width), ("v", kv_width)):
            matrix(f"{block}attn_{part}.weight", size, width)
            writer.add_tensor(f"{block}attn_{part}.bias", np.zeros(size, np.float32))
        matrix(f"{block}attn_output.weight", width, width)
        matrix(f"{block}ffn_gate.weight", hidden, width)
        matrix(f"{block}ffn_up.weight", hidden, width)
        matrix(f"{block}ffn_down.weight", width, hidden)


def raw_text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def raw_field(key: str | bytes, kind: int, value: bytes) -> bytes:
    return raw_text(key) + struct.pack("<I", kind) + value


def raw_array(element: int, count: int, values: bytes) -> bytes:
    """The value of an array field; `count` may lie."""
    return struct.pack("<IQ", element, count) + values


def raw_tensor(name: str | bytes, shape: Sequence[int], kind: int = GGMLQuantizationType.F32, offset: int = 0) -> bytes:
    return raw_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def raw_gguf(fields: Sequence[bytes] = (), tensors: Sequence[bytes] = (), *, magic: bytes = b"GGUF", version: int = 3,
             tensor_count: int | None = None, field_count: int | None = None, after: bytes = b"") -> bytes:
    """A header of these parts; the counts are those of the parts unless told otherwise."""
    counts = (len(tensors) if tensor_count is None else tensor_count,
              len(fields) if field_count is None else field_count)
    return magic + struct.pack("<IQQ", version, *counts) + b"".join((*fields, *tensors)) + after


def named(**fields: Any) -> dict[str, Any]:
    """Fields by their names, with `__` for a dot."""
    return {key.replace("__", "."): value for key, value in fields.items()}


def refusal(path: Path) -> str:
    """What `read_facts` has against the file; the test fails unless it is one line, fit to be printed."""
    with pytest.raises(ModelFileError) as caught:
        read_facts(path)
    message = str(caught.value)
    assert "\n" not in message and message.isprintable()
    return message
