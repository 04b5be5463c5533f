"""Messages become the tokens R1 was trained on: one BOS, no old thinking, no forged turns."""
from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localthink.errors import PromptError
from localthink.prompt.messages import (
    LONG,
    PIECE,
    SEAM,
    begins_thinking,
    check_room,
    encode,
    opened,
    render,
    without_thinking,
)
from localthink.prompt.template import ChatTemplate
from localthink.records import Message
from localthink.thinking.tags import Tags

ROOT = Path(__file__).parents[2]
TOKENIZERS = ROOT.parent / "shared" / "data" / "tokenizers"
BOS, EOS, USER, ASSISTANT = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"
THINK, END_THINK = "<think>", "</think>"
R1_TAGS = Tags(ids=(4, 5))
R1_SPECIALS = (BOS, EOS, USER, ASSISTANT, THINK, END_THINK)


@dataclass
class FakeVocabulary:
    """One id a character from 100 on; below that the special texts, those from `always` on in any case."""

    specials: tuple[str, ...] = R1_SPECIALS
    always: int = 4  # llama.cpp makes tokens of user-defined texts whether or not it parses special ones
    bos: int | None = 0
    add_bos: bool = True

    def piece(self, token: int) -> bytes:
        return chr(token - 100).encode()

    def tokenize(self, text: str, special: bool) -> list[int]:
        known = self.specials if special else self.specials[self.always:]
        pattern = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        pieces = re.split(f"({pattern})", text) if known else [text]
        return [i for p in pieces for i in ([self.specials.index(p)] if p in known else plain(p))]


def plain(text: str) -> list[int]:
    return [100 + ord(character) for character in text]


@pytest.fixture(scope="module")
def r1() -> Iterator[ChatTemplate]:
    source = (ROOT / "models" / "r1-chat-template.jinja").read_text(encoding="utf-8")
    with ChatTemplate(source, BOS, EOS) as template:
        yield template


texts = st.lists(st.sampled_from([*R1_SPECIALS, "<", "｜User｜>", "think>", "Hi", "\n", " ", "é", "\0"])).map("".join)


@pytest.mark.parametrize(("content", "said"), [
    ("39", "39"),
    ("  as it is \n", "  as it is \n"),
    ("<think>\nhm\n</think>\n\n39\n", "39\n"),
    ("\n<think>hm</think>39", "39"),
    ("<think>cut off", ""),
    ("<think></think>39", "39"),
    ("<think>a</think>b<think>c</think>d", "b<think>c</think>d"),
    ("<thought>hm</thought> 39", "39"),
    ("[THINK]hm[/THINK]39", "39"),
    ("It is 4.\n</think>", "It is 4.\n</think>"),
    ("R1 writes `<think>` first.", "R1 writes `<think>` first."),
    ('re.sub(r"<think>.*?</think>", "", text)', 're.sub(r"<think>.*?</think>", "", text)'),
    ("39 <think>cut off", "39 <think>cut off"),
])
def test_of_a_turn_from_elsewhere_the_block_that_it_begins_with_is_dropped(content: str, said: str) -> None:
    turns = [Message("user", content), Message("assistant", content)]
    assert without_thinking(turns) == [turns[0], Message("assistant", said)]


@given(texts)
def test_a_block_is_dropped_once_and_nothing_after_it_is(answer: str) -> None:
    dropped = without_thinking([Message("assistant", f"{THINK}SECRET{END_THINK}{answer}")])
    assert dropped == [Message("assistant", answer.lstrip())]


@dataclass
class Counting(FakeVocabulary):
    """A token for so many characters; `most` is the longest text that was tokenized, `all` the characters of all."""

    wide: int = 1
    most: int = 0
    all: int = 0

    def tokenize(self, text: str, special: bool) -> list[int]:
        self.most, self.all = max(self.most, len(text)), self.all + len(text)
        return [100] * (len(text) // self.wide)


@pytest.mark.parametrize("text", ["x" * 4_000_000, f"xyz{SEAM}" * 1_000_000])
def test_what_the_context_cannot_nearly_hold_is_refused_before_it_is_tokenized(text: str) -> None:
    tokens = Counting()
    with pytest.raises(PromptError, match=r"^the prompt is [34],000,000 characters, far more than the 512 tokens"):
        encode(text, tokens, 512)
    assert tokens.most <= tokens.all <= PIECE


@pytest.mark.parametrize(("wide", "length", "fits"), [
    (1, LONG, True), (1, LONG + 1, False), (LONG // 512, LONG, True), (LONG // 512, 2 * LONG, True),
    (LONG // 512, 2 * LONG + PIECE, False)])
def test_what_may_fit_is_tokenized_as_a_whole(wide: int, length: int, fits: bool) -> None:
    tokens = Counting(wide=wide)
    if not fits:
        with pytest.raises(PromptError, match="far more than"):
            encode("x" * length, tokens, 512)
        return
    assert encode("x" * length, tokens, 512) == encode("x" * length, tokens)
    assert tokens.most == length


conversations = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts), min_size=1)


@settings(deadline=None)
@given(conversations, st.booleans())
def test_messages_of_any_text_become_exactly_the_turns_they_are(
    r1: ChatTemplate, messages: list[Message], add_bos: bool,
) -> None:
    systems = [m.content for m in messages if m.role == "system"]
    expected = [0, *plain(systems[-1] if systems else "")]
    for message in messages:
        if message.role == "user":
            expected += [2, *plain(message.content)]
        if message.role == "assistant":
            expected += [3, *plain(message.content), 1]
    ids = encode(render(messages, r1, R1_SPECIALS), FakeVocabulary(add_bos=add_bos))
    assert ids == (*expected, 3, 4, *plain("\n"))
    assert begins_thinking(ids, R1_TAGS, FakeVocabulary())


@settings(deadline=None)
@given(st.text("abc<>"), st.lists(st.text("abc<>", min_size=2, max_size=3), min_size=1, unique=True))
def test_special_texts_that_overlap_are_kept_apart_without_losing_a_character(text: str, specials: list[str]) -> None:
    vocabulary = FakeVocabulary(tuple(specials), always=0, bos=None)
    if text:
        assert list(encode(render([Message("user", text)], None, specials), vocabulary)) == plain(text)


def test_a_prompt_written_by_hand_may_hold_special_tokens() -> None:
    text = f"{USER}Hi{ASSISTANT}"
    assert encode(render([Message("user", text)], None), FakeVocabulary()) == (0, 2, *plain("Hi"), 3)


def test_without_a_template_messages_are_a_transcript() -> None:
    assert render([Message("user", "Once upon")], None) == "Once upon"
    turns = [Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hello")]
    assert render(turns, None) == "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nAssistant:"


@settings(deadline=None)
@given(st.integers(0, 4), st.booleans(), st.text("ab", min_size=1))
def test_exactly_one_bos_stands_at_the_start_if_it_is_wanted(written: int, add_bos: bool, text: str) -> None:
    ids = encode(BOS * written + text, FakeVocabulary(add_bos=add_bos))
    assert ids == (*([0] if written or add_bos else []), *plain(text))


def test_a_vocabulary_without_bos_gets_none() -> None:
    assert encode("Hi", FakeVocabulary(bos=None, add_bos=True)) == tuple(plain("Hi"))


def test_nothing_to_say_is_an_error() -> None:
    with pytest.raises(PromptError, match="no message"):
        render([], None)
    with pytest.raises(PromptError, match="empty"):
        encode(render([Message("user", "")], None), FakeVocabulary())


@pytest.mark.parametrize("content", ["a\ud800", "\udc80b", "\ud83d\ude00"])
def test_half_a_character_is_an_error_and_not_dropped(content: str) -> None:
    with pytest.raises(PromptError, match="surrogate") as caught:
        render([Message("user", content)], None)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(("ids", "inside"), [
    ([], False), ([7], False), ([4], True), ([4, 7], True), ([4, 5], False), ([4, 5, 7], False), ([5, 4], True),
])
def test_the_last_tag_decides_whether_the_output_begins_in_thought(ids: list[int], inside: bool) -> None:
    assert begins_thinking(ids, R1_TAGS, FakeVocabulary()) is inside


@pytest.mark.parametrize(("end", "inside"), [
    ("<think>", True), ("x<think>\n", True), ("<think> \n\n", True), ("<think>\nhm", False), ("<think></think>", False),
    ("", False),
])
def test_without_tokens_of_their_own_only_a_tag_at_the_very_end_opens_the_block(end: str, inside: bool) -> None:
    assert begins_thinking(plain(f"what is <think>? {end}"), Tags(), FakeVocabulary()) is inside


@pytest.mark.parametrize(("text", "prompt"), [
    ("?<A>", "?<A><think>\n"), ("?<A><think>\n", "?<A><think>\n"),
    ("?<A><think></think>", "?<A><think></think><think>\n"),
])
def test_a_prompt_is_opened_unless_its_template_did_it(text: str, prompt: str) -> None:
    assert opened(text, Tags()) == prompt


def test_a_prompt_needs_room_for_one_more_token() -> None:
    check_room(99, 100)
    with pytest.raises(PromptError, match=r"100 tokens .* holds 100.* longer context") as caught:
        check_room(100, 100)
    assert caught.value.advice == "--context 101 or more is enough"


def test_no_longer_context_is_advised_than_the_model_was_trained_for() -> None:
    with pytest.raises(PromptError, match="longer context"):
        check_room(100, 50, trained=101)
    with pytest.raises(PromptError, match="trained for 100 at most, so shorten"):
        check_room(100, 50, trained=100)


class NativeVocabulary:
    """A vocabulary as llama.cpp has it, without a model."""

    add_bos = False

    def __init__(self, path: Path) -> None:
        import llama_cpp.llama_cpp as native

        self._native: Any = native
        parameters = native.llama_model_default_params()
        parameters.vocab_only = True
        self.model = native.llama_model_load_from_file(str(path).encode(), parameters)
        self._vocabulary = native.llama_model_get_vocab(self.model)
        self.bos = native.llama_vocab_bos(self._vocabulary)

    def tokenize(self, text: str, special: bool) -> list[int]:
        data = text.encode()
        ids = (self._native.llama_token * (len(data) + 1))()
        count = self._native.llama_tokenize(self._vocabulary, data, len(data), ids, len(ids), False, special)
        assert count >= 0
        return list(ids[:count])

    def text_of(self, ids: tuple[int, ...]) -> str:
        buffer = ctypes.create_string_buffer(1000)
        pieces = b""
        for token in ids:
            size = self._native.llama_token_to_piece(self._vocabulary, token, buffer, 1000, 0, False)
            pieces += buffer.raw[:size]
        return pieces.decode()


@pytest.fixture(scope="module", params=["qwen2", "llama-bpe"])
def native(request: pytest.FixtureRequest) -> Iterator[NativeVocabulary]:
    path = TOKENIZERS / f"ggml-vocab-{request.param}.gguf"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    vocabulary = NativeVocabulary(path)
    yield vocabulary
    vocabulary._native.llama_model_free(vocabulary.model)


SPECIAL_IN = {128000: "<|eot_id|>", 151643: "<|im_start|>"}  # by the BOS of the vocabulary


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Use 4 and 7", "\n", " ", "é 漢", "</div>", "<"]), min_size=1).map("".join))
def test_without_special_texts_a_prompt_is_tokenized_in_one_piece(native: NativeVocabulary, text: str) -> None:
    shown = render([Message("user", text)], None, list(SPECIAL_IN.values()))
    assert list(encode(shown, native)) == native.tokenize(text, special=True)


def test_a_real_vocabulary_reads_a_special_text_in_a_message_as_text(native: NativeVocabulary) -> None:
    special = SPECIAL_IN[native.bos]
    assert len(native.tokenize(special, special=True)) == 1
    text = f"What does {special} mean? {special}{special}"
    ids = encode(render([Message("user", text)], None, [special]), native)
    assert native.text_of(ids) == text
    assert native.tokenize(special, special=True)[0] not in ids
