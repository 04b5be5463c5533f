"""What llama.cpp knows by name, as llama-cpp-python 0.3.36 carries it, beside what the gguf package lists."""
from __future__ import annotations

ROPE_SCALINGS = ("none", "linear", "yarn", "longrope")
# Language models that llama.cpp knows and gguf 0.19 does not yet.
NEWER_ARCHITECTURES = frozenset({
    "bailingmoe3", "cohere2moe", "deepseek32", "deepseek4", "dots3note", "glm5-next", "granite_swa", "graniteswitch",
    "hrm_text", "hy_v3", "hy_v4", "kimi-k3", "laguna", "maple", "mellum", "minimax-01", "minimax-m3", "muse-glimmer",
    "nanbeige", "qwen4exp", "spark2_5", "talkie",
})
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
# Not here: rwkv and the whitespace kind, which end the process on text that their vocabulary does not cover.
BYTE_PAIRS = frozenset({"gpt2", "gemma4"})
TOKENIZERS = BYTE_PAIRS | {"llama", "plamo2"}
PRE_TOKENIZERS = frozenset({
    "a.x-4.0", "afmoe", "bailingmoe", "bailingmoe2", "bloom", "chameleon", "chatglm-bpe", "codeshell", "cohere2moe",
    "command-r", "dbrx", "deepseek-coder", "deepseek-llm", "deepseek-r1-qwen", "deepseek-v3", "default", "exaone",
    "exaone-moe", "exaone4", "f2llmv2", "falcon", "falcon-h1", "falcon3", "gemma4", "gigachat", "glm4", "glm5",
    "gpt-2", "gpt-4o", "gpt3-finnish", "granite-docling", "granite-embed-multi-311m", "granite-embed-multi-97m",
    "grok-2", "hunyuan", "hunyuan-dense", "hy_v4", "jais", "jais-2", "jina-de", "jina-es", "jina-v1-en",
    "jina-v2-code", "jina-v2-de", "jina-v2-es", "jina-v5-nano", "joyai-llm", "kanana2", "kimi-k2", "kormo",
    "laguna", "lfm2", "llada-moe", "llama-bpe", "llama-v3", "llama3", "llama4", "megrez", "mellum", "mellum2",
    "midm-2.0", "minerva-7b", "minicpm5", "minimax-m2", "modern-bert", "mpt", "olmo", "phi-2", "pixtral",
    "poro-chat", "qwen2", "qwen35", "refact", "roberta-bpe", "sarvam-moe", "seed-coder", "smaug-bpe", "smollm",
    "solar-open", "spark2_5", "stablelm2", "starcoder", "superbpe", "talkie", "tekken", "tiny_aya", "trillion",
    "ufakzeka", "viking", "youtu",
})
# Where tokenizer.ggml.add_bos_token is absent, llama.cpp puts a BOS in front for these.
BOS_BY_DEFAULT = frozenset({
    "chameleon", "falcon-h1", "falcon3", "gemma4", "jina-v5-nano", "lfm2", "llama-bpe", "llama-v3", "llama3",
    "midm-2.0", "pixtral", "tekken",
})
