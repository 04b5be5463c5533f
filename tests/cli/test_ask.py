"""`localthink ask` on a model of random weights: what goes where, and what wrong input gets."""
from __future__ import annotations

import io
import json
import signal
import sys

import pytest

import localthink
from cli.running import FakeTerminal, run, start
from localthink.records import Event, Generation
from localthink.text.page import HELD_MARK, RECAST, THOUGHT_MARK, Page
from localthink.text.terminal import Terminal
from scripted_gguf import ASSISTANT, BEGIN, END, END_AS_TEXT, FIRST, needs_scripts, write_script
from tiny_gguf import write_tiny_gguf

PLAIN = "{{ messages[-1]['content'] }}<｜Assistant｜>"
FIELDS = ["model", "sample", "seed", "prompt_tokens", "tokens", "token_ids", "thinking", "answer", "finish_reason",
          "thoughts", "switches", "held", "paraphrases", "interventions", "settings", "seconds",
          "prompt_tokens_per_second", "tokens_per_second"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture
def ask(capsys, monkeypatch, model):
    return lambda *arguments: run(capsys, monkeypatch, "ask", "-m", model, "--threads", "1", *arguments)


def test_thinking_and_summary_go_to_standard_error_and_a_pipe_gets_no_colour(ask):
    ran = ask("Hello", "--seed", "5", "--max-tokens", "10", "--temperature", "0")
    assert ran.code == 0
    assert ran.out == ""  # random weights do not close the block
    assert THOUGHT_MARK in ran.err
    assert "10 tokens" in ran.err and "seed 5" in ran.err and "cut off" in ran.err
    assert "\x1b" not in ran.err


def test_a_raw_prompt_is_answered_on_standard_output(ask):
    ran = ask("Hello", "--raw", "--seed", "5", "--max-tokens", "20")
    assert ran.out.strip()
    assert THOUGHT_MARK not in ran.err


@needs_scripts
def test_a_pipe_gets_the_answer_alone_also_where_nothing_opened_the_thinking(capsys, monkeypatch, tmp_path):
    model = write_script(tmp_path, "Okay", " so", ".", "\n", END, "\n\n", "Four", start=ASSISTANT)
    ran = run(capsys, monkeypatch, "ask", "-m", model, "Hi", "--think", "free", "--threads", "1")
    assert (ran.code, ran.out.strip()) == (0, "Four")
    assert f"{THOUGHT_MARK} 1 Okay so." in ran.err


@needs_scripts
@pytest.mark.parametrize(("said", "options"), [
    (("Okay", " so", ".", "\n", *END_AS_TEXT, "Four"), ()),  # the template names the closing tag alone
    (("Okay", " so", ".", "\n", "</", "plan", ">\n", "Four"), ("--think-tags", "<plan>", "</plan>")),
])
def test_a_pipe_gets_the_answer_alone_also_where_tags_are_text(capsys, monkeypatch, tmp_path, said, options):
    model = write_script(tmp_path, *said, start=ASSISTANT, tags=False,
                         template=PLAIN if options else FIRST)
    ran = run(capsys, monkeypatch, "ask", "-m", model, "Hi", "--threads", "1", *options)
    assert (ran.code, ran.out.strip()) == (0, "Four")


@needs_scripts
def test_on_a_terminal_it_is_said_of_text_that_was_thinking(monkeypatch, tmp_path):
    write_script(tmp_path, "Okay", " so", END, "Four", start=ASSISTANT)
    with localthink.load(tmp_path / "scripted.gguf", threads=1) as engine:
        out, err = FakeTerminal(), FakeTerminal()
        page = Page(Terminal(out), Terminal(err), hide_thinking=False)
        for event in engine.stream("Hi", Generation(think="free")):
            page.show(event, thinks=True)
        page.end()
    assert out.getvalue() == "Okay so\nFour\n" and RECAST in err.getvalue()


@needs_scripts
def test_the_rest_of_an_answer_that_an_open_tag_hid_is_shown_at_its_end(capsys, monkeypatch, tmp_path):
    model = write_script(tmp_path, "Write ", BEGIN, " first", start=ASSISTANT)
    ran = run(capsys, monkeypatch, "ask", "-m", model, "Hi", "--think", "free", "--threads", "1")
    assert ran.out.strip() == "Write <think> first"


def test_a_raw_prompt_cannot_be_opened(ask):
    ran = ask("Hello", "--raw", "--think", "open")
    assert ran.code == 2 and "think is 'open'" in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize("tags", [("", "</t>"), ("<t>", "<t>"), ("a\udcff", "</t>")])
def test_think_tags_that_cannot_be_some_are_refused_in_one_line_before_the_model_is_looked_for(ask, tags):
    ran = ask("Hello", "-m", "nowhere.gguf", "--think-tags", *tags)
    assert (ran.code, ran.err.count("\n")) == (2, 1) and "think tag" in ran.err


def test_thinking_can_be_hidden(ask):
    assert THOUGHT_MARK not in ask("Hello", "--hide-thinking", "--max-tokens", "20").err


def test_json_is_one_object_a_sample_one_a_line(ask):
    ran = ask("Hello", "--n", "3", "--seed", "5", "--max-tokens", "9", "--json", "--alpha", "2", "--beta", "inf")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert sorted(row["sample"] for row in rows) == [0, 1, 2]
    for row in rows:
        assert list(row) == FIELDS
        assert row["tokens"] == len(row["token_ids"]) <= 9
        assert row["finish_reason"] == ("length" if row["tokens"] == 9 else "stop")
        assert row["settings"]["alpha"] == 2
        assert row["settings"]["beta"] == "inf"
        assert all(thought["tokens"] == thought["end"] - thought["start"] for thought in row["thoughts"])
    assert ran.err == ""


def test_the_same_seed_repeats_the_text_and_no_seed_does_not(ask):
    def tokens(*more: str) -> list[int]:
        return json.loads(ask("Hello", "--max-tokens", "12", "--json", *more).out)["token_ids"]

    assert tokens("--seed", "5") == tokens("--seed", "5")
    assert tokens() != tokens()


def test_no_penalty_is_alpha_zero(ask):
    a = json.loads(ask("Hello", "--seed", "5", "--max-tokens", "12", "--json", "--no-penalty").out)
    b = json.loads(ask("Hello", "--seed", "5", "--max-tokens", "12", "--json", "--alpha", "0").out)
    assert a["token_ids"] == b["token_ids"]
    assert a["held"] == 0


def test_a_question_can_come_from_standard_input(ask, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\n"))
    assert ask("-", "--max-tokens", "3").code == 0


@pytest.mark.parametrize(("arguments", "said"), [
    (["Hello", "--temperature", "-1"], "temperature is -1.0"),
    (["Hello", "--top-p", "0"], "top-p is 0.0"),
    (["Hello", "--min-p", "1"], "min-p is 1.0"),
    (["Hello", "--top-k", "-3"], "top-k is -3"),
    (["Hello", "--alpha", "nan"], "alpha is nan"),
    (["Hello", "--beta", "-1"], "beta is -1"),
    (["Hello", "--n", "0"], "n is 0"),
    (["Hello", "--max-tokens", "0"], "max-tokens is 0"),
    (["Hello", "--context", "-5"], "context is -5"),
    (["Hello", "--threads", "0"], "threads is 0"),
    (["Hello", "--seed", "-1"], "-1 is not in the range"),
    (["Hello", "--cache", "q5"], "'q5' is not one of"),
    (["Hello", "--markers", "nonsense"], "no marker group 'nonsense'"),
    (["Hello", "--stop", ""], "stop string is empty"),
    (["  "], "the question is empty"),
    (["word " * 2000], "the prompt is"),
    (["Hello", "--frobnicate"], "No such option"),
])
def test_wrong_input_gets_one_line_with_the_value_and_exit_code_2(ask, arguments, said):
    ran = ask(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_what_does_not_fit_is_refused_with_the_numbers_and_exit_code_2(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "ask", "Hello", "--context", 1_000_000_000)
    assert ran.code == 2
    assert "countdown does not fit: 1.8 MiB weights + " in ran.err and "(1,000,000,000 tokens, q8_0)" in ran.err
    assert "--force tries it anyway" in ran.err
    assert ran.err.count("\n") == 1 and ran.out == ""


@pytest.mark.parametrize(("option", "value"), [
    ("--gpu-layers", "some"), ("--gpu-layers", "-2"), ("--gpu-shares", "3;1"), ("--main-gpu", "-1")])
def test_an_option_of_the_gpu_that_cannot_be_is_named_with_its_value(capsys, monkeypatch, option, value):
    ran = run(capsys, monkeypatch, "ask", "Hello", f"{option}={value}")
    assert ran.code == 2
    assert option.removeprefix("--") in ran.err and value.split(";")[0] in ran.err


@pytest.mark.parametrize("layers", ["auto", "all", "-1", "0", "3"])
def test_layers_of_the_gpu_are_a_number_or_a_word(capsys, monkeypatch, layers):
    ran = run(capsys, monkeypatch, "ask", "Use 4, 7 and 11 to make 39.", "--gpu-layers", layers, "--max-tokens", 2,
              "--threads", 1)
    assert ran.code == 0
    assert "countdown: context 1,024 tokens · f16 cache 1 MiB · needs " in ran.err


def test_a_missing_model_is_named(capsys, monkeypatch, tmp_path):
    ran = run(capsys, monkeypatch, "ask", "-m", tmp_path / "nothing.gguf", "Hello")
    assert ran.code == 2
    assert "nothing.gguf" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="a console Ctrl+C cannot be sent to one child process on Windows")
def test_ctrl_c_stops_at_once_prints_what_there_is_and_exits_130(tmp_path):
    endless = write_tiny_gguf(tmp_path / "endless.gguf", context=1_000_000, seed=6)  # greedy, it writes 6,000 and more
    child = start("ask", "-m", endless, "Hello", "--temperature", "0", "--context", "200000")
    assert "context" in child.stderr.readline()
    assert child.stderr.read(1) == THOUGHT_MARK  # it has begun to think
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "1 thought" in err and "tokens" in err
    assert "Traceback" not in err


def event(text: str, part: str = "thinking", thought: int = 0, held: int = 0) -> Event:
    return Event(1, 0, 1, text, part, thought, False, -0.1, -0.1, held)


def shown(events, monkeypatch, **environment) -> str:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    screen = FakeTerminal()
    page = Page(Terminal(screen), Terminal(screen), hide_thinking=False)
    for one in events:
        page.show(one)
    page.end()
    return screen.getvalue()


def test_a_mark_stands_at_each_new_thought_and_where_a_switch_was_held(monkeypatch):
    text = shown([event("First.\n"), event("Second", held=1), event("\n"), event("Alternatively", thought=1),
                  event("\n\n42", part="answer", thought=-1)], monkeypatch, NO_COLOR="1")
    assert text == f"{THOUGHT_MARK} 1 First.\n{HELD_MARK}Second\n{THOUGHT_MARK} 2 Alternatively\n42\n"


def test_what_a_model_says_is_never_obeyed_by_the_terminal(monkeypatch):
    text = shown([event("\x1b[2J\x07\u202eevil")], monkeypatch)
    assert "\x1b[2J" not in text and "\x07" not in text and "\u202e" not in text
    assert "\\x1b[2J" in text


def test_colour_is_dim_for_thinking_and_off_where_it_is_not_wanted(monkeypatch):
    assert "\x1b[2m" in shown([event("hm")], monkeypatch)
    assert "\x1b" not in shown([event("hm")], monkeypatch, NO_COLOR="1")
    assert "\x1b" not in shown([event("hm")], monkeypatch, TERM="dumb")


def test_a_stream_that_cannot_say_a_character_says_a_question_mark():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    Terminal(stream).write(f"{THOUGHT_MARK} 1")
    assert raw.getvalue() == b"? 1"
