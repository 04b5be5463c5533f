from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localthink.gguf.header import read_facts
from tiny_gguf import (
    ARRAY,
    ASSISTANT,
    BOOL,
    BOS,
    EOS,
    F32,
    I32,
    TEXT,
    U16,
    U32,
    USER,
    byte_letters,
    named,
    raw_array,
    raw_field,
    raw_gguf,
    raw_tensor,
    raw_text,
    refusal,
    tiny_tokens,
    write_tiny_gguf,
)

HEADER = [raw_field("general.architecture", TEXT, raw_text("qwen2"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


# Fields


REFUSED_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "no architecture": (named(general__architecture=None), "no general.architecture"),
    "architecture that is no name": (named(general__architecture=(TEXT, "\x1b[2J")), r"architecture '\x1b[2J'"),
    "architecture of a wrong type": (named(general__architecture=(U32, 1)), "general.architecture is a 32-bit"),
    "projector": (named(general__type=(TEXT, "mmproj")), "projector"),
    "adapter": (named(general__type=(TEXT, "adapter")), "adapter"),
    "encoder": (named(general__architecture=(TEXT, "bert")), "is a bert model"),
    "not causal": (named(qwen2__attention__causal=(BOOL, False)), "does not write text"),
    "no layers": (named(qwen2__block_count=(U32, 0)), "block_count is zero"),
    "layers missing": (named(qwen2__block_count=None), "block_count is missing"),
    "too many layers": (named(qwen2__block_count=(U32, 513)), "block_count is 513"),
    "layers of a wrong type": (named(qwen2__block_count=(F32, 1.0)), "block_count is a 32-bit float"),
    "layers as an array": (named(qwen2__block_count=(U32, [1])), "block_count is an array"),
    "more predicting layers than layers": (named(qwen2__nextn_predict_layers=(U32, 2)), "nextn_predict_layers"),
    "no context": (named(qwen2__context_length=(U32, 0)), "context_length is zero"),
    "uneven groups": (named(qwen2__attention__head_count_kv=(U32, 3)), "head_count is 4 and head_count_kv 3"),
    "no heads for keys": (named(qwen2__attention__head_count_kv=(U32, 0)), "head_count_kv is 0"),
    "heads for too many layers": (named(qwen2__attention__head_count_kv=(I32, [2, 2])), "expected"),
    "negative heads": (named(qwen2__attention__head_count_kv=(I32, [-2])), "negative"),
    "width without a multiple of heads": (named(qwen2__attention__head_count=(U32, 6)), "multiple of the 6 heads"),
    "key and value lengths": (named(qwen2__attention__value_length=(U32, 32)), "key_length is 16 and value_length 32"),
    "partly rotated": (named(qwen2__rope__dimension_count=(U32, 8)), "rope.dimension_count is 8"),
    "odd rotation": (named(qwen2__attention__key_length=(U32, 15), qwen2__attention__value_length=(U32, 15)), "even"),
    "rope scaling": (named(qwen2__rope__scaling__type=(TEXT, "dynamic")), "scaling.type is 'dynamic'"),
    "negative epsilon": (named(qwen2__attention__layer_norm_rms_epsilon=(F32, -1.0)), "rms_epsilon is -1.0"),
    "no number": (named(qwen2__rope__freq_base=(F32, float("nan"))), "freq_base is nan"),
    "experts without use": (named(qwen2__expert_count=(U32, 4)), "expert_count is 4 and expert_used_count 0"),
    "more used than there are": (named(qwen2__expert_used_count=(U32, 4)), "expert_count is 0"),
    "uneven expert groups": (
        named(qwen2__expert_count=(U32, 8), qwen2__expert_used_count=(U32, 2), qwen2__expert_group_count=(U32, 3)),
        "expert_group_count is 3"),
    "alignment no power of two": (named(general__alignment=(U32, 48)), "alignment is 48"),
    "alignment too small": (named(general__alignment=(U32, 8)), "alignment is 8"),
    "alignment zero": (named(general__alignment=(U32, 0)), "alignment is 0"),
    "alignment too large": (named(general__alignment=(U32, 2**21)), "alignment is 2,097,152"),
    "no tokenizer": (named(tokenizer__ggml__model=None), "no tokenizer.ggml.model"),
    "tokenizer that crashes": (named(tokenizer__ggml__model=(TEXT, "none")), "tokenizer.ggml.model is 'none'"),
    "tokenizer that is no name": (named(tokenizer__ggml__model=(TEXT, "a\nb")), r"tokenizer.ggml.model is 'a\nb'"),
    "pre-tokenizer that is no name": (named(tokenizer__ggml__pre=(TEXT, "a b")), "tokenizer.ggml.pre is 'a b'"),
    "no merges": (named(tokenizer__ggml__merges=None), "no tokenizer.ggml.merges"),
    "merges of a wrong type": (named(tokenizer__ggml__merges=(U32, [1])), "merges is an array of 32-bit"),
    "no tokens": (named(tokenizer__ggml__tokens=None), "no tokenizer.ggml.tokens"),
    "tokens of a wrong type": (named(tokenizer__ggml__tokens=(U32, [1])), "tokens is an array of 32-bit"),
    "too few types": (named(tokenizer__ggml__token_type=(I32, [1])), "token_type holds 1 values"),
    "too many scores": (named(tokenizer__ggml__scores=(F32, [0.0] * 1000)), "scores holds 1,000 values"),
    "BOS out of range": (named(tokenizer__ggml__bos_token_id=(U32, 9999)), "bos_token_id is 9,999"),
    "EOS out of range": (named(tokenizer__ggml__eos_token_id=(U32, 2**32 - 1)), "eos_token_id is 4,294,967,295"),
    "BOS of a wrong type": (named(tokenizer__ggml__bos_token_id=(I32, 1)), "bos_token_id is a 32-bit integer"),
    "add_bos of a wrong type": (named(tokenizer__ggml__add_bos_token=(U32, 1)), "where a boolean belongs"),
    "template of a wrong type": (named(tokenizer__chat_template=(TEXT, ["a"])), "chat_template is an array of strings"),
}


@pytest.mark.parametrize("case", REFUSED_FIELDS)
def test_field_that_would_bring_llama_cpp_down_is_refused(path: Path, case: str) -> None:
    fields, said = REFUSED_FIELDS[case]
    assert said in refusal(write_tiny_gguf(path, fields=fields))


ACCEPTED_FIELDS: dict[str, dict[str, Any]] = {
    "explicit lengths": named(qwen2__attention__key_length=(U32, 16), qwen2__attention__value_length=(U32, 16)),
    "heads by layer": named(qwen2__attention__head_count=(U32, [4]), qwen2__attention__head_count_kv=(I32, [2])),
    "yarn": named(qwen2__rope__scaling__type=(TEXT, "yarn"), qwen2__rope__scaling__factor=(F32, 4.0)),
    "no pre-tokenizer": named(tokenizer__ggml__pre=None),
    "no token types": named(tokenizer__ggml__token_type=None),
    "no BOS and no EOS": dict.fromkeys(("tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id")),
    "padding token out of range": named(tokenizer__ggml__padding_token_id=(U32, 2**32 - 1)),
    "one part of one": named(split__count=(U16, 1), split__no=(U16, 0)),
}


@pytest.mark.parametrize("case", ACCEPTED_FIELDS)
def test_unusual_field_that_llama_cpp_takes_is_accepted(path: Path, case: str) -> None:
    assert read_facts(write_tiny_gguf(path, fields=ACCEPTED_FIELDS[case])).has_weights


NEWER_NAMES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "architecture": (named(
        general__architecture=(TEXT, "qwen99"), qwen99__block_count=(U32, 1), qwen99__embedding_length=(U32, 64),
        qwen99__context_length=(U32, 512), qwen99__attention__head_count=(U32, 4)), {"architecture": "qwen99"}),
    "tokenizer": (named(tokenizer__ggml__model=(TEXT, "plamo99")), {"tokenizer": "plamo99"}),
    "pre-tokenizer": (named(tokenizer__ggml__pre=(TEXT, "qwen99")), {"pre_tokenizer": "qwen99"}),
}


@pytest.mark.parametrize("case", NEWER_NAMES)
def test_a_name_that_only_a_newer_llama_cpp_may_know_is_read(path: Path, case: str) -> None:
    fields, expected = NEWER_NAMES[case]
    facts = read_facts(write_tiny_gguf(path, fields=fields))
    assert {name: getattr(facts, name) for name in expected} == expected


def test_heads_larger_than_their_share_of_the_width_are_accepted(path: Path) -> None:
    write_tiny_gguf(path, weights=False, fields=named(  # as Qwen3 has them
        general__architecture=(TEXT, "qwen3"), qwen3__block_count=(U32, 28), qwen3__embedding_length=(U32, 1024),
        qwen3__context_length=(U32, 40960), qwen3__attention__head_count=(U32, 16),
        qwen3__attention__head_count_kv=(U32, 8), qwen3__attention__key_length=(U32, 128),
        qwen3__attention__value_length=(U32, 128)))
    facts = read_facts(path)
    assert (facts.key_length, facts.cache_bytes_per_token()) == (128, 28 * 8 * 2 * 128 * 2)


def test_model_without_attention_needs_no_heads_and_no_cache(path: Path) -> None:
    write_tiny_gguf(path, weights=False, fields=named(
        general__architecture=(TEXT, "mamba"), mamba__block_count=(U32, 24), mamba__embedding_length=(U32, 768),
        mamba__context_length=(U32, 2048)))
    facts = read_facts(path)
    assert (facts.heads, facts.cache_bytes_per_token()) == (0, 0)


# Vocabularies


def test_tokens_that_are_alike_are_refused(path: Path) -> None:
    message = refusal(write_tiny_gguf(path, tokens=[*tiny_tokens()[:-1], "A"]))
    assert f"tokens 65 and {len(tiny_tokens()) - 1} are both 'A'" in message


def test_tokens_that_are_alike_up_to_a_zero_byte_are_refused(path: Path) -> None:
    assert "both 'A'" in refusal(write_tiny_gguf(path, tokens=[*tiny_tokens()[:-1], "A\0b"]))


def test_several_empty_tokens_are_accepted(path: Path) -> None:
    assert read_facts(write_tiny_gguf(path, tokens=["", "", *tiny_tokens()[2:]])).vocabulary == len(tiny_tokens())


def test_sentencepiece_vocabulary_needs_every_byte(path: Path) -> None:
    tokens = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "a", "b"]
    plain = {**named(tokenizer__ggml__model=(TEXT, "llama")), "tokenizer.ggml.merges": None}
    facts = read_facts(write_tiny_gguf(path, tokens=tokens, fields=plain))
    assert (facts.tokenizer, facts.add_bos) == ("llama", True)
    tokens.remove("<0xE9>")
    assert "<0xE9>" in refusal(write_tiny_gguf(path, tokens=tokens, fields=plain))
    tokens.remove("<0x61>")  # the letter a, a token of its own
    tokens.append("<0xE9>")
    assert read_facts(write_tiny_gguf(path, tokens=tokens, fields=plain)).vocabulary == len(tokens)


def test_control_tokens_are_those_of_that_type_and_the_roles(path: Path) -> None:
    types = [3 if token in ("A", EOS) else 1 for token in tiny_tokens()]
    facts = read_facts(write_tiny_gguf(path, fields={"tokenizer.ggml.token_type": (I32, types)}))
    assert facts.control_tokens == ("A", EOS, USER, ASSISTANT, BOS)


def test_text_that_is_not_utf8_is_no_error(path: Path) -> None:
    vocabulary = b"".join(raw_text(letter) for letter in [*byte_letters()[:9], b"\xff\xfe"])
    path.write_bytes(raw_gguf([
        *HEADER, raw_field("general.name", TEXT, raw_text(b"\xff")), raw_field(b"\xff.key", U32, bytes(4)),
        raw_field("tokenizer.ggml.model", TEXT, raw_text("gpt2")),
        raw_field("tokenizer.ggml.merges", ARRAY, raw_array(TEXT, 0, b"")),
        raw_field("tokenizer.ggml.tokens", ARRAY, raw_array(TEXT, 10, vocabulary)),
    ]))
    assert read_facts(path).name == "�"


# Tensors


def rewrite(path: Path, find: bytes, replace: bytes) -> Path:
    content = path.read_bytes()
    assert content.count(find) == 1 and len(find) == len(replace)
    path.write_bytes(content.replace(find, replace))
    return path


def test_embeddings_have_a_row_for_each_token(path: Path) -> None:
    fewer = named(tokenizer__ggml__tokens=(TEXT, tiny_tokens()[:-1]), tokenizer__ggml__token_type=None)
    write_tiny_gguf(path, fields=fewer)
    assert "token_embd.weight" in refusal(path)


@pytest.mark.parametrize(("name", "shape", "before", "after"), [
    ("output_norm.weight", (64,), 0, 1), ("blk.0.attn_q.bias", (64,), 0, 30), ("output.weight", (64, 291), 1, 25)])
def test_tensor_of_a_type_that_cannot_be_computed_with_is_refused(
        path: Path, name: str, shape: tuple[int, ...], before: int, after: int) -> None:
    write_tiny_gguf(path)
    row = raw_tensor(name, shape, before)[:-8]
    rewrite(path, row, raw_tensor(name, shape, after)[:-8])
    message = refusal(path)
    assert name in message or "was expected" in message  # a smaller type also moves what follows

