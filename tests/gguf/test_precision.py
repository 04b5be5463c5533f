"""A precision is read from a name however it is written there, and only where one is."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.gguf.precision import as_precision, precision_of, stem

KNOWN = ("Q4_K_M", "Q4_K_S", "Q4_K_L", "Q4_0", "Q4_1", "Q5_K_M", "Q6_K", "Q6_K_L", "Q8_0", "Q2_K", "Q3_K_XL", "IQ4_XS",
         "IQ4_NL", "IQ2_XXS", "IQ3_M", "IQ1_S", "TQ1_0", "MXFP4", "MXFP4_MOE", "BF16", "F16", "F32", "UD-Q4_K_XL",
         "UD-IQ1_M", "UD-Q8_K_XL", "Q4_0_4_4", "Q4_0_8_8")


@pytest.mark.parametrize(("name", "precision"), [
    ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "Q4_K_M"),
    ("DeepSeek-R1-Distill-Llama-70B-F16/DeepSeek-R1-Distill-Llama-70B-F16-00001-of-00003.gguf", "F16"),
    ("DeepSeek-R1-0528-Qwen3-8B-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
    ("qwq-32b-q4_k_m.gguf", "Q4_K_M"),
    ("qwq-32b.Q8_0.gguf", "Q8_0"),
    ("model-fp16.gguf", "F16"),
    ("model.BF16.GGUF", "BF16"),
    ("Model_iq4_xs.gguf", "IQ4_XS"),
    ("Q4_K_M/model-00002-of-00002.gguf", "Q4_K_M"),
    ("Qwen3-8B-Q4_K_M-imat.gguf", "Q4_K_M"),
    ("f16-to-Q6_K.gguf", "Q6_K"),
    ("Q8_0/model-Q4_0.gguf", "Q4_0"),
    ("ggml-model-q4.gguf", "Q4"),
    ("QwQ-32B.gguf", ""), ("countdown.gguf", ""), ("SEQ4_0.gguf", ""), ("Q9_0.gguf", ""),
    ("", ""), (".gguf", ""),
])
def test_the_precision_is_the_last_that_the_name_names(name: str, precision: str) -> None:
    assert precision_of(name) == precision


@given(st.sampled_from(KNOWN), st.sampled_from(("R1-Distill-Qwen-1.5B", "qwq-32b", "a.b", "m")),
       st.sampled_from("-._"), st.sampled_from(("", "-00001-of-00003", "-00012-of-00012")), st.randoms())
def test_case_separator_and_part_change_nothing(known: str, model: str, separator: str, part: str, random) -> None:
    written = "".join(random.choice((letter.lower(), letter.upper())) for letter in known)
    assert precision_of(f"{model}{separator}{written}{part}.gguf") == known
    assert as_precision(written) == known
    assert stem(f"{model}{part}.gguf") == model


@pytest.mark.parametrize("text", ["", "7B", "Q4_K_M.gguf", "Q4_K_M Q8_0", "latest"])
def test_what_is_no_precision_is_none(text: str) -> None:
    assert as_precision(text) == ""
