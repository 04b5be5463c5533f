"""The bundled model, through localthink: it takes R1's code path, it searches, and the penalty shows."""
from __future__ import annotations

import json

import pytest

import localthink
from countdown_traces import Puzzle, held_out
from eval_countdown import run
from localthink import locations
from localthink.gguf.header import read_facts
from localthink.records import Event, Generation, Sampling, Tip


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
    assert sum(trace.held for trace in held.traces) > 20
    assert sum(trace.switches for trace in held.traces) < sum(trace.switches for trace in plain.traces)


def test_thoughts_are_what_the_text_says_they_are(outcomes):
    for outcome in outcomes.values():
        for trace in outcome.traces:
            assert trace.switches == trace.thinking.count("Alternatively")
            assert all(thought.text.startswith("Alternatively") for thought in trace.thoughts[1:])
            assert trace.thoughts[0].start == 0
            assert all(a.end == b.start for a, b in zip(trace.thoughts, trace.thoughts[1:], strict=False))


def written(engine: localthink.Engine, puzzles: list[Puzzle], tip: Tip) -> list[list[Event]]:
    """The events of each puzzle's only sample, all with seeds of their own."""
    numbers = [engine.submit(engine.request(puzzle.question, Generation(tip=tip, max_tokens=600), seed=seed))
               for seed, puzzle in enumerate(puzzles)]
    events: dict[int, list[Event]] = {number: [] for number in numbers}
    while not engine.idle:
        for event in engine.step():
            events[event.request].append(event)
    return [events[number] for number in numbers]


@pytest.mark.parametrize("count", [25, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("tip", [
    Tip(), pytest.param(Tip(alpha=30.0), marks=pytest.mark.slow), Tip(alpha=-2.0),
    pytest.param(Tip(alpha=3.0, beta=40), marks=pytest.mark.slow)])
def test_up_to_where_two_runs_part_what_was_held_and_what_was_drawn_is_what_the_plain_run_drew(count, tip):
    puzzles = held_out("test", count)
    with localthink.load(slots=16, threads=1, layout="split", fixed_shapes=True) as engine:  # else sums may round
        plain, held = (written(engine, puzzles, each) for each in (Tip(alpha=0.0), tip))
    parted = switches = 0
    for without, with_penalty in zip(plain, held, strict=True):
        pairs = zip(without, with_penalty, strict=False)
        end = next((place for place, (a, b) in enumerate(pairs) if a.token != b.token), len(without)) + 1
        parted += end <= len(without)
        drawn = sum(event.opens_thought for event in without[:end])
        switches += drawn
        assert sum(event.opens_thought + event.held for event in with_penalty[:end]) == drawn
    assert parted > count / 2 and switches > parted / 2


def test_its_record_names_the_file_that_is_here():
    import hashlib

    model = locations.bundled_model()
    record = json.loads(model.with_suffix(".training.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
