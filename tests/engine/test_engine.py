"""The whole loop on a model of random weights: what one sample says must not depend on its company."""
from __future__ import annotations

import math

import numpy as np
import pytest

import localthink
from localthink.engine.bindings import NativeContext
from localthink.engine.engine import Engine
from localthink.engine.model import Model, Vocabulary
from localthink.errors import EngineError, ModelFileError, PromptError, UsageError
from localthink.records import Event, Generation, Message, Sampling, Tip
from tiny_gguf import write_tiny_gguf

GREEDY = Sampling(temperature=0.0)
PLAIN = Tip(alpha=0.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf", layers=2)


@pytest.fixture(scope="module")
def engine(path):
    with localthink.load(path, slots=4, context=2048, threads=1) as opened:
        yield opened


def greedy_by_hand(path, question: str, tokens: int) -> list[int]:
    """Plain greedy decoding, one sequence, nothing of the engine but the bindings."""
    model = Model(path)
    context = NativeContext(model.native, 512, 1, 512, "f16", 1)
    ids = list(model.prompt(question))
    start = len(ids)
    fed = 0
    while len(ids) < start + tokens:
        count = len(ids) - fed
        context.tokens[:count], context.positions[:count] = ids[fed:], range(fed, len(ids))
        context.outputs[:count] = 0
        context.outputs[count - 1] = 1
        context.decode(count)
        fed = len(ids)
        ids.append(int(context.logits(count - 1).argmax()))
        if model.vocabulary.ends_generation(ids[-1]):
            break
    context.close()
    model.close()
    return ids[start:]


def test_greedy_text_is_that_of_a_plain_loop(engine, path):
    [[trace]] = engine.generate(["Hello"], Generation(sampling=GREEDY, tip=PLAIN, max_tokens=60))
    assert list(trace.token_ids) == greedy_by_hand(path, "Hello", 60)


def test_alpha_zero_is_plain_decoding_to_the_bit(engine):
    def run(tip: Tip) -> list[Event]:
        return list(engine.stream("Hello", Generation(tip=tip, max_tokens=50), seed=3))

    plain, zero = run(PLAIN), run(Tip(alpha=0.0, beta=math.inf))
    assert [(e.token, e.logprob, e.raw_logprob, e.held) for e in plain] == \
           [(e.token, e.logprob, e.raw_logprob, e.held) for e in zero]


def test_the_same_seed_repeats_and_another_does_not(engine):
    def text(seed: int) -> tuple[int, ...]:
        [[trace]] = engine.generate(["Hello"], Generation(max_tokens=40), seed=seed)
        return trace.token_ids

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_a_sample_can_be_had_again_alone_by_its_own_seed(engine):
    [traces] = engine.generate(["Hello"], Generation(max_tokens=20), n=3, seed=7)
    [[again]] = engine.generate(["Hello"], Generation(max_tokens=20), seed=traces[2].seed)
    assert again.token_ids[:5] == traces[2].token_ids[:5]  # later ones may round otherwise in another batch shape
    assert len({trace.token_ids for trace in traces}) == 3


def test_more_samples_than_slots_all_come_and_in_order(engine):
    [traces] = engine.generate(["Hello"], Generation(max_tokens=9), n=11, seed=1)
    assert [trace.sample for trace in traces] == list(range(11))
    assert len({trace.seed for trace in traces}) == 11


def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(engine):
    with pytest.raises(PromptError, match=r"the prompt is \d+ tokens and the context holds 512"):
        engine.generate(["word " * 600])


def test_one_question_too_long_is_refused_before_any_other_is_answered(engine):
    with pytest.raises(PromptError):
        engine.generate(["Hello", "word " * 600])
    assert engine.idle


def test_closing_a_stream_gives_its_slot_back(engine):
    stream = engine.stream("Hello", Generation(max_tokens=200))
    next(stream)
    stream.close()
    assert engine.idle


def test_cancelling_returns_what_there_is(engine):
    request = engine.submit(engine.request("Hello", Generation(max_tokens=200), n=2))
    seen = [event for _ in range(6) for event in engine.step()]
    closing = engine.cancel(request)
    assert {event.trace.finish_reason for event in closing if event.trace} == {"cancelled"}
    assert sum(event.trace is not None for event in closing) == 2
    texts = {0: "", 1: ""}
    for event in [*seen, *closing]:
        texts[event.sample] += event.text
    for event in closing:
        if event.trace:
            assert texts[event.sample].strip() == (event.trace.thinking + event.trace.answer).strip()
    assert engine.idle


def test_two_streams_read_by_turns_share_every_batch(engine):
    first = engine.stream("Hello", Generation(max_tokens=12), seed=1)
    second = engine.stream("you", Generation(max_tokens=12), seed=1)
    tokens = ([], [])
    for a, b in zip(first, second, strict=False):
        tokens[0].append(a.token)
        tokens[1].append(b.token)
    assert len(tokens[0]) >= 10
    assert engine.generate(["Hello"], Generation(max_tokens=4), seed=1)[0][0].token_ids == tuple(tokens[0][:4])


def test_thinking_begins_inside_the_block_where_the_template_opens_it(engine):
    event = next(iter(engine.stream("Hello", Generation(max_tokens=3))))
    assert event.part == "thinking"
    assert event.thought == 0


def test_a_raw_prompt_is_sent_as_it_is(engine):
    raw = engine.model.prompt("Hello", raw=True)
    assert raw == (engine.model.facts.bos, *engine.model.vocabulary.tokenize("Hello"))
    assert next(iter(engine.stream("Hello", Generation(max_tokens=1), raw=True))).part == "answer"


def test_a_conversation_drops_its_earlier_thinking(engine):
    turns = [Message("user", "Hi"), Message("assistant", "<think>\nsecret\n</think>\n\nHello"), Message("user", "So")]
    text = b"".join(engine.model.vocabulary.piece(token) for token in engine.request(turns).prompt).decode()
    assert "secret" not in text
    assert "Hello" in text


def test_a_step_cut_short_by_ctrl_c_leaves_other_requests_whole(engine, monkeypatch):
    [[expected]] = engine.generate(["you"], Generation(max_tokens=12), seed=1)
    decode, calls = engine._context.decode, []

    def interrupted(rows: int) -> int:
        status = decode(rows)
        calls.append(rows)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return status

    other = engine.submit(engine.request("you", Generation(max_tokens=12), seed=1))
    monkeypatch.setattr(engine._context, "decode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.generate(["Hello"], Generation(max_tokens=12), seed=1)
    events = []
    while not engine.idle:
        events += engine.step()
    [trace] = [event.trace for event in events if event.trace and event.request == other]
    assert trace.tokens == expected.tokens
    assert trace.token_ids[:6] == expected.token_ids[:6]  # read again in one batch, later ones may round otherwise


def test_a_damaged_model_says_so_instead_of_writing_noise(engine, monkeypatch):
    monkeypatch.setattr(engine._context, "logits", lambda row: np.full(engine.model.native.n_vocab, np.nan, np.float32))
    with pytest.raises(EngineError, match="not finite"):
        engine.generate(["Hello"], Generation(max_tokens=2))
    monkeypatch.undo()
    for request in list(engine._samples):
        engine.cancel(request)


@pytest.mark.parametrize("settings", [{"slots": 0}, {"slots": 257}, {"cache": "q5_1"}, {"context": 0}, {"threads": 0},
                                      {"layout": "spilt"}])
def test_settings_that_cannot_be_are_refused_by_name_and_value(path, settings):
    [value] = settings.values()
    with pytest.raises(UsageError, match=str(value)):
        localthink.load(path, **settings)


@pytest.mark.parametrize("cache", ["q8_0", "q4_0"])
def test_a_quantized_cache_works(tmp_path, cache):
    path = write_tiny_gguf(tmp_path / "wide.gguf", width=128, heads=2, kv_heads=1)
    with localthink.load(path, cache=cache, context=256, threads=1) as engine:
        [[trace]] = engine.generate(["Hello"], Generation(max_tokens=8), seed=1)
    assert trace.tokens == 8


def test_a_vocabulary_without_weights_cannot_be_asked(tmp_path):
    path = write_tiny_gguf(tmp_path / "vocabulary.gguf", weights=False)
    with pytest.raises(ModelFileError, match="no weights"):
        localthink.load(path)


def test_an_engine_can_be_closed_twice(path):
    engine: Engine = localthink.load(path, context=256, threads=1)
    engine.close()
    engine.close()


@pytest.mark.parametrize("asked", ["stream", "generate"])
def test_a_template_that_writes_without_end_is_refused_before_its_text_is_tokenized(tmp_path, monkeypatch, asked):
    path = write_tiny_gguf(tmp_path / "big.gguf", template="{% for i in range(500) %}{{ 'x ' * 5000 }}{% endfor %}")
    tokenized, tokenize = [], Vocabulary.tokenize

    def counted(self, text, special=False):
        tokenized.append(len(text))
        return tokenize(self, text, special)

    monkeypatch.setattr(Vocabulary, "tokenize", counted)
    with (localthink.load(path, context=512, threads=1) as engine,
          pytest.raises(PromptError, match=r"5,000,00\d characters, far more than the 512 tokens")):
        list(engine.stream("Hello") if asked == "stream" else engine.generate(["Hello"]))
    assert sum(tokenized) < 100_000
