"""The bundled model's tokenizer: learned, kept, and the same as llama.cpp's own reading of the model."""
from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import countdown_traces as traces
from countdown_tokenizer import CONTROL_TOKENS, USER_DEFINED_TOKENS, Tokenizer, byte_symbols, learn

MODEL = Path(__file__).parents[2] / "models" / "countdown.gguf"


def corpus(size: int, seed: int = 0) -> list[str]:
    rng, puzzles = random.Random(seed), traces.solvable_puzzles("train")
    return [part for _ in range(size) for part in traces.training_pair(puzzles, traces.Search(0.3, 0.1), 0.1, rng)]


LEARNED = learn(corpus(40), least=20)
ascii_text = st.text(st.characters(max_codepoint=127))


def decode(tokenizer: Tokenizer, ids: list[int]) -> str:
    byte_of = {symbol: byte for byte, symbol in enumerate(byte_symbols())}
    return bytes(byte_of[symbol] for token in ids for symbol in tokenizer.tokens[token]).decode()


@settings(deadline=None)
@given(ascii_text)
def test_any_ascii_text_survives_the_round_trip(text: str) -> None:
    assert decode(LEARNED, LEARNED.encode(text)) == text


def test_traces_survive_the_round_trip_in_fewer_tokens_than_bytes() -> None:
    for text in corpus(20, seed=1):
        ids = LEARNED.encode(text)
        assert decode(LEARNED, ids) == text
        assert len(ids) < len(text)


def test_a_number_that_traces_are_full_of_is_one_token() -> None:
    for number in (" 7", " 10", " 13"):
        assert len(LEARNED.encode(number)) == 1
    assert len(LEARNED.encode(" 98765")) > 1


def test_special_texts_are_never_parsed() -> None:
    specials = range(len(LEARNED.tokens) - len(CONTROL_TOKENS) - len(USER_DEFINED_TOKENS), len(LEARNED.tokens))
    assert not set(LEARNED.encode("<think></think>")) & set(specials)
    assert [LEARNED.tokens[i] for i in specials] == [*CONTROL_TOKENS, *USER_DEFINED_TOKENS]


def test_learning_is_deterministic_and_tokens_are_distinct() -> None:
    assert learn(corpus(40), least=20) == LEARNED
    assert len(set(LEARNED.tokens)) == len(LEARNED.tokens)
    assert learn([], least=1).merges == ()


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    LEARNED.save(tmp_path / "tokenizer.json")
    assert Tokenizer.read(tmp_path / "tokenizer.json") == LEARNED


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not there")
def test_llama_cpp_reads_the_bundled_model_s_text_the_same_way() -> None:
    native = pytest.importorskip("llama_cpp.llama_cpp")
    tokenizer = Tokenizer.read(MODEL.with_name("countdown.tokenizer.json"))
    parameters = native.llama_model_default_params()
    parameters.vocab_only = True
    model = native.llama_model_load_from_file(str(MODEL).encode(), parameters)
    vocabulary = native.llama_model_get_vocab(model)

    def tokenize(text: str) -> list[int]:
        data = text.encode()
        ids = (native.llama_token * (len(data) + 1))()
        return list(ids[:native.llama_tokenize(vocabulary, data, len(data), ids, len(ids), False, True)])

    try:
        for special in (*CONTROL_TOKENS, *USER_DEFINED_TOKENS):
            assert tokenize(special) == [tokenizer.ids[special]]
        for text in corpus(100, seed=2):
            for part in text.split("</think>"):
                assert tokenize(part) == tokenizer.encode(part), part
    finally:
        native.llama_model_free(model)
