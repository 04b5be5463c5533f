"""The bundled model, through localthink: it takes R1's code path, it searches, and the penalty shows."""
from __future__ import annotations

import json

import pytest

import localthink
from countdown_traces import held_out
from eval_countdown import run
from localthink import locations
from localthink.gguf_header import read_facts
from localthink.records import Sampling, Tip


@pytest.fixture(scope="module")
def outcomes():
    """The same 40 held-out puzzles with the same seeds, plain and with the default penalty."""
    puzzles = held_out("choose", 40, seed=5)
    with localthink.load(slots=8, threads=1) as engine:
        return {tip.alpha: run(engine, puzzles, tip, Sampling(), seed=9) for tip in (Tip(alpha=0.0), Tip())}


def test_it_looks_like_an_r1_distill():
    facts = read_facts(locations.bundled_model())
    assert facts.thinks and facts.r1_roles and facts.add_bos
    assert "<think>" in (facts.chat_template or "")


def test_everything_bundled_takes_less_than_6_megabytes():
    assert sum(path.stat().st_size for path in locations.bundled_models().iterdir() if path.is_file()) < 6_000_000


def test_its_arithmetic_holds(outcomes):
    assert all(outcome.valid_lines >= 0.95 for outcome in outcomes.values())


def test_it_solves_some_and_not_all_of_the_puzzles_it_never_saw(outcomes):
    assert 0.3 < outcomes[0.0].solved.mean() < 0.95


def test_the_penalty_makes_it_switch_less_and_reports_what_it_held(outcomes):
    plain, held = outcomes[0.0], outcomes[3.0]
    assert sum(trace.held for trace in plain.traces) == 0
    assert sum(trace.held for trace in held.traces) > 40
    assert sum(trace.switches for trace in held.traces) < sum(trace.switches for trace in plain.traces)


def test_thoughts_are_what_the_text_says_they_are(outcomes):
    for outcome in outcomes.values():
        for trace in outcome.traces:
            assert trace.switches == trace.thinking.count("Alternatively")
            assert all(thought.text.startswith("Alternatively") for thought in trace.thoughts[1:])
            assert trace.thoughts[0].start == 0
            assert all(a.end == b.start for a, b in zip(trace.thoughts, trace.thoughts[1:], strict=False))


def test_its_record_names_the_file_that_is_here():
    import hashlib

    model = locations.bundled_model()
    record = json.loads(model.with_suffix(".training.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
