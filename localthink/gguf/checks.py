"""What a header has to say before llama.cpp may see the file: its shape, its vocabulary, its layout.

llama.cpp asserts, and so ends the process, on much that a damaged or hand-made header can hold;
the rest it reports in a log line that nobody reads. Each check here names the field and its value.
The conditions are those of llama.cpp as llama-cpp-python 0.3.36 carries it, in the functions
`load_hparams` and `llama_vocab::impl::load`, in `gguf.cpp`, and in the graphs of `src/models`.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from localthink.gguf.bytes import BOOL, F32, I32, MOST_STRINGS, STRING, Header, Tensor
from localthink.gguf.names import (
    BOS_BY_DEFAULT,
    BYTE_PAIRS,
    EQUAL_HEADS,
    FULLY_ROTATED,
    NEEDS_EXPERTS,
    NOT_MODELS,
    NOT_WEIGHTS,
    NOT_WRITERS,
    ROPE_SCALINGS,
    SECTIONED_ROPE,
    UNSAFE_TOKENIZERS,
)
from localthink.gguf.shape import ModelShape, PerLayer, as_tuple
from localthink.text.visible import shown

NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)  # of an architecture or a tokenizer; it goes into messages
MOST_LAYERS, MOST_EXPERTS = 512, 1024  # LLAMA_MAX_LAYERS, LLAMA_MAX_EXPERTS
NO_TEXT = (2, 3)  # the token types UNKNOWN and CONTROL
MOST_ALIGNMENT, LEAST_ALIGNMENT = 2**20, 32  # the CPU backend wants tensors at multiples of 32 bytes

@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens by id and by text, in the vocabulary's own bytes; `control` are those that are no text."""

    tokens: Sequence[bytes]
    ids: Mapping[bytes, int]
    control: tuple[int, ...]
    tokenizer: str
    pre_tokenizer: str
    bos: int | None
    eos: int | None
    eot: int | None
    add_bos: bool


def read_architecture(header: Header) -> str:
    """general.architecture, unless models of it do not write text. Whether llama.cpp knows it shows when it loads."""
    kind = header.text("general.type")
    if kind in NOT_MODELS:
        header.refuse(f"is {NOT_MODELS[kind]} (general.type {kind!r}), no model: give the model's own file")
    architecture = header.text("general.architecture")
    if architecture is None:
        header.refuse("has no general.architecture: it is not a model, or damaged")
    if not NAME.fullmatch(architecture):
        header.refuse(f"has the architecture {shown(architecture)}, which is no name: the file is damaged")
    if architecture in NOT_WRITERS or header.scalar(f"{architecture}.attention.causal", BOOL) == 0:
        header.refuse(f"is a {architecture} model, which does not write text one token after the other")
    return architecture


def read_shape(header: Header, architecture: str, has_weights: bool) -> ModelShape:
    """The model's dimensions, with every condition on them that llama.cpp asserts."""
    def number(key: str) -> int | None:
        return header.unsigned(f"{architecture}.{key}")

    needed = {name: number(name) for name in ("block_count", "embedding_length", "context_length")}
    if not has_weights and None in needed.values():
        return ModelShape(0, 0, 0, 0, 0, 0, 0, 0, 0)
    for name, value in needed.items():
        if not value:
            header.refuse(f"{architecture}.{name} is {'missing' if value is None else 'zero'}: the file is damaged")
    layers, width, context = (value or 0 for value in needed.values())
    if layers > MOST_LAYERS:
        header.refuse(f"{architecture}.block_count is {layers:,}: llama.cpp allows {MOST_LAYERS}")
    if (number("nextn_predict_layers") or 0) > layers:
        header.refuse(f"{architecture}.nextn_predict_layers is more than {architecture}.block_count, {layers:,}")
    heads = _per_layer(header, f"{architecture}.attention.head_count", layers, 0)
    kv_heads = _per_layer(header, f"{architecture}.attention.head_count_kv", layers, heads)
    _check_groups(header, architecture, heads, kv_heads, layers)
    key_length, value_length = _head_lengths(header, architecture, width, max(as_tuple(heads, layers)))
    used_experts = _check_experts(header, architecture, layers)
    _check_rope(header, architecture)
    latent = bool(number("attention.key_length_mla") and number("attention.value_length_mla"))
    hidden = max(as_tuple(_per_layer(header, f"{architecture}.feed_forward_length", layers, 0), layers))
    by_expert = (number("expert_feed_forward_length") or hidden) * used_experts
    return ModelShape(layers, width, max(hidden, by_expert), heads, kv_heads, key_length, value_length, 0, context,
                      latent)


def _per_layer(header: Header, key: str, layers: int, default: PerLayer) -> PerLayer:
    value = header.integers(key, layers)
    if value is None:
        return default
    if isinstance(value, tuple) and len(value) != layers:
        header.refuse(f"{key} holds {len(value)} numbers for {layers} layers: the file is damaged")
    if min(as_tuple(value, layers)) < 0:
        header.refuse(f"{key} is {shown(value)}: none can be negative")
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _check_groups(header: Header, architecture: str, heads: PerLayer, kv_heads: PerLayer, layers: int) -> None:
    if kv_heads == 0 and heads != 0:
        header.refuse(f"{architecture}.attention.head_count_kv is 0: the file is damaged")
    for layer, (n, n_kv) in enumerate(zip(as_tuple(heads, layers), as_tuple(kv_heads, layers), strict=True)):
        if n_kv and n % n_kv:
            header.refuse(f"{architecture}.attention.head_count is {n:,} and head_count_kv {n_kv:,} in layer {layer}: "
                          "the heads do not divide into equal groups")


def _head_lengths(header: Header, architecture: str, width: int, heads: int) -> tuple[int, int]:
    """Key and value length of one head, and that its rotated part fits, as each family's graph asserts."""
    if not heads:
        return 0, 0
    key = header.unsigned(f"{architecture}.attention.key_length")
    value = header.unsigned(f"{architecture}.attention.value_length")
    if width % heads and key is None:
        header.refuse(f"{architecture}.embedding_length is {width:,}, not a multiple of the {heads:,} heads")
    key, value = (width // heads if length is None else length for length in (key, value))
    rotated = header.unsigned(f"{architecture}.rope.dimension_count")
    if not 0 < key <= 2**16 or not 0 < value <= 2**16:
        header.refuse(f"one head has a key length of {key:,} and a value length of {value:,}: the file is damaged")
    if architecture in EQUAL_HEADS and key != value:
        header.refuse(f"{architecture}.attention.key_length is {key:,} and value_length {value:,}: "
                      f"llama.cpp's {architecture} needs them equal")
    if architecture in FULLY_ROTATED and rotated not in (None, key):
        header.refuse(f"{architecture}.rope.dimension_count is {rotated:,} and the key length {key:,}: "
                      f"llama.cpp's {architecture} needs them equal")
    if rotated is None and architecture in FULLY_ROTATED:
        rotated = key
    if rotated is not None and (rotated > key or rotated % 2):
        header.refuse(f"{architecture}.rope.dimension_count is {rotated:,}: "
                      f"it has to be even, and at most the key length, {key:,}")
    return key, value


def _check_experts(header: Header, architecture: str, layers: int) -> int:
    """How many experts a token is sent to, 0 where there are none."""
    experts, groups, groups_used = (header.unsigned(f"{architecture}.{key}") or 0 for key in (
        "expert_count", "expert_group_count", "expert_group_used_count"))
    used = max(as_tuple(_per_layer(header, f"{architecture}.expert_used_count", layers, 0), layers))
    if architecture.startswith("hunyuan") and experts <= 1:
        return 0  # llama.cpp reads these as dense
    if experts > MOST_EXPERTS or used > experts or (not used and (experts or architecture in NEEDS_EXPERTS)):
        header.refuse(f"{architecture}.expert_count is {experts:,} and expert_used_count {used:,}: "
                      f"there can be {MOST_EXPERTS:,}, of which at least one and at most all are used")
    if groups and (groups >= experts or (groups > 1 and (experts % groups or not 0 < groups_used < groups))):
        header.refuse(f"{architecture}.expert_group_count is {groups:,}, of which {groups_used:,} are used, "
                      f"for {experts:,} experts: groups have to be equal and partly used")
    return used


def _check_rope(header: Header, architecture: str) -> None:
    scaling = header.text(f"{architecture}.rope.scaling.type")
    if scaling is not None and scaling not in ROPE_SCALINGS:
        header.refuse(f"{architecture}.rope.scaling.type is {shown(scaling)}: "
                      f"llama.cpp knows {', '.join(ROPE_SCALINGS)}")
    sections = header.integers(f"{architecture}.rope.dimension_sections", most=4)
    if architecture in SECTIONED_ROPE and not any(as_tuple(sections or 0, 1)[:3]):
        header.refuse(f"{architecture}.rope.dimension_sections is {shown(sections)}: "
                      "one of the first three has to be set")
    for key, least in (("attention.layer_norm_rms_epsilon", 0.0), ("attention.layer_norm_epsilon", 0.0),
                       ("rope.freq_base", 1e-30), ("rope.scaling.factor", 0.0)):
        value = header.scalar(f"{architecture}.{key}", F32)
        if value is not None and not (math.isfinite(value) and value >= least):
            header.refuse(f"{architecture}.{key} is {value}: it has to be a finite number, and not negative")


def read_vocabulary(header: Header) -> Vocabulary:
    """The tokens by their bytes, and the special ids that the header names."""
    tokenizer = header.text("tokenizer.ggml.model")
    if tokenizer is None:
        header.refuse("has no tokenizer.ggml.model: without a vocabulary there is no text")
    if tokenizer in UNSAFE_TOKENIZERS or not NAME.fullmatch(tokenizer):
        header.refuse(f"tokenizer.ggml.model is {shown(tokenizer)}, and llama.cpp would crash on some texts with it: "
                      "take a model with another tokenizer")
    pre_tokenizer = header.text("tokenizer.ggml.pre") or ""
    if pre_tokenizer and not NAME.fullmatch(pre_tokenizer):
        header.refuse(f"tokenizer.ggml.pre is {shown(pre_tokenizer)}, which is no name: the file is damaged")
    if header.count("tokenizer.ggml.merges", STRING) is None and tokenizer in BYTE_PAIRS and pre_tokenizer != "kimi-k2":
        header.refuse(f"has no tokenizer.ggml.merges, which its {tokenizer} vocabulary needs: convert the model again")
    tokens = _read_tokens(header)
    ids = {token: index for index, token in enumerate(tokens)}
    if len(ids) != len(tokens):
        index, token = next((i, token) for i, token in enumerate(tokens) if ids[token] != i)
        header.refuse(f"tokens {index:,} and {ids[token]:,} are both {shown(token.decode('utf-8', 'replace'))}: "
                      "llama.cpp crashes on tokens that are alike; convert the model again")
    if tokenizer == "llama":
        _check_byte_tokens(header, ids)
    bos, eos, eot = (_special(header, f"tokenizer.ggml.{name}_token_id", len(tokens)) for name in ("bos", "eos", "eot"))
    wanted = header.scalar("tokenizer.ggml.add_bos_token", BOOL)
    by_default = tokenizer == "llama" or (tokenizer in BYTE_PAIRS and pre_tokenizer in BOS_BY_DEFAULT)
    return Vocabulary(tokens, ids, _control(header), tokenizer, pre_tokenizer, bos, eos, eot,
                      by_default if wanted is None else bool(wanted))


def _read_tokens(header: Header) -> list[bytes]:
    # llama.cpp reads a token up to its first zero byte, and names those that are empty then
    whole = header.strings("tokenizer.ggml.tokens")
    tokens = [token.partition(b"\0")[0] or b"[EMPTY_%d]" % i for i, token in enumerate(whole)]
    if not tokens:
        header.refuse("has no tokenizer.ggml.tokens: without a vocabulary there is no text")
    for key, kinds in (("scores", (F32, I32)), ("token_type", (I32,))):
        count = header.count(f"tokenizer.ggml.{key}", *kinds)
        if count is not None and count != len(tokens):
            header.refuse(f"tokenizer.ggml.{key} holds {count:,} values for {len(tokens):,} tokens: "
                          "the file is damaged")
    return tokens


def _control(header: Header) -> tuple[int, ...]:
    """The ids of the tokens that are typed as control or unknown; empty where tokens have no types."""
    types = header.integers("tokenizer.ggml.token_type", most=MOST_STRINGS)
    return tuple(i for i, kind in enumerate(types) if kind in NO_TEXT) if isinstance(types, tuple) else ()


def _check_byte_tokens(header: Header, ids: Mapping[bytes, int]) -> None:
    """SentencePiece falls back to one token for each byte; where one is missing, tokenizing throws through C."""
    for byte in range(256):
        if b"<0x%02X>" % byte not in ids and bytes([byte]) not in ids:
            header.refuse(f"the vocabulary has no token for the byte <0x{byte:02X}>, "
                          "so that llama.cpp could not read every text")


def _special(header: Header, key: str, size: int) -> int | None:
    token = header.unsigned(key)
    if token is not None and token >= size:
        header.refuse(f"{key} is {token:,}, and the vocabulary has {size:,} tokens: the file is damaged")
    return token


def check_layout(header: Header) -> int:
    """That the tensors lie one behind the other, as llama.cpp expects them, and all within the file; where they end."""
    alignment = header.unsigned("general.alignment")
    if alignment is None:
        alignment = LEAST_ALIGNMENT
    if alignment & (alignment - 1) or not LEAST_ALIGNMENT <= alignment <= MOST_ALIGNMENT:
        header.refuse(f"general.alignment is {alignment:,}: it has to be a power of two "
                      f"from {LEAST_ALIGNMENT} to {MOST_ALIGNMENT:,}")
    start, expected, end = _padded(header.end, alignment), 0, 0
    for tensor in header.tensors:
        if tensor.offset != expected:
            header.refuse(f"tensor {shown(tensor.name)} lies at offset {tensor.offset:,} where {expected:,} "
                          "was expected: the file is damaged")
        end = start + expected + tensor.bytes
        expected = _padded(expected + tensor.bytes, alignment)
    missing = end - len(header.data)
    if missing > 0:
        header.refuse(f"{missing:,} bytes are missing: it is {len(header.data):,} bytes long and should be "
                      f"at least {end:,}; the download stopped early, so resume it or start again")
    return start + expected


def check_tensors(header: Header, tensors: Iterable[Tensor], shape: ModelShape, vocabulary: Vocabulary) -> None:
    """That each tensor is of a type that llama.cpp computes with, and the embeddings as large as the fields say."""
    wanted = (shape.width, len(vocabulary.tokens))
    for tensor in tensors:
        label = f"tensor {shown(tensor.name)}"
        if tensor.name == "token_embd.weight" and tensor.shape != wanted:
            header.refuse(f"{label} is {shown(tensor.shape)} where {shown(wanted)} belongs, "
                          "width and vocabulary: the file is damaged")
        if tensor.type != "F32" and (len(tensor.shape) < 2 or tensor.name.endswith("_norm.weight")):
            header.refuse(f"{label} is {tensor.type}, and llama.cpp adds and scales with F32 alone: "
                          "convert the model again")
        if tensor.type in NOT_WEIGHTS and tensor.name.endswith(".weight"):
            header.refuse(f"{label} is {tensor.type}, which llama.cpp cannot multiply with: convert the model again")


def _padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
