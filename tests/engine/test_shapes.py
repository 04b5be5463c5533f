"""Split caches and fixed shapes on a real llama.cpp: the same texts, and with fixed shapes to the last bit."""
from __future__ import annotations

import random

import pytest

import localthink
from localthink.errors import UsageError
from localthink.records import Generation, Request, Sampling
from tiny_gguf import write_tiny_gguf

SLOTS = 4
GREEDY = Sampling(temperature=0.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf", layers=2)


def texts(model, order: list[int], sampling: Sampling | None = None, **how) -> dict[int, tuple[int, ...]]:
    """The tokens of samples of different prompts and lengths, submitted in this order."""
    found = {}
    with localthink.load(model, slots=SLOTS, context=SLOTS * 512, threads=1, **how) as engine:
        numbers = {}
        for i in order:
            prompt = engine.model.prompt(f"Add {i % 3}. " * (1 + 12 * (i % 4)))
            request = Request(prompt, Generation(sampling=sampling or Sampling(), max_tokens=8 + 5 * (i % 5)), seed=i)
            numbers[engine.submit(request)] = i
        while not engine.idle:
            for event in engine.step():
                if event.trace is not None:
                    found[numbers[event.request]] = event.trace.token_ids
    return found


def test_a_split_cache_writes_what_a_unified_one_writes(path):
    assert texts(path, list(range(12)), GREEDY, layout="split") == texts(path, list(range(12)), GREEDY)


@pytest.mark.parametrize("seed", range(3))
def test_with_fixed_shapes_neither_order_nor_company_changes_a_token(path, seed):
    how = {"layout": "split", "fixed_shapes": True}
    order = list(range(12))
    together = texts(path, order, **how)
    random.Random(seed).shuffle(order)
    assert texts(path, order[:7], **how) | texts(path, order[7:], **how) == together
    assert texts(path, [5], **how) == {5: together[5]}


@pytest.mark.slow
def test_with_fixed_shapes_an_r1_shape_in_q4_k_repeats_to_the_last_bit(shared, tmp_path):
    """Its kernels do round by the shape of the batch."""
    import subprocess
    import sys

    model = tmp_path / "r1-qwen-tiny.gguf"
    subprocess.run([sys.executable, str(shared / "tools" / "make_r1_shape.py"), "qwen-tiny", str(model)], check=True,
                   capture_output=True)
    how = {"layout": "split", "fixed_shapes": True}
    assert texts(model, list(range(8)), **how) == texts(model, [3, 7, 1, 0, 5, 2, 6, 4], **how)


def test_a_sample_may_be_held_shorter_than_its_slot(path):
    with localthink.load(path, slots=2, context=1024, longest=60, layout="split", threads=1) as engine:
        [[trace]] = engine.generate(["Hello"], Generation(sampling=GREEDY))
        assert engine.longest == 60
        assert trace.prompt_tokens + trace.tokens <= 60


@pytest.mark.parametrize(("how", "says"), [
    ({"layout": "sliced"}, "'sliced'"), ({"fixed_shapes": True}, "split"),
])
def test_a_layout_that_cannot_be_is_refused(path, how, says):
    with pytest.raises(UsageError, match=says):
        localthink.load(path, **how)
