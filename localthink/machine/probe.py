"""How fast this machine decodes, measured in about a second on weights that are made up.

A token reads every weight once, so that its speed is a number of bytes a second: what memory gives, or
less where the arithmetic cannot keep up. Both are in the measurement, since llama.cpp's own kernels do it.
"""
from __future__ import annotations

import tempfile
import time
from pathlib import Path

from localthink.engine.bindings import NativeContext, NativeModel
from localthink.machine.resources import physical_cores
from localthink.offload import Offload

LAYERS, WIDTH, HIDDEN, HEADS, KV_HEADS, VOCABULARY = 6, 2048, 8192, 16, 4, 256
CONTEXT = 512
BLOCK_WEIGHTS, BLOCK_BYTES = 256, 144  # of Q4_K, the commonest type of the usual precision
LEAST_TOKENS = 4


def decoding_bandwidth(on_gpu: bool = False, threads: int | None = None, seconds: float = 1.0) -> float:
    """Bytes of weights a second that decoding one token after the other reads, in Q4_K.

    Raises EngineError where llama.cpp cannot.
    """
    with tempfile.TemporaryDirectory(prefix="localthink-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "probe.gguf"
        size = _write(path)
        model = NativeModel(path, Offload(-1 if on_gpu else 0))
        try:
            return size * _tokens_per_second(model, threads or physical_cores(), seconds)
        finally:
            model.close()


def _tokens_per_second(model: NativeModel, threads: int, seconds: float) -> float:
    context = NativeContext(model, CONTEXT, 1, CONTEXT, "f16", threads)
    try:
        context.outputs[0] = 1
        times: list[float] = []
        until = time.perf_counter() + seconds
        while len(times) < LEAST_TOKENS or (time.perf_counter() < until and len(times) < CONTEXT - 1):
            start = time.perf_counter()
            context.tokens[0], context.positions[0] = 1, len(times)
            context.decode(1)
            context.logits(0)  # waits for a GPU
            times.append(time.perf_counter() - start)
        return 1 / sorted(times)[len(times) // 10]  # undisturbed: where another program takes a core, all others wait
    finally:
        context.close()


def _write(path: Path) -> int:
    """A model that says nothing; returns the bytes that one token reads of it."""
    import numpy as np

    from gguf import GGMLQuantizationType, GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("none")
    block = np.random.default_rng(0).integers(0, 256, (1024, BLOCK_BYTES), dtype=np.uint8)
    block[:, :4] = np.frombuffer(np.array([1.4e-4, 1e-3], np.float16).tobytes(), np.uint8)  # scales, for finite sums
    read = 0

    def matrix(name: str, rows: int, columns: int) -> int:
        count = rows * columns // BLOCK_WEIGHTS
        data = np.resize(block, (count, BLOCK_BYTES)).reshape(rows, -1)
        writer.add_tensor(name, data, raw_dtype=GGMLQuantizationType.Q4_K)
        return int(data.nbytes)

    matrix("token_embd.weight", VOCABULARY, WIDTH)
    read += matrix("output.weight", VOCABULARY, WIDTH)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in (f"blk.{index}." for index in range(LAYERS)):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{layer}{norm}.weight", np.ones(WIDTH, np.float32))
        for part, rows, columns in (
                ("attn_q", WIDTH, WIDTH), ("attn_k", WIDTH * KV_HEADS // HEADS, WIDTH),
                ("attn_v", WIDTH * KV_HEADS // HEADS, WIDTH), ("attn_output", WIDTH, WIDTH),
                ("ffn_gate", HIDDEN, WIDTH), ("ffn_up", HIDDEN, WIDTH), ("ffn_down", WIDTH, HIDDEN)):
            read += matrix(f"{layer}{part}.weight", rows, columns)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return read
