"""Names in a header with which llama.cpp, as llama-cpp-python 0.3.36 carries it, would crash or write no text.

A name that is not here is no reason to refuse a file: llama.cpp itself tells which architectures and tokenizers it has.
"""
from __future__ import annotations

ROPE_SCALINGS = ("none", "linear", "yarn", "longrope")
NOT_WEIGHTS = frozenset({"F64", "I8", "I16", "I32", "I64", "Q8_1", "Q8_K"})  # without a matrix product on the CPU
# What the file is where it is no language model, by general.type.
NOT_MODELS = {"adapter": "an adapter", "mmproj": "a vision or audio projector", "imatrix": "an importance matrix"}
# Encoders, and diffusion models: all of the text at once, so there is no next token to hold back.
NOT_WRITERS = frozenset({
    "bert", "clip", "dream", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llada", "llada-moe",
    "llama-embed", "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "rnd1", "t5", "t5encoder",
    "wavtokenizer-dec",
})
# The graphs that assert key length == value length == rotated dimensions, and those that assert the first alone.
FULLY_ROTATED = frozenset({
    "apertus", "arcee", "arctic", "baichuan", "chameleon", "codeshell", "cogvlm", "dbrx", "deci", "deepseek",
    "dots1", "ernie4_5", "ernie4_5-moe", "exaone", "exaone-moe", "exaone4", "falcon", "granite", "grok", "grovemoe",
    "hunyuan-moe", "hunyuan_vl", "internlm2", "jais2", "llama", "llama4", "maincoder", "mistral3", "olmo", "olmo2",
    "olmoe", "orion", "paddleocr", "pangu-embedded", "plamo", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe",
    "qwen3vl", "qwen3vlmoe", "seed_oss", "smallthinker", "smollm3", "starcoder2", "xverse",
})
EQUAL_HEADS = FULLY_ROTATED | frozenset({
    "afmoe", "bailingmoe2", "bitnet", "bloom", "chatglm", "cohere2", "command-r", "gemma4", "glm4", "glm4moe",
    "gpt2", "gptneox", "jais", "minimax-m2", "mpt", "nemotron", "nemotron_h", "nemotron_h_moe", "openelm", "phi2",
    "phi3", "qwen", "qwen35", "qwen35moe", "qwen3next", "refact", "stablelm", "starcoder",
})
NEEDS_EXPERTS = frozenset({"bailingmoe2", "glm4moe", "grovemoe", "lfm2moe", "smallthinker"})  # asserted
# The families that rotate by sections, and assert that one of the first three is not empty.
SECTIONED_ROPE = frozenset({"paddleocr", "qwen2vl", "qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe"})
BYTE_PAIRS = frozenset({"gpt2", "gemma4"})  # tokenizers that need merges
# Tokenizers that end the process on text that the vocabulary does not cover, or on any.
UNSAFE_TOKENIZERS = frozenset({"no_vocab", "none", "rwkv", "whitespace"})
# Where tokenizer.ggml.add_bos_token is absent, llama.cpp puts a BOS in front for these.
BOS_BY_DEFAULT = frozenset({
    "chameleon", "falcon-h1", "falcon3", "gemma4", "jina-v5-nano", "lfm2", "llama-bpe", "llama-v3", "llama3",
    "midm-2.0", "pixtral", "tekken",
})
