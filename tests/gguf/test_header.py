from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gguf import GGUFReader
from localthink.errors import UsageError
from localthink.gguf.header import ModelFacts, read_facts
from tiny_gguf import (
    ASSISTANT,
    BOOL,
    BOS,
    END_THINK,
    EOS,
    I32,
    TEXT,
    THINK,
    U32,
    USER,
    named,
    tiny_tokens,
    write_tiny_gguf,
)

ROOT = Path(__file__).resolve().parent.parent.parent
VOCABULARIES = ROOT.parent / "shared" / "data" / "tokenizers"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.gguf"


# What the facts are


def test_facts_of_a_whole_model(path: Path) -> None:
    write_tiny_gguf(path, layers=2, width=64, heads=4, kv_heads=2, context=512, name="tiny")
    facts = read_facts(path)
    tokens = tiny_tokens()
    assert (facts.name, facts.architecture, facts.layers, facts.width) == ("tiny", "qwen2", 2, 64)
    assert (facts.heads, facts.kv_heads, facts.key_length, facts.value_length) == (4, 2, 16, 16)
    assert (facts.context_length, facts.vocabulary) == (512, len(tokens))
    assert (facts.tokenizer, facts.pre_tokenizer) == ("gpt2", "deepseek-r1-qwen")
    assert (facts.path, facts.parts, facts.file_bytes) == (path, (path,), path.stat().st_size)
    assert facts.has_weights


def test_special_tokens_are_found_by_their_text(path: Path) -> None:
    tokens = tiny_tokens()
    facts = read_facts(write_tiny_gguf(path))
    found = (facts.bos, facts.eos, facts.think, facts.end_think, facts.user, facts.assistant)
    assert found == tuple(tokens.index(text) for text in (BOS, EOS, THINK, END_THINK, USER, ASSISTANT))
    assert (facts.bos_text, facts.eos_text, facts.eot) == (BOS, EOS, None)
    assert set(facts.control_tokens) == {BOS, EOS, USER, ASSISTANT}


def test_parameters_and_bytes_agree_with_the_gguf_package(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path, layers=2))
    tensors = GGUFReader(path).tensors
    assert facts.parameters == sum(int(tensor.n_elements) for tensor in tensors)
    assert facts.weight_bytes == sum(tensor.n_bytes for tensor in tensors) == sum(facts.type_bytes.values())
    assert list(facts.type_bytes) == ["F16", "F32"]


@pytest.mark.parametrize(("file_type", "label"), [
    ((U32, 15), "Q4_K_M"), ((U32, 0), "F32"), ((U32, 1024 + 7), "Q8_0"), ((U32, 4_000_000), "F16"), (None, "F16"),
])
def test_mix_is_called_by_its_file_type_or_else_by_its_commonest_type(path: Path, file_type: Any, label: str) -> None:
    write_tiny_gguf(path, fields=named(general__file_type=file_type))
    assert read_facts(path).quantization == label


def test_vocabulary_alone_has_no_weights(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path, weights=False))
    assert not facts.has_weights
    assert (facts.parameters, facts.weight_bytes, facts.quantization) == (0, 0, "no weights")
    assert facts.vocabulary == len(tiny_tokens())


def test_vocabulary_alone_need_not_tell_the_shape(path: Path) -> None:
    write_tiny_gguf(path, weights=False, fields=dict.fromkeys(("qwen2.block_count", "qwen2.context_length")))
    facts = read_facts(path)
    assert (facts.layers, facts.width, facts.context_length) == (0, 0, 0)
    assert facts.cache_bytes_per_token() == 0


def test_facts_can_be_sent_to_another_process(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path))
    assert pickle.loads(pickle.dumps(facts)) == facts


def test_name_is_the_files_own_where_the_header_has_none(path: Path) -> None:
    write_tiny_gguf(path, fields=named(general__name=None))
    assert read_facts(path).name == "model"


# Whether it thinks


def test_r1_style_model_thinks(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path))
    assert facts.thinks and facts.r1_roles


def test_r1_roles_are_enough_where_the_template_leaves_the_tag_to_the_model(path: Path) -> None:
    assert read_facts(write_tiny_gguf(path, template="{{ messages }}")).thinks


def test_a_template_that_thinks_is_enough_where_the_roles_are_not_r1s(path: Path) -> None:
    tokens = [{USER: "<|im_start|>", ASSISTANT: "<|im_end|>"}.get(token, token) for token in tiny_tokens()]
    facts = read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages }}<think>\n"))
    assert facts.thinks and not facts.r1_roles
    assert not read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages }}")).thinks


def test_a_model_without_both_tags_as_tokens_thinks_where_its_template_names_them(path: Path) -> None:
    tokens = [token if token != END_THINK else "<other>" for token in tiny_tokens()]
    facts = read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages }}<think>\n"))
    assert (facts.thinks, facts.r1_family, facts.think_tags) == (True, False, ("<think>", "</think>"))
    assert not read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages }}")).thinks
    named = read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages }}[THINK]"))
    assert (named.thinks, named.think_tags) == (True, ("[THINK]", "[/THINK]"))
    closing = read_facts(write_tiny_gguf(path, tokens=tokens, template="{{ messages.split('</thought>')[-1] }}"))
    assert (closing.thinks, closing.think_tags) == (True, ("<thought>", "</thought>"))


@pytest.mark.parametrize(("pre", "add_bos", "expected"), [
    ("deepseek-r1-qwen", (BOOL, False), False), ("deepseek-r1-qwen", None, False), ("llama-bpe", None, True),
    ("llama-bpe", (BOOL, False), False),
])
def test_bos_is_added_as_llama_cpp_would(path: Path, pre: str, add_bos: Any, expected: bool) -> None:
    write_tiny_gguf(path, fields={"tokenizer.ggml.pre": (TEXT, pre), "tokenizer.ggml.add_bos_token": add_bos})
    assert read_facts(path).add_bos is expected


# Memory


def test_cache_of_a_token_is_two_rows_a_layer(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path, layers=2, width=128, heads=4, kv_heads=2))
    values = 2 * 2 * 2 * 32  # layers, keys and values, heads, their size
    assert facts.cache_bytes_per_token() == values * 2
    assert facts.cache_bytes_per_token("q8_0", "q8_0") == values * 34 // 32
    assert facts.cache_bytes_per_token("f16", "q4_0") == values + values * 18 // 64


def test_cache_counts_each_layer_where_they_differ(path: Path) -> None:
    write_tiny_gguf(path, layers=2, weights=False, fields=named(qwen2__attention__head_count_kv=(I32, [2, 1])))
    facts = read_facts(path)
    assert facts.kv_heads == (2, 1)
    assert facts.cache_bytes_per_token() == (2 + 1) * 2 * 16 * 2


def test_cache_of_latent_attention_holds_the_keys_alone(path: Path) -> None:
    write_tiny_gguf(path, weights=False, fields=named(
        general__architecture=(TEXT, "deepseek2"), deepseek2__block_count=(U32, 2),
        deepseek2__embedding_length=(U32, 2048), deepseek2__context_length=(U32, 4096),
        deepseek2__attention__head_count=(U32, 16), deepseek2__attention__head_count_kv=(U32, 1),
        deepseek2__attention__key_length=(U32, 576), deepseek2__attention__value_length=(U32, 512),
        deepseek2__attention__key_length_mla=(U32, 192), deepseek2__attention__value_length_mla=(U32, 128),
        deepseek2__rope__dimension_count=(U32, 64)))
    assert read_facts(path).cache_bytes_per_token() == 2 * 576 * 2


def test_cache_type_that_does_not_fit_the_heads_is_refused(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path))  # heads of 16
    with pytest.raises(UsageError, match=r"q8_0.*16.*f16"):
        facts.cache_bytes_per_token("q8_0", "f16")
    with pytest.raises(UsageError, match=r"q5_1.*one of"):
        facts.cache_bytes_per_token("q5_1")


# What is shipped elsewhere, and llama.cpp's own opinion


def vocabulary_file(name: str) -> Path:
    file = VOCABULARIES / name
    if not file.exists():
        pytest.skip(f"{file} is not there: it is not part of the repository")
    return file


@pytest.mark.parametrize(("name", "pre", "size"), [
    ("ggml-vocab-qwen2.gguf", "qwen2", 151_936), ("ggml-vocab-llama-bpe.gguf", "llama-bpe", 128_256)])
def test_vocabularies_of_the_distills_are_read(name: str, pre: str, size: int) -> None:
    facts = read_facts(vocabulary_file(name))
    assert (facts.pre_tokenizer, facts.vocabulary, facts.has_weights) == (pre, size, False)


def test_large_vocabulary_takes_little_memory() -> None:
    file = vocabulary_file("ggml-vocab-qwen2.gguf")
    script = ("import psutil, sys; from localthink.gguf.header import read_facts; "
              "facts = read_facts(sys.argv[1]); print(psutil.Process().memory_info().rss)")
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, check=True, text=True)
    assert int(done.stdout) < 150 * 2**20


DECODE = """
import ctypes, sys
import llama_cpp as llama
quiet = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(quiet, None)
settings = llama.llama_model_default_params()
settings.n_gpu_layers = 0
model = llama.llama_model_load_from_file(sys.argv[1].encode(), settings)
settings = llama.llama_context_default_params()
settings.n_ctx, settings.n_threads, settings.n_threads_batch = 64, 1, 1
context = llama.llama_init_from_model(model, settings)
text = "<｜User｜>Wait, Wait<｜Assistant｜><think>".encode()
tokens = (llama.llama_token * 64)()
count = llama.llama_tokenize(llama.llama_model_get_vocab(model), text, len(text), tokens, 64, False, True)
result = llama.llama_decode(context, llama.llama_batch_get_one(tokens, count))
print(result, *tokens[:count])
"""


@pytest.mark.parametrize(("layers", "precision"), [(2, "f16"), (1, "f32")])
def test_tiny_model_is_one_that_llama_cpp_decodes(path: Path, layers: int, precision: str) -> None:
    write_tiny_gguf(path, layers=layers, precision=precision)
    done = subprocess.run([sys.executable, "-c", DECODE, str(path)], capture_output=True, text=True)
    tokens = tiny_tokens()
    expected = [USER, "Wait", ",", "ĠWait", ASSISTANT, THINK]
    assert done.stdout.split() == ["0", *(str(tokens.index(token)) for token in expected)], done.stderr


def test_facts_are_frozen(path: Path) -> None:
    facts = read_facts(write_tiny_gguf(path))
    with pytest.raises(AttributeError):
        facts.layers = 3  # type: ignore[misc]
    assert isinstance(facts, ModelFacts)
