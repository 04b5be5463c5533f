"""A model is opened with what was chosen for it, which is told, and one that does not fit is refused unread."""
from __future__ import annotations

from pathlib import Path

import pytest

import localthink
from localthink import Offload
from localthink.engine import loading
from localthink.errors import EngineError, ModelFileError, UsageError
from localthink.fit.choice import FitError
from localthink.fit.memory import needs
from localthink.gguf.header import read_facts
from localthink.machine.capacity import MemoryBudget
from localthink.records import Generation
from tiny_gguf import TEXT, U32, write_tiny_gguf

MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_tiny_gguf(tmp_path / "wide.gguf", width=128, heads=2, kv_heads=2, context=100_000)


def with_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(loading, "memory_budget", lambda offload: MemoryBudget(free))


def bytes_of(path: Path, context: int, cache: str = "f16") -> int:
    facts = read_facts(path)
    return needs(facts.shape, facts.weight_bytes, context, cache).total


def test_what_was_chosen_is_told_and_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 8 * 2**30)
    told: list[str] = []
    with localthink.load(path, threads=1, on_choice=told.append) as engine:
        assert (engine.cells, engine.cache, engine.model.gpu_layers) == (16_384, "f16", 0)
    [line] = told
    assert line.startswith("wide: context 16,384 tokens · f16 cache 8 MiB · needs ") and "free" in line


def test_a_smaller_cache_then_a_shorter_context_is_taken_where_memory_is_short(
        path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, int(bytes_of(path, 16_384, "q8_0") / 0.9) + MIB)
    with localthink.load(path, threads=1) as engine:
        assert (engine.cells, engine.cache) == (16_384, "q8_0")
    with_free(monkeypatch, int(bytes_of(path, 4096, "q8_0") / 0.9))
    with localthink.load(path, threads=1) as engine:
        assert 256 <= engine.cells <= 4096 and engine.cache == "q8_0"


def test_what_does_not_fit_is_refused_with_the_numbers_before_it_is_read(
        path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 80 * MIB)
    monkeypatch.setattr(loading, "Model", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(FitError, match=r"wide does not fit: .* = .* MiB, and there is 80 MiB free: "):
        localthink.load(path, threads=1, context=90_000)
    with_free(monkeypatch, MIB)
    with pytest.raises(FitError, match="take a smaller model or precision"):
        localthink.load(path, threads=1)


def test_force_opens_it_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, MIB)
    with localthink.load(path, threads=1, context=512, force=True) as engine:
        [[trace]] = engine.generate(["Hello"], Generation(max_tokens=4), seed=1)
    assert trace.tokens == 4


def test_layers_for_a_gpu_that_is_not_there_stay_in_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 8 * 2**30)
    with localthink.load(path, threads=1, context=512, offload=Offload(-1)) as engine:
        assert engine.model.gpu_layers == 0


@pytest.mark.parametrize(("slots", "context"), [(3, 1000), (16, 300), (4, 4096)])
def test_a_split_cache_is_as_large_as_was_planned(path: Path, slots: int, context: int) -> None:
    facts = read_facts(path)
    with localthink.load(path, threads=1, slots=slots, context=context, layout="split", offload=Offload(0)) as engine:
        assert engine.cells == needs(facts.shape, facts.weight_bytes, context, "f16", slots, True).context


def test_more_samples_than_the_cache_is_chosen_for_may_share_it(path: Path) -> None:
    with localthink.load(path, threads=1, slots=2) as usual, localthink.load(path, threads=1, slots=2,
                                                                             at_once=16) as shared:
        assert (shared.slots, shared.cells, shared.longest) == (16, usual.cells, usual.longest)
    with localthink.load(path, threads=1, slots=4, at_once=2) as engine:
        assert engine.slots == 4


@pytest.mark.parametrize(("given", "said"), [({"at_once": -1}, "at_once is -1"), ({"at_once": 300}, "at_once is 300"),
                                             ({"at_once": 4, "layout": "split"}, "only where the cache is unified")])
def test_what_cannot_share_a_cache_is_refused(path: Path, given: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        localthink.load(path, threads=1, slots=2, **given)


def test_a_vocabulary_alone_is_refused_as_such_and_not_for_its_size(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = write_tiny_gguf(tmp_path / "vocabulary.gguf", weights=False)
    with pytest.raises(ModelFileError, match="no weights"):
        localthink.load(vocabulary)


@pytest.mark.parametrize(("field", "what"), [
    ("tokenizer.ggml.pre", "pre-tokenizer"), ("tokenizer.ggml.model", "tokenizer"),
    ("general.architecture", "model architecture")])
def test_a_name_that_llama_cpp_does_not_know_is_one_line_that_says_so(tmp_path: Path, field: str, what: str) -> None:
    shape = {f"qwen99.{name}": (U32, value) for name, value in (
        ("block_count", 1), ("embedding_length", 64), ("context_length", 512), ("attention.head_count", 4))}
    path = write_tiny_gguf(tmp_path / "newer.gguf", fields={field: (TEXT, "qwen99"), **shape})
    with pytest.raises(EngineError) as caught:
        localthink.load(path, threads=1, context=512)
    said = str(caught.value)
    assert "newer.gguf: " in said and "qwen99" in said and "\n" not in said
    assert said.endswith(f"does not know the model's {what}; the model may be newer, or damaged")


@pytest.mark.parametrize(("given", "said"), [
    ({"layers": -2}, "gpu-layers is -2"), ({"layers": 9999}, "gpu-layers is 9999"),
    ({"main_gpu": -1}, "main-gpu is -1"), ({"split": "rows"}, "gpu-split is 'rows'"),
    ({"shares": (1.0, -1.0)}, "gpu-shares is"), ({"shares": (0.0, 0.0)}, "not all of them 0"),
    ({"shares": (float("nan"),)}, "gpu-shares is"),
])
def test_an_offload_that_cannot_be_is_refused_by_name_and_value(given: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Offload(**given)
