"""Real weights, which are not part of the repository: LOCALTHINK_REAL names the folder that has them.

    python ../shared/tools/real_models.py qwen2.5-coder-1.5b DIR     # and the others that are named below
    LOCALTHINK_REAL=DIR python -m pytest tests/real
"""
from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import llama_cpp.llama_cpp as lib
import pytest

import localthink
from cli.running import talk
from eval_real import gsm8k, penalised
from localthink.records import Generation, Sampling, Tip

pytestmark = pytest.mark.real

FOLDER = Path(os.environ.get("LOCALTHINK_REAL", ""))
GREEDY, PLAIN = Sampling(temperature=0.0), Tip(alpha=0.0)
QUESTION = "A train travels 60 km in 45 minutes. What is its speed in km/h?"


@pytest.fixture
def model(request) -> Path:
    path = FOLDER / f"{request.param}.gguf"
    if not path.is_file():
        pytest.skip(f"no {path.name} in LOCALTHINK_REAL: ../shared/tools/real_models.py makes it")
    return path


def models(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", names, indirect=True)


def native_greedy(path: Path, prompt: tuple[int, ...], count: int) -> list[int]:
    """llama.cpp alone: its own loop with its own greedy sampler, of which localthink has no part.

    The prompt is read up to its last token, and that by itself, as localthink does: sums depend on a batch's shape.
    """
    lib.llama_backend_init()
    model_params = lib.llama_model_default_params()
    model_params.use_extra_bufts = False  # llama.cpp's AMX kernels crash on many systems
    model = lib.llama_model_load_from_file(str(path).encode(), model_params)
    params = lib.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_threads, params.n_threads_batch = 1024, 512, 2, 2
    context = lib.llama_init_from_model(model, params)
    sampler = lib.llama_sampler_init_greedy()
    vocabulary, written = lib.llama_model_get_vocab(model), list[int]()
    feed = [list(prompt[:-1]), [prompt[-1]]]
    while len(written) < count:
        for tokens in feed:
            array = (ctypes.c_int32 * len(tokens))(*tokens)
            assert lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens))) == 0
        written.append(lib.llama_sampler_sample(sampler, context, -1))
        if lib.llama_vocab_is_eog(vocabulary, written[-1]):
            break
        feed = [[written[-1]]]
    lib.llama_sampler_free(sampler)
    lib.llama_free(context)
    lib.llama_model_free(model)
    return written


@models("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "smollm2-135m", "gemma3-270m")
def test_greedy_text_is_llama_cpps_own(model):
    with localthink.load(model, context=1024, cache="f16", threads=2) as engine:
        prompt = engine.model.prompt(QUESTION)
        [[trace]] = engine.generate([QUESTION], Generation(sampling=GREEDY, tip=PLAIN, max_tokens=64))
    assert list(trace.token_ids) == native_greedy(model, prompt, 64)


@models("qwen2.5-coder-1.5b")
def test_grade_school_questions_run_through_the_batch(model, shared, capsys):
    graded = gsm8k(model, shared / "data" / "problems" / "gsm8k_test.jsonl")
    with capsys.disabled():
        print(f"\n{graded}, 95 % {graded.interval()}")
    assert graded.right + graded.wrong + graded.cut_off == 48
    assert graded.right >= 12  # 21 to 24 were seen; far fewer would be a fault and not chance


@models("qwen2.5-coder-1.5b")
def test_the_penalty_holds_switches_and_shows_what_is_written_in_their_place(model, capsys):
    with localthink.load(model, slots=16, context=16 * 768) as engine:
        plain, held, strong = penalised(engine, 20)
    with capsys.disabled():
        print(*("", plain, held, strong), sep="\n")
    assert plain.held == 0 < held.held
    assert strong.switches <= held.switches < plain.switches
    assert held.paraphrases > plain.paraphrases


@models("qwen2.5-coder-1.5b")
def test_a_block_that_is_opened_for_an_ordinary_model_is_found_in_its_text(model):
    system = localthink.Message("system", "First think between <think> and </think>, then answer in one sentence.")
    with localthink.load(model, context=2048) as engine:
        assert engine.model.tags.ids is None
        generation = Generation(think="open", max_tokens=600)
        events = list(engine.stream([system, localthink.Message("user", QUESTION)], generation, seed=1))
    trace = events[-1].trace
    assert trace.thinking and trace.thoughts and "</think>" not in trace.thinking
    assert trace.finish_reason == "length" or "80" in trace.thinking + trace.answer


@models("smollm2-135m", "gemma3-270m")
def test_small_strangers_can_be_asked_looked_at_and_talked_with(model):
    asked = _run("ask", "-m", model, "Say hello.", "--max-tokens", "24", "--seed", "1", "--json")
    row = json.loads(asked.stdout)
    assert row["answer"] and not row["thinking"] and row["settings"]["think"] == "auto"
    assert "hello" in _run("tokens", model, "hello").stdout
    said = talk("Say hello.\n/quit\n", "-m", model, "--max-tokens", "24", "--no-history")
    assert said.code == 0 and said.out.strip() and "Traceback" not in said.err


@models("r1-qwen-7b-hollow")
def test_r1_as_it_is_published_opens_its_thinking(model):
    info = _run("info", model).stdout
    assert "its chat template does not" in info and "151648" in info
    assert "Alternatively" in _run("tokens", model, "--markers").stdout
    with localthink.load(model, context=512, cache="f16", force=True) as engine:
        vocabulary = engine.model.vocabulary
        opened, free = (engine.request("Hi", Generation(think=think)).prompt for think in ("auto", "free"))
        assert free[-1] == engine.model.facts.assistant
        assert opened[:len(free)] == free
        assert b"".join(map(vocabulary.piece, opened[len(free):])) == b"<think>\n"
        events = list(engine.stream("Hi", Generation(max_tokens=3), seed=1))  # its weights are zeros: it says nothing
    assert {event.part for event in events} == {"thinking"}


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "localthink", *map(str, arguments)], check=True, capture_output=True,
                          text=True, encoding="utf-8")
