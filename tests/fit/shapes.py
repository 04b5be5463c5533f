"""Shapes of published models, and what free memory is called here."""
from __future__ import annotations

from localthink.gguf.shape import ModelShape, Weights

GIB, MIB = 2**30, 2**20
SMALL = ModelShape(28, 1536, 8960, 12, 2, 128, 128, 151_936, 131_072)  # R1-Distill-Qwen-1.5B
SMALL_WEIGHTS = Weights(1_111_370_240, 788_652_032, 191_439_360, 980_097_536)  # Q4_K_M
LARGE = ModelShape(32, 4096, 14_336, 32, 8, 128, 128, 128_256, 131_072)  # R1-Distill-Llama-8B
LARGE_WEIGHTS = Weights(4_912_898_048, 4_186_439_680, 430_940_160, 4_617_396_224)
