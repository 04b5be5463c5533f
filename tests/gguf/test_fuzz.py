"""Whatever happens to a model file, reading its header ends in facts or in one line, and takes little memory."""
from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localthink.errors import ModelFileError
from localthink.gguf.bytes import open_header
from localthink.gguf.header import ModelFacts, read_facts
from tiny_gguf import ARRAY, TEXT, raw_array, raw_field, raw_gguf, raw_tensor, raw_text, write_tiny_gguf

MOST_MEMORY = 8 * 2**20  # bytes; the file itself is a tenth of a megabyte
ABSURD = [0, 1, 2, 9, 127, 128, 255, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**63,
          2**64 - 1]
VARIANTS = ("whole", "vocabulary")
fuzz = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    size = {"width": 32, "heads": 2, "kv_heads": 1, "hidden": 32}
    return {name: write_tiny_gguf(folder / f"{name}.gguf", weights=name == "whole", **size).read_bytes()
            for name in VARIANTS}


@pytest.fixture(scope="module")
def ends(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Where the header of each file ends."""
    path, ends = tmp_path_factory.mktemp("ends") / "model.gguf", {}
    for name, content in files.items():
        path.write_bytes(content)
        with open_header(path) as header:
            ends[name] = header.end
    return ends


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    read_facts(write_tiny_gguf(tmp_path_factory.mktemp("fuzz") / "model.gguf"))  # so that imports are not measured
    return tmp_path_factory.mktemp("fuzz") / "model.gguf"


def judge(path: Path, content: bytes) -> ModelFacts | None:
    """The facts, or None for a file that was refused as it should be."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        facts = read_facts(path)
        assert facts.cache_bytes_per_token() >= 0
    except ModelFileError as error:
        assert str(error).isprintable() and len(str(error)) < 600
        facts = None
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    return facts


@fuzz
@given(variant=st.sampled_from(VARIANTS), share=st.floats(0, 1, exclude_max=True))
def test_file_cut_anywhere_is_refused(files: dict[str, bytes], path: Path, variant: str, share: float) -> None:
    content = files[variant]
    facts = judge(path, content[: int(share * len(content))])
    assert facts is None or not facts.has_weights or share * len(content) > len(content) - 32  # but for padding


@fuzz
@given(variant=st.sampled_from(VARIANTS), where=st.integers(0, 3000))
def test_header_cut_at_any_byte_is_refused(files: dict[str, bytes], path: Path, ends: dict[str, int], variant: str,
                                           where: int) -> None:
    assert judge(path, files[variant][: ends[variant] - 1 - where]) is None


@fuzz
@given(variant=st.sampled_from(VARIANTS), flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True),
                                                                   st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits_are_survived(files: dict[str, bytes], path: Path, ends: dict[str, int], variant: str,
                                   flips: list[tuple[float, int]]) -> None:
    content = bytearray(files[variant])
    for share, bits in flips:
        content[int(share * ends[variant])] ^= bits
    judge(path, bytes(content))


@fuzz
@given(variant=st.sampled_from(VARIANTS), share=st.floats(0, 1, exclude_max=True), value=st.sampled_from(ABSURD),
       code=st.sampled_from("IQ"))
def test_absurd_numbers_anywhere_are_survived(files: dict[str, bytes], path: Path, ends: dict[str, int], variant: str,
                                              share: float, value: int, code: str) -> None:
    number = struct.pack("<Q", value)[: struct.calcsize(code)]
    at = int(share * ends[variant])
    judge(path, files[variant][:at] + number + files[variant][at + len(number) :])


@fuzz
@given(variant=st.sampled_from(VARIANTS), share=st.floats(0, 1), cut=st.integers(0, 64), paste=st.binary(max_size=64))
def test_lost_and_foreign_bytes_are_survived(files: dict[str, bytes], path: Path, ends: dict[str, int], variant: str,
                                             share: float, cut: int, paste: bytes) -> None:
    at = int(share * ends[variant])
    judge(path, files[variant][:at] + paste + files[variant][at + cut :])


KEYS = st.sampled_from([
    "general.architecture", "general.alignment", "general.type", "general.name", "general.file_type", "split.count",
    "qwen2.block_count", "qwen2.context_length", "qwen2.embedding_length", "qwen2.attention.head_count",
    "qwen2.attention.head_count_kv", "qwen2.attention.key_length", "qwen2.rope.freq_base", "qwen2.rope.scaling.type",
    "qwen2.expert_count", "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type", "tokenizer.ggml.scores", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id",
    "tokenizer.chat_template", "",
])
WORDS = st.sampled_from(["qwen2", "gpt2", "llama", "none", "a\nb", "\x1b[2J", "<think>", ""])
STRINGS = st.one_of(WORDS.map(raw_text), st.binary(max_size=20).map(raw_text),
                    st.sampled_from(ABSURD).map(lambda length: struct.pack("<Q", length)))
ARRAYS = st.builds(raw_array, st.integers(0, 13), st.one_of(st.integers(0, 20), st.sampled_from(ABSURD)),
                   st.one_of(st.binary(max_size=80), st.lists(STRINGS, max_size=9).map(b"".join)))
VALUES = st.one_of(
    st.tuples(st.integers(0, 13), st.sampled_from(ABSURD).map(lambda value: struct.pack("<Q", value))),
    st.tuples(st.integers(0, 13), st.binary(max_size=8)),
    st.tuples(st.just(int(TEXT)), STRINGS), st.tuples(st.just(int(ARRAY)), ARRAYS),
)
FIELDS = st.lists(st.builds(lambda key, value: raw_field(key, *value), KEYS, VALUES), max_size=8)
TENSORS = st.lists(st.builds(
    raw_tensor, st.sampled_from(["token_embd.weight", "output.weight", "a\tb", ""]),
    st.lists(st.sampled_from([*ABSURD, 32, 64, 291]), max_size=5), st.one_of(st.integers(0, 45), st.just(2**32 - 1)),
    st.sampled_from(ABSURD)), max_size=4)


@fuzz
@given(fields=FIELDS, tensors=TENSORS, after=st.binary(max_size=40), counts=st.one_of(
    st.none(), st.tuples(st.sampled_from(ABSURD), st.sampled_from(ABSURD))))
def test_headers_made_of_nonsense_are_survived(path: Path, fields: list[bytes], tensors: list[bytes], after: bytes,
                                               counts: tuple[int, int] | None) -> None:
    tensor_count, field_count = counts or (None, None)
    judge(path, raw_gguf(fields, tensors, tensor_count=tensor_count, field_count=field_count, after=after))


@fuzz
@given(variant=st.sampled_from(VARIANTS), fields=FIELDS)
def test_fields_of_wrong_types_in_front_of_the_right_ones_are_survived(files: dict[str, bytes], path: Path,
                                                                       variant: str, fields: list[bytes]) -> None:
    tensor_count, field_count = struct.unpack_from("<QQ", files[variant], 8)
    judge(path, raw_gguf(fields, tensor_count=tensor_count, field_count=field_count + len(fields),
                         after=files[variant][24:]))


@fuzz
@given(content=st.binary(max_size=300))
def test_any_bytes_at_all_are_refused(path: Path, content: bytes) -> None:
    assert judge(path, content) is None
    assert judge(path, b"GGUF" + content) is None
