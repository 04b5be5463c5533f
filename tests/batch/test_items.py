"""A line asks exactly what it says, under its own id and settings; whatever cannot be answered says why."""
from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generating import split
from localthink.batch.items import BadLine, Item, read_item
from localthink.batch.settings import Settings
from localthink.records import Generation, Message, Sampling, Tip

DEFAULTS = Settings(Generation(Sampling(temperature=0.5), Tip(alpha=2.0), max_tokens=100), samples=4, seed=7)
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "Why?"}]}
TURNS = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
         {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Why?"}]


def item(row: object, defaults: Settings = DEFAULTS, append: str = "") -> Item:
    read = read_item(row, 3, defaults, append)
    assert isinstance(read, Item), read
    assert read.line == 3
    return read


def bad(row: object, defaults: Settings = DEFAULTS) -> BadLine:
    read = read_item(row, 3, defaults)
    assert isinstance(read, BadLine), read
    assert read.line == 3
    assert read.reason.isprintable()
    return read


def batch_line(custom_id: object = "a", **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": {**ASKED, **body}}


@pytest.mark.parametrize("row", [
    {"prompt": "Why?"}, {"question": "Why?"}, {"problem": "Why?"}, ASKED, {"prompt": None, "question": "Why?"},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}], "name": None}]}, batch_line(),
    {"custom_id": "x", "body": ASKED},
])
def test_every_way_to_ask_one_thing_is_the_same_message_and_content(row: object) -> None:
    read = item(row)
    assert read.messages == (Message("user", "Why?"),)
    assert read.content == item({"prompt": "Why?"}).content


def test_a_conversation_keeps_its_turns() -> None:
    assert item({"messages": TURNS}).messages == (
        Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hello."), Message("user", "Why?"))


def test_a_developer_is_the_system_and_parts_are_lines() -> None:
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    assert item({"messages": [{"role": "developer", "content": parts}, TURNS[-1]]}).messages[0] == Message(
        "system", "One\ntwo")


def test_appended_text_ends_the_last_message_and_is_part_of_the_content() -> None:
    read = item({"messages": TURNS}, append="Use a \\boxed{}.")
    assert read.messages[-1].content == "Why?\n\nUse a \\boxed{}."
    assert read.messages[:-1] == item({"messages": TURNS}).messages[:-1]
    whole = {"role": "user", "content": "Why?\n\nUse a \\boxed{}."}
    assert read.content == item({"messages": [*TURNS[:-1], whole]}).content


@pytest.mark.parametrize("first", [{"prompt": "Why?"}, ASKED])
def test_a_prompt_or_messages_win_over_a_question_which_is_carried(first: dict[str, Any]) -> None:
    read = item({"answer": [1], "question": "What?", **first, "problem": "Who?", "level": None})
    assert [message.content for message in read.messages] == ["Why?"]
    assert list(read.carried.items()) == [("answer", [1]), ("question", "What?"), ("problem", "Who?"), ("level", None)]


def test_a_question_that_is_the_problem_too_is_asked_once() -> None:
    read = item({"problem": "Why?", "question": "Why?", "url": "x"})
    assert (read.messages, read.carried) == ((Message("user", "Why?"),), {"url": "x"})


@pytest.mark.parametrize("field", ["question", "problem"])
def test_options_are_asked_with_their_question_and_carried(field: str) -> None:
    read = item({field: "Which?", "options": ["5", "6"], "Answer": "B"}, append="Think.")
    assert read.messages == (Message("user", "Which?\n\nA) 5\nB) 6\n\nThink."),)
    assert read.carried == {"options": ["5", "6"], "Answer": "B"}


@pytest.mark.parametrize("first", [{"prompt": "Why?"}, ASKED])
def test_a_prompt_or_messages_are_asked_as_they_are_whatever_options_there_are(first: dict[str, Any]) -> None:
    assert item({**first, "options": ["5", "6"]}).messages == (Message("user", "Why?"),)


def test_what_is_understood_is_not_carried() -> None:
    assert item({"id": 1, "problem": "Why?", "prompt": None, "n": 2, "stop": None, "a": 4}).carried == {"a": 4}


def test_a_field_of_the_name_where_is_data() -> None:
    read = item({"prompt": "Why?", "where": "everywhere"})
    assert read.settings == DEFAULTS and read.carried == {"where": "everywhere"}


@pytest.mark.parametrize("more", [
    {"reasoning_content": "hm"}, {"reasoning": "hm"}, {"refusal": None, "annotations": [], "audio": None},
    {"tool_calls": [], "function_call": {}, "name": ""},
])
def test_an_answer_of_a_server_is_history_without_its_thinking(more: dict[str, Any]) -> None:
    turns = [TURNS[1], TURNS[2] | more, TURNS[3]]
    assert item({"messages": turns}).messages == item({"messages": TURNS[1:]}).messages
    assert item(batch_line(messages=turns)).content == item({"messages": TURNS[1:]}).content


@pytest.mark.parametrize("content", ["", "\n", None])
def test_only_the_user_has_to_say_something(content: str | None) -> None:
    turns = [{"role": "system", "content": content}, TURNS[1], {"role": "assistant", "content": content}, TURNS[3]]
    assert item({"messages": turns}).messages == (
        Message("user", "Hi"), Message("assistant", ""), Message("user", "Why?"))
    assert "the content of message 2" in bad({"messages": [TURNS[2], {"role": "user", "content": content}]}).reason


@pytest.mark.parametrize(("own", "name"), [
    ("x", "x"), (" ", " "), ("7", "7"), (7, "7"), (0, "0"), (-1, "-1"), (2**70, "1180591620717411303424"),
])
def test_the_id_is_the_line_s_own_as_text(own: object, name: str) -> None:
    read = item({"id": own, "prompt": "Why?"})
    assert (read.id, read.own_id, type(read.own_id)) == (name, own, type(own))


@pytest.mark.parametrize(("own", "whole"), [(1.0, 1), (-0.0, 0), (2.0**53 - 1, 2**53 - 1)])
def test_an_id_that_a_table_kept_as_a_float_is_the_whole_number(own: float, whole: int) -> None:
    read = item({"id": own, "prompt": "Why?"})
    assert (read.id, read.own_id, type(read.own_id)) == (str(whole), whole, int)
    assert bad({"id": own}).id == whole


def test_without_an_id_the_content_is_the_id() -> None:
    for read in (item({"prompt": "Why?"}), item({"id": None, "prompt": "Why?"})):
        assert (read.id, read.own_id) == (read.content, None)


def test_the_content_is_a_stable_digest_of_the_messages_alone() -> None:
    rows = [{"prompt": "Wie heißt 1+1?"}, {"prompt": "Wie heißt 1+1?", "id": "x", "seed": 1, "answer": 2}]
    assert {item(row, defaults).content for row in rows for defaults in (DEFAULTS, Settings(raw=True))} == {
        "a3e09ed4e117a055584c3ee35e79a11f"}
    assert item({"messages": [TURNS[0], TURNS[-1]]}).content != item({"messages": [TURNS[1], TURNS[-1]]}).content


OVERRIDES: list[tuple[str, Any, Any]] = [
    ("alpha", 1, {"tip": Tip(alpha=1.0)}), ("alpha", "inf", {"tip": Tip(alpha=math.inf)}),
    ("beta", 5.5, {"tip": Tip(alpha=2.0, beta=5.5)}), ("beta", "inf", {"tip": Tip(alpha=2.0, beta=math.inf)}),
    ("markers", "wait", {"tip": Tip(alpha=2.0, groups=("wait",))}),
    ("markers", ["a", "b"], {"tip": Tip(alpha=2.0, groups=("a", "b"))}),
    ("penalty_where", "everywhere", {"tip": Tip(alpha=2.0, where="everywhere")}),
    ("temperature", 0, {"sampling": Sampling(temperature=0.0)}),
    ("top_p", 0.5, {"sampling": Sampling(temperature=0.5, top_p=0.5)}),
    ("min_p", 0.5, {"sampling": Sampling(temperature=0.5, min_p=0.5)}),
    ("top_k", 8.0, {"sampling": Sampling(temperature=0.5, top_k=8)}),
    ("seed", 2**63 - 1, {"seed": 2**63 - 1, "own_seed": True}), ("max_tokens", 5, {"max_tokens": 5}),
    ("n", 1, {"samples": 1}), ("stop", "\n", {"stop": ("\n",)}), ("stop", ["a", "b"], {"stop": ("a", "b")}),
    ("stop", [], {"stop": ()}),
]


@pytest.mark.parametrize("openai", [False, True])
@pytest.mark.parametrize(("field", "value", "settings"), OVERRIDES)
def test_a_setting_of_the_line_overrides_that_of_the_command(
        field: str, value: object, settings: Mapping[str, Any], openai: bool) -> None:
    row = batch_line(**{field: value}) if openai else {"prompt": "Why?", field: value}
    generation, own = split(settings)
    changed = {name: getattr(generation, name) for name in settings if name not in own}
    read = item(row).settings
    assert read == replace(DEFAULTS, generation=replace(DEFAULTS.generation, **changed), **own)
    floats = read.generation.sampling.temperature, read.generation.tip.alpha
    assert all(type(held) is float for held in floats)  # keys tell 1 from 1.0


@pytest.mark.parametrize("field", [field for field, _, _ in OVERRIDES])
def test_null_is_not_given(field: str) -> None:
    assert item({"prompt": "Why?", field: None}).settings == DEFAULTS


@pytest.mark.parametrize(("field", "value", "reason"), [
    ("temperature", "hot", 'temperature is "hot": give a number'), ("temperature", True, "is true: give a number"),
    ("temperature", "ä", 'is "ä": give'), ("temperature", "\u202e", r'is "\u202e": give'),
    ("temperature", "inf", 'is "inf": give a number'), ("temperature", -1, "temperature is -1.0: give a number of at"),
    ("temperature", 10**400, "give a smaller number"), ("temperature", math.inf, "temperature is inf"),
    ("top_p", 0, "top-p is 0.0"), ("min_p", [1], "min_p is a list: give a number"), ("min_p", 1, "min-p is 1.0"),
    ("alpha", "-inf", 'alpha is "-inf": give a number, or "inf"'), ("alpha", -math.inf, "alpha is -inf"),
    ("beta", "many", 'beta is "many"'), ("beta", -1, "beta is -1.0"), ("beta", math.nan, "beta is nan"),
    ("top_k", 1.5, "top_k is 1.5: give a whole number"), ("top_k", False, "top_k is false"),
    ("top_k", -1, "top-k is -1"),
    ("seed", "1", 'seed is "1": give a whole number'), ("seed", -1, "seed is -1"), ("seed", 2**63, "below 2^63"),
    ("n", 0, "n is 0: ask for at least one"), ("n", 1e400, "n is Infinity: give a whole number"),
    ("max_tokens", 0, "max-tokens is 0"), ("max_tokens", {}, "max_tokens is an object"),
    ("stop", 1, "stop holds 1: give a text"), ("stop", ["a", None], "stop holds null"),
    ("stop", "", "stop string is empty"), ("stop", "\ud83d", "stop is not Unicode"),
    ("penalty_where", "here", 'penalty_where is "here": it is'),
    ("markers", [], "markers is an empty list"), ("markers", [[]], "markers holds a list"),
])
def test_a_setting_that_cannot_be_used_is_named_with_its_value(field: str, value: object, reason: str) -> None:
    for row in ({"id": 5, "prompt": "Why?", field: value}, batch_line(5, **{field: value}) | {"custom_id": "5"}):
        assert reason in bad(row).reason
        assert str(bad(row).id) == "5"


@pytest.mark.parametrize(("row", "reason"), [
    (None, "the line is null: give an object"), ([ASKED], "the line is a list"), ("Why?", 'the line is "Why?"'),
    ({}, "nothing is asked: give one of prompt, messages, question, problem"), ({"Prompt": "Why?"}, "nothing is asked"),
    ({"prompt": "Why?", **ASKED}, "both prompt and messages are given"),
    ({"question": "Why?", "problem": "Who?"}, "both question and problem are given, and they differ: give one"),
    ({"question": "Why?", "problem": "Why?", "prompt": "Why?", **ASKED}, "both prompt and messages are given"),
    ({"prompt": ""}, "prompt is empty"), ({"question": " \n\u3000"}, "question is only white space"),
    ({"prompt": "", "question": "Why?"}, "prompt is empty"), ({"problem": 7}, "problem is 7: give a text"),
    ({"prompt": "so \ud83d"}, "prompt is not Unicode: its character 4 is '\\ud83d'"),
    ({"messages": "Why?"}, 'messages is "Why?": give a list'), ({"messages": []}, "an empty list"),
    ({"messages": ["Why?"]}, 'message 1 is "Why?"'),
    ({"messages": TURNS[:3]}, "the last message is from the assistant"),
    ({"messages": TURNS[:1]}, "the last message is from the system"),
    ({"messages": [*TURNS, {"role": "tool", "content": "4"}]}, 'message 5 has the role "tool"'),
    ({"messages": [{"content": "Why?"}]}, "message 1 has the role null"),
    ({"messages": [{"role": [], "content": "Why?"}]}, "message 1 has the role a list"),
    ({"messages": [{"role": "user"}]}, "the content of message 1 is null"),
    ({"messages": [{"role": "user", "content": " "}]}, "the content of message 1 is only white space"),
    ({"messages": [{"role": "user", "content": []}]}, "the content of message 1 is empty"),
    ({"messages": [{"role": "user", "content": "\udfff"}]}, "the content of message 1 is not Unicode"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 'message 1 has a part that is "image_url"'),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "message 1 has a part"),
    ({"messages": [{"role": "user", "content": ["Why?"]}]}, "message 1 has a part"),
    ({"messages": [{"role": "user", "content": "Why?", "name": "Jo"}]},
     'message 1 has the unknown field "name", which is "Jo"'),
    ({"messages": [{"role": "user", "content": "Why?", "reasoning_content": "hm"}]}, '"reasoning_content"'),
    ({"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "a"}]}, TURNS[-1]]},
     'message 1 has the unknown field "tool_calls", which is a list'),
    ({"messages": [{"role": "assistant", "content": 4}, TURNS[-1]]}, "the content of message 1 is 4"),
    ({"messages": [{"role": "system", "content": ""}]}, "messages has only an empty system message"),
    ({"id": "", "prompt": "Why?"}, 'id is "": give a text'), ({"id": 1.5, "prompt": "Why?"}, "id is 1.5"),
    ({"id": 2.0**53, "prompt": "Why?"}, "id is 9007199254740992.0"), ({"id": math.nan, "prompt": "Why?"}, "id is NaN"),
    ({"id": True, "prompt": "Why?"}, "id is true"), ({"id": ["x"], "prompt": "Why?"}, "id is a list"),
    ({"id": "\ud800", "prompt": "Why?"}, "id is not Unicode"),
])
def test_a_line_that_cannot_be_answered_says_why(row: object, reason: str) -> None:
    assert reason in bad(row).reason


@pytest.mark.parametrize(("row", "own"), [
    ({"id": "x"}, "x"), ({"id": 7, "prompt": ""}, 7), ({"custom_id": "c", "id": "x"}, "c"), ({"id": True}, None),
    ({"id": [1]}, None), ({"prompt": ""}, None), ([], None),
])
def test_a_bad_line_has_its_id_as_far_as_there_is_one(row: object, own: object) -> None:
    assert bad(row).id == own


def test_without_the_chat_template_only_one_text_can_be_continued() -> None:
    raw = Settings(raw=True)
    assert item({"problem": "1 + 1 ="}, raw).messages == (Message("user", "1 + 1 ="),)
    for row in (ASKED, batch_line()):
        assert "leave out --raw" in bad(row, raw).reason


def test_an_openai_line_keeps_what_has_no_effect() -> None:
    read = item(batch_line("x", model="r1", user="me", metadata={"a": 1}, service_tier="flex") | {"gold": 4})
    assert (read.id, read.own_id) == ("x", "x")
    assert read.carried == {"gold": 4, "model": "r1", "user": "me", "metadata": {"a": 1}, "service_tier": "flex"}


@pytest.mark.parametrize("body", [
    {"presence_penalty": 0, "frequency_penalty": 0.0, "repetition_penalty": 1.0},
    {"logprobs": False, "top_logprobs": 0},
    {"n": None, "stop": None, "seed": None}, {"tools": [], "functions": [], "tool_choice": "auto"},
    {"tool_choice": "none", "parallel_tool_calls": True}, {"response_format": {"type": "text"}, "modalities": ["text"]},
    {"logit_bias": {}, "suffix": ""}, {"stream": False, "stream_options": None, "store": False},
    {"reasoning_effort": "medium", "verbosity": "medium"}, {"messages": [{"role": "system", "content": ""}, TURNS[-1]]},
])
def test_an_openai_line_may_say_what_goes_without_saying(body: dict[str, Any]) -> None:
    read, plain = item(batch_line(**body)), item(batch_line())
    assert (read.content, read.settings, read.carried) == (plain.content, plain.settings, {})


@pytest.mark.parametrize("line", [{"method": "post"}, {"url": "v1/chat/completions"}, {"method": None, "url": None}])
def test_an_address_may_be_written_as_people_write_it(line: dict[str, Any]) -> None:
    assert item(batch_line() | line).content == item(batch_line()).content


def test_the_cases_that_people_have_are_answered_or_refused_with_their_value(shared: Path) -> None:
    read = [read_item(json.loads(line), 1, DEFAULTS)
            for line in (shared / "cases" / "openai.jsonl").read_text(encoding="utf-8").splitlines()]
    refused = {one.id: one.reason for one in read if isinstance(one, BadLine)}
    assert set(refused) == {"logit-bias2", "name", "image", "tool-history", "prefill", "completions", "responses", 17}
    assert len(read) - len(refused) == 17


@pytest.mark.parametrize("limits", [
    {"max_tokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 5, "max_completion_tokens": 5.0},
    {"max_tokens": None, "max_completion_tokens": 5},
])
def test_max_completion_tokens_is_max_tokens(limits: dict[str, Any]) -> None:
    assert item(batch_line(**limits)).settings.generation.max_tokens == 5


@pytest.mark.parametrize(("row", "reason"), [
    ({"body": ASKED}, "custom_id is null"), (batch_line(""), 'custom_id is ""'), (batch_line(1), "custom_id is 1"),
    ({"custom_id": "a", "prompt": "Why?"}, "body is null"),
    ({"custom_id": "a", "body": {"n": 1}}, "body has no messages"),
    (batch_line() | {"method": "GET"}, 'method is "GET"'),
    (batch_line() | {"url": "/v1/embeddings"}, 'url is "/v1/embeddings": only "/v1/chat/completions" is understood'),
    (batch_line(logit_bias={"1": 5}), 'body has the unknown field "logit_bias", which is an object: leave it out; '
     "known are messages, alpha,"),
    (batch_line(stream=True), "stream is true, which would change the answer"), (batch_line(logprobs=True), "is true"),
    (batch_line(presence_penalty=0.5), "presence_penalty is 0.5"), (batch_line(reasoning_effort="high"), 'is "high"'),
    (batch_line(response_format={"type": "json_object"}), "response_format is an object"),
    (batch_line(tools=[{}]), '"tools", which is a list'), (batch_line(tool_choice="required"), 'is "required"'),
    (batch_line(messages=[]), "messages is an empty list"),
    (batch_line(max_tokens=5, max_completion_tokens=6), "max_tokens is 5 and max_completion_tokens is 6"),
    (batch_line(max_completion_tokens="5"), 'max_completion_tokens is "5"'), (batch_line(prompt="x"), '"prompt"'),
])
def test_an_openai_line_that_would_mean_something_else_there_is_refused(row: object, reason: str) -> None:
    assert reason in bad(row).reason


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())) | (
    st.sampled_from(["user", "system", "text", "POST", "inf", "Why?", 10**4000, 1e308]))
names = st.sampled_from(["id", "prompt", "messages", "question", "problem",
                         "options", "custom_id", "body", "method", "role",
                         "content", "type", "text", "stream", "max_completion_tokens", *[o[0] for o in OVERRIDES]])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
                      max_leaves=12)


fields = st.dictionaries(names, values)


@given(values | fields | fields.map(lambda more: batch_line() | more) | fields.map(lambda more: batch_line(**more)))
def test_no_json_value_makes_it_raise(row: object) -> None:
    read = read_item(row, 1, DEFAULTS)
    if isinstance(read, BadLine):
        assert read.reason.isprintable() and len(read.reason) < 400
    else:
        assert read.id and all(message.content.encode().strip() for message in read.messages if message.role == "user")
