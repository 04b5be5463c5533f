"""`localthink bench`: its table, its JSON, and what it says of noise."""
from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from cli.running import run
from localthink.bench.figures import Figures
from localthink.cli.bench import result, table, verdict
from tiny_gguf import write_tiny_gguf

QUICK = ("--threads", "1", "--rounds", "2", "--tokens", "4", "--prompt-tokens", "32", "--slots", "2")


def test_the_bundled_model_is_measured_with_one_slot_and_with_several(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "bench", *QUICK)
    assert ran.code == 0 and ran.err == ""
    assert ran.out.startswith("countdown: Q8_0, 1.77 million parameters")
    assert "1 thread on" in ran.out and "2 rounds: 32 prompt tokens, then 4 tokens a slot" in ran.out
    rows = [line.split() for line in ran.out.splitlines()]
    start = rows.index(["slots", "reading", "writing", "with", "penalty", "ratio", "[95", "%]"])
    assert [row[0] for row in rows[start + 1:start + 3]] == ["1", "2"]
    assert all(len(line) <= 80 for line in ran.out.splitlines()[start:start + 3])  # whatever the noise is called


def test_json_is_one_object(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "bench", "--json", *QUICK)
    told = json.loads(ran.out)
    assert ran.code == 0 and ran.err == "" and ran.out.count("\n") == 1
    assert told["model"]["name"] == "countdown" and told["engine"]["threads"] == 1
    assert told["engine"]["cache"] == "f16" and "llama_cpp_python" in told["machine"]
    assert told["work"] == {"rounds": 2, "prompt_tokens": 32, "tokens": 4} and told["interrupted"] is False
    assert [(row["slots"], row["readings"], row["pairs"]) for row in told["results"]] == [(1, 2, 8), (2, 2, 8)]
    for row in told["results"]:
        assert row["tokens_per_second"]["plain"] > 0 and row["ratio_interval"][0] <= row["ratio"]


def test_random_weights_and_the_least_context_work(capsys, monkeypatch, tmp_path):
    path = write_tiny_gguf(tmp_path / "m.gguf")
    ran = run(capsys, monkeypatch, "bench", str(path), "--context", "512", "--slots", "2", "--threads", "1",
              "--rounds", "1", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0 and told["engine"]["context"] == 512 and len(told["results"]) == 2


def test_one_slot_alone_can_be_asked_for(capsys, monkeypatch):
    ran = run(capsys, monkeypatch, "bench", "--json", *QUICK, "--slots", "1")
    assert [row["slots"] for row in json.loads(ran.out)["results"]] == [1]


@pytest.mark.parametrize(("arguments", "said"), [
    (("--slots", "0"), "slots is 0"), (("--rounds", "0"), "rounds is 0"), (("--tokens", "-1"), "tokens is -1"),
    (("--prompt-tokens", "5"), "prompt-tokens is 5"), (("--tokens", "2000"), "a slot holds 1024 tokens"),
    (("--context", "0"), "context is 0"), (("--threads", "0"), "threads is 0"), (("--slots", "257"), "slots is 257"),
    (("--rounds", "9" * 400), "9: give 1 to 1000000"), (("--tokens", "9" * 400), "9: give 1 to 100000"),
    (("--prompt-tokens", "9" * 400), "9: give at least 32, 8 for each slot, and at most 100000"),
    (("no-such-model",), "no model called")])
def test_what_cannot_be_measured_is_one_line(capsys, monkeypatch, arguments, said):
    ran = run(capsys, monkeypatch, "bench", *arguments)
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1 and ran.out == ""


def test_ctrl_c_ends_it_with_what_was_measured(capsys, monkeypatch):
    class Pressed:
        """Is empty for so long, as what `interrupts` gives is before Ctrl+C."""

        asked = 0

        def __bool__(self) -> bool:
            self.asked += 1
            return self.asked > 60

    monkeypatch.setattr("localthink.cli.bench.interrupts", lambda: nullcontext(Pressed()))
    ran = run(capsys, monkeypatch, "bench", "--json", *QUICK, "--rounds", "100000")
    told = json.loads(ran.out)
    assert ran.code == 130 and ran.err == "" and told["interrupted"] is True
    assert 0 < told["results"][0]["pairs"] < 100


def test_ctrl_c_before_anything_was_measured_says_so(capsys, monkeypatch):
    monkeypatch.setattr("localthink.cli.bench.interrupts", lambda: nullcontext([2]))
    ran = run(capsys, monkeypatch, "bench", *QUICK)
    assert ran.code == 130 and "stopped before anything was measured" in ran.out


def measured(ratio: float, pairs: int = 40) -> Figures:
    """Pairs whose ratios scatter by ± 1 % around `ratio`."""
    return Figures(4, 100, [1.0], [1.0] * pairs, [1 / (ratio + 0.01 * (i % 5 - 2) / 2) for i in range(pairs)])


def test_noise_is_called_noise():
    assert "no cost that can be told from noise" in verdict(measured(1.0))
    assert "no cost that can be told from noise" in verdict(measured(0.998))


def test_a_cost_is_told_with_its_interval():
    assert verdict(measured(0.9)).startswith("4 slots: the penalty costs 10.0% of the speed (")


def test_a_gain_is_not_believed():
    assert "must be something else" in verdict(measured(1.1))


def test_too_few_pairs_say_nothing():
    assert "too few" in verdict(measured(0.5, pairs=5))
    assert any("[too few steps]" in line for line in table([measured(0.5, pairs=5)]))
    assert result(measured(0.5, pairs=5))["ratio_interval"] is None


def test_what_was_not_measured_is_left_open():
    empty = result(Figures(4))
    assert empty["ratio"] is None and empty["prompt_tokens_per_second"] is None
    assert empty["tokens_per_second"] == {"plain": None, "penalty": None}
    assert "–" in list(table([Figures(4)]))[1]
