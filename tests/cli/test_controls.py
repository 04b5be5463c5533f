"""`localthink controls` shows what there is, and the options of ask set it."""
from __future__ import annotations

import json

import pytest

from cli.running import run
from localthink.control.catalogue import ENTRIES
from localthink.control.presets import ANSWER_ROOM, LANDING, preset
from localthink.records import Generation

PUZZLE = "Use 4, 7 and 11 to make 39."
STRICT = ("--seed", "3", "--threads", "1", "--max-tokens", "12")


@pytest.fixture
def localthink(capsys, monkeypatch):
    return lambda *arguments: run(capsys, monkeypatch, *arguments)


@pytest.fixture
def settings(localthink):
    def of(*options: str) -> dict[str, object]:
        ran = localthink("ask", PUZZLE, "--json", *STRICT, *options)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)["settings"]

    return of


def test_every_control_is_listed_with_its_source_and_what_is_known_for_and_against_it(localthink):
    page = localthink("controls").out
    for entry in ENTRIES:
        for said in (f"{entry.name}: {entry.about}", entry.source, entry.known_for, entry.known_against):
            assert said in page
        for each in entry.parameters:
            assert f"  {each.name}=" in page and each.help in page


def test_one_control_is_shown_alone_and_json_is_a_line_each(localthink):
    assert localthink("controls", "no-wait").out.count("arXiv") == 1
    listed = [json.loads(line) for line in localthink("controls", "--json").out.splitlines()]
    assert [each["name"] for each in listed] == [entry.name for entry in ENTRIES]


@pytest.mark.parametrize(("options", "expected"), [
    (("--thinking", "500..4000"), {"min_thinking": 500, "max_thinking": 4000, "landing": LANDING,
                                   "answer_room": ANSWER_ROOM}),
    (("--thinking", "..40"), {"max_thinking": 40, "landing": LANDING, "answer_room": ANSWER_ROOM}),
    (("--thinking", "50.."), {"min_thinking": 50, "answer_room": ANSWER_ROOM, "max_thinking": None}),
    (("--thinking", "..40", "--landing", "0.5", "--answer-room", "9"), {"landing": 0.5, "answer_room": 9}),
    (("--max-thinking", "40", "--landing", "1", "--closing", "So."), {"max_thinking": 40, "landing": 1,
                                                                      "closing_message": "So."}),
    (("--control", "no-wait", "--control", "loop-guard:rounds=4"), {"controls": ["no-wait", "loop-guard:rounds=4"]}),
    (("--loop-guard",), {"controls": ["loop-guard"]}),
    (("--loop-guard", "--control", "loop-guard:rounds=4"), {"controls": ["loop-guard:rounds=4"]}),
    (("--effort", "low"), preset("low", None)),
    (("--effort", "low", "--alpha", "1.5"), {**preset("low", None), "alpha": 1.5}),
    (("--effort", "low", "--no-penalty"), {**preset("low", None), "alpha": 0}),
    (("--effort", "low", "--max-thinking", "70"), {"max_thinking": 70, "beta": preset("low", None)["beta"]}),
    (("--effort", "high", "--thinking", "..70"), {"max_thinking": 70, "answer_room": ANSWER_ROOM}),
])
def test_options_set_what_they_say(settings, options, expected):
    found = settings(*options)
    assert {name: found[name] for name in expected} == expected


def test_without_an_option_nothing_is_set(settings):
    found = settings()
    assert not {"controls", "landing", "min_thinking", "answer_room", "closing_message"} & found.keys()
    assert found["max_thinking"] is None and Generation().controls == ()


@pytest.mark.parametrize(("options", "said"), [
    (("--thinking", "5"), "thinking is '5': give the fewest and the most tokens as 500..4000"),
    (("--thinking", ".."), "thinking is '..'"), (("--thinking", "a..b"), "thinking is 'a..b'"),
    (("--thinking", "9..3"), "min-thinking is 9, and max-thinking only 3"),
    (("--thinking", "0.."), "min-thinking is 0"),
    (("--thinking", "5..", "--max-thinking", "9"), "both say how long it thinks"),
    (("--landing", "2"), "there is no limit to land at"), (("--thinking", "..9", "--landing", "-1"), "landing is -1"),
    (("--answer-room", "-1"), "answer-room is -1"), (("--control", "lop-guard"), "did you mean loop-guard?"),
    (("--control", "budget"), "its options are --thinking"), (("--closing", "So:"), "nothing that would close"),
    (("--control", "early-exit", "--control", "deer"), "both say"),
    (("--control", "early-exit", "--thinking", "9.."), "give early-exit:after=9"),
])
def test_what_cannot_be_is_one_line(localthink, options, said):
    ran = localthink("ask", PUZZLE, *STRICT, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and said in ran.err


def test_an_unknown_control_is_one_line_too(localthink):
    ran = localthink("controls", "tea")
    assert ran.code == 2 and "there is no control 'tea'" in ran.err and ran.err.count("\n") == 1
