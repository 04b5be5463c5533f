"""The simulated searches are those that traces are written by, under any penalty."""
from __future__ import annotations

import math
import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countdown_tokenizer import Tokenizer
from countdown_traces import training_pair, write_trace
from localthink import locations
from localthink.grade.countdown import Puzzle, solves
from localthink.grade.countdown_thoughts import leads_on
from localthink.records import Generation, Sampling, Tip
from localthink.study.countdown import held_out, solvable_puzzles, thoughts_about
from localthink.study.family import FAMILY, Search
from localthink.study.simulator import (
    GIVEN_UP,
    LINE,
    OPENING,
    OPENING_4,
    RECHECK,
    SOLVED,
    SOLVED_4,
    leads_to,
    options,
    sampled,
    simulate,
)

PUZZLES, FOUR = held_out("choose", 60), held_out("choose", 20, numbers=4)
AS_TAUGHT = Generation(Sampling(temperature=1.0, top_p=1.0), Tip(alpha=0.0))
HOPELESS = Puzzle((2, 5, 11), 97)  # nothing makes it
MANY = 3000
chance = st.floats(0.01, 0.99)
searches = st.builds(Search, hazard=chance, recheck=chance, revisit=chance)
members = pytest.mark.parametrize("name", FAMILY)


def tip(alpha, beta=600, temperature=0.6, top_p=0.95, groups=("switch",)):
    return Generation(Sampling(temperature, top_p), Tip(alpha, beta, groups=groups))


def puzzles_of(search):
    return FOUR if search.numbers == 4 else PUZZLES


def leaving(search, temperature=1.0):
    """The chance of leaving after a line or after its re-check, in closed form, without top-p and penalties."""
    def share(part, *others):
        return part ** (1 / temperature) / sum(each ** (1 / temperature) for each in (part, *others))

    hazard, recheck = search.hazard, search.recheck
    if hazard == 0:
        return 0.0
    again = share(hazard, 1 - hazard)
    if not recheck:
        return again
    leave, stay = (1 - recheck) * hazard, (1 - recheck) * (1 - hazard)
    return share(leave, stay, recheck) + share(recheck, leave, stay) * again


def only_behind(puzzle):
    """The puzzle, and the lines before its target, where one thought alone has it and not in its first line."""
    places = [place for thought in thoughts_about(puzzle.numbers)
              for place, line in enumerate(thought.lines) if line.value == puzzle.target]
    return ((puzzle.numbers, puzzle.target), places[0]) if len(places) == 1 and places[0] else None


def solved_chance(puzzle, search, temperature=1.0):
    """A search fails if it leaves, or never begins, each thought that has the target among its lines."""
    fails = []
    for thought in thoughts_about(puzzle.numbers):
        before = next((place for place, line in enumerate(thought.lines) if line.value == puzzle.target), None)
        fails.append(1.0 if before is None else 1 - (1 - leaving(search, temperature)) ** before)
    begun = min(search.most_thoughts or len(fails), len(fails))
    ways = [1.0] + [0.0] * begun  # coefficients of the product of (1 + fail x): sums over sets of thoughts
    for fail in fails:
        ways = [1.0, *(ways[size] + fail * ways[size - 1] for size in range(1, begun + 1))]
    return 1 - ways[begun] / math.comb(len(fails), begun)


@members
@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_what_is_solved_without_a_penalty_has_a_closed_form(name, temperature):
    search = FAMILY[name]
    generation = tip(0.0, temperature=temperature, top_p=1.0)
    expected = statistics.fmean(solved_chance(puzzle, search, temperature) for puzzle in puzzles_of(search))
    assert simulate(puzzles_of(search), generation, 100, search=search).accuracy == pytest.approx(expected, abs=0.02)


@members
def test_at_temperature_one_it_is_the_search_that_traces_are_written_by(name):
    rng, search = random.Random(5), FAMILY[name]
    puzzles = [puzzle for puzzle in puzzles_of(search) for _ in range(40)]
    written = [write_trace(puzzle, search, rng).split("</think>") for puzzle in puzzles]
    found = simulate(puzzles_of(search), AS_TAUGHT, 40, search=search)
    solved = statistics.fmean(solves(answer, puzzle.numbers, puzzle.target)
                              for (_, answer), puzzle in zip(written, puzzles, strict=True))
    assert found.accuracy == pytest.approx(solved, abs=0.04)
    for count, word in ((found.switches, "Alternatively"), (found.rechecks, "Wait")):
        assert count == pytest.approx(statistics.fmean(text.count(word) for text, _ in written), rel=0.06, abs=0.01)


@members
def test_lines_have_as_many_tokens_as_in_the_models_own_vocabulary(name):
    tokenizer = Tokenizer.read(locations.bundled_model().with_suffix(".tokenizer.json"))
    rng, search = random.Random(1), FAMILY[name]
    puzzles = solvable_puzzles("choose", search.numbers)
    told, counted = [], []
    for _ in range(200):
        thinking, answer = training_pair(puzzles, search, 0.1, rng)[1].split("</think>")
        counted.append(len(tokenizer.encode(thinking)) + len(tokenizer.encode(answer)) + 2)  # "</think>" and the end
        lines, four = thinking.split("\n")[:-1], search.numbers == 4
        openings = sum(" try " in line for line in lines)
        rechecks = sum(line.startswith("Wait") for line in lines)
        others = len(lines) - openings * (1 + four) - rechecks  # with four numbers a thought has a second step
        end = GIVEN_UP if "no way" in answer else SOLVED_4 if four else SOLVED
        told.append(openings * (OPENING_4 if four else OPENING) + rechecks * RECHECK + others * LINE + end)
    assert statistics.fmean(told) == pytest.approx(statistics.fmean(counted), rel=0.005)


def test_an_exhausted_thought_is_gone_over_again_so_many_times():
    search = Search(hazard=0.0, revisit=0.75)
    thoughts = thoughts_about(HOPELESS.numbers)
    expected = sum(OPENING + LINE * len(thought.lines) * 4 for thought in thoughts) + GIVEN_UP
    found = simulate([HOPELESS], AS_TAUGHT, MANY, search=search)
    assert found.tokens == pytest.approx(expected, rel=0.02) and found.switches == len(thoughts) - 1


def test_lines_are_checked_again_with_their_chance_and_at_most_once():
    search = Search(hazard=0.0, recheck=0.4)
    lines = sum(len(thought.lines) for thought in thoughts_about(HOPELESS.numbers))
    assert simulate([HOPELESS], AS_TAUGHT, MANY, search=search).rechecks == pytest.approx(0.4 * lines, rel=0.02)


def test_a_search_with_a_limit_of_thoughts_begins_no_more():
    found = simulate(FOUR, AS_TAUGHT, 50, search=replace(FAMILY["countdown-4"], hazard=1.0, most_thoughts=5))
    assert 3 < found.switches <= 4


def test_whoever_never_leaves_early_solves_every_puzzle_that_has_a_solution():
    assert simulate(PUZZLES, tip(0.0), 3, search=FAMILY["countdown-h0"]).accuracy == 1.0


def test_to_give_up_is_not_penalised():
    (numbers, target), before = next(found for puzzle in PUZZLES if (found := only_behind(puzzle)))
    left = 1 - (1 - leaving(FAMILY["countdown"], 0.6)) ** before
    missed = left / len(thoughts_about(numbers))  # it is left where it is the last
    found = simulate([Puzzle(numbers, target)], tip(1e6, math.inf), MANY)
    assert found.accuracy == pytest.approx(1 - missed, abs=0.02) and missed > 0.06


@given(searches, st.booleans(), st.booleans(), st.booleans())
def test_what_may_follow_a_line_is_certain_to_follow_it(search, hit, exhausted, checked):
    found = options(search, hit, exhausted, checked)
    assert sum(found.values()) == pytest.approx(1)
    assert not (checked and found["recheck"]) and hit == ("end" in found)


@given(searches, st.floats(-20, 20), st.floats(0.2, 3))
def test_the_log_odds_of_leaving_lose_alpha_and_are_divided_by_the_temperature(search, alpha, temperature):
    chances = options(search, False, False, False)
    found = sampled(chances, tip(alpha, temperature=temperature, top_p=1.0), ["leave"])
    expected = (math.log(chances["leave"] / chances["stay"]) - alpha) / temperature
    assert math.log(found["leave"] / found["stay"]) == pytest.approx(expected, abs=1e-6)


@given(searches, st.floats(0, 20), st.floats(0.2, 3))
def test_a_penalty_on_re_checks_leaves_the_odds_of_switching_as_they_are(search, alpha, temperature):
    chances = options(search, False, False, False)
    plain, held = (sampled(chances, tip(each, temperature=temperature, top_p=1.0), ["recheck"])
                   for each in (0.0, alpha))
    assert held["recheck"] <= plain["recheck"] + 1e-12
    assert held["leave"] * plain["stay"] == pytest.approx(plain["leave"] * held["stay"], rel=1e-6)


@given(st.dictionaries(st.sampled_from(["leave", "recheck", "stay"]), chance, min_size=1), st.floats(0.1, 1))
def test_top_p_keeps_the_fewest_that_have_its_share(chances, top_p):
    weights = {choice: each / sum(chances.values()) for choice, each in chances.items()}
    found = sampled(weights, tip(0.0, temperature=1.0, top_p=top_p), [])
    kept = sum(weights[choice] for choice in found)
    assert kept >= top_p - 1e-9 and kept - min(weights[choice] for choice in found) < top_p + 1e-9
    assert sum(found.values()) == pytest.approx(1)


def test_greedy_decoding_takes_the_likeliest():
    chances = options(FAMILY["countdown"], False, False, False)
    assert sampled(chances, tip(0.0, temperature=0.0), ["leave"]) == {"leave": 1.0}
    assert sampled(chances, tip(3.0, temperature=0.0), ["leave"]) == {"stay": 1.0}


def test_a_penalty_that_ends_before_the_first_line_changes_nothing():
    assert simulate(PUZZLES, tip(9, OPENING + LINE), 5) == simulate(PUZZLES, tip(0), 5)
    assert simulate(PUZZLES, tip(9, OPENING + LINE + 1), 5) != simulate(PUZZLES, tip(0), 5)


def test_a_penalty_on_waits_changes_no_switches_and_one_on_switches_no_search_without_them():
    wait = FAMILY["countdown-wait"]
    plain, held = (simulate(PUZZLES, tip(alpha, groups=("wait",)), 100, search=wait) for alpha in (0, 9))
    assert held.rechecks == 0 < plain.rechecks and held.switches == pytest.approx(plain.switches, abs=0.1)
    assert held.accuracy == pytest.approx(plain.accuracy, abs=0.02)
    never = FAMILY["countdown-h0"]
    assert simulate(PUZZLES, tip(5), 5, search=never) == simulate(PUZZLES, tip(-5), 5, search=never)


def test_inviting_switches_helps_whoever_stays_where_nothing_is_to_be_found():
    plain, invited = (simulate(PUZZLES, replace(tip(alpha), max_tokens=250), 20, search=FAMILY["countdown-stay"])
                      for alpha in (0, -4))
    assert invited.accuracy > plain.accuracy + 0.1 and invited.tokens < plain.tokens


def test_what_is_too_long_is_cut_off_and_not_right():
    short = replace(AS_TAUGHT, max_tokens=60)
    found, whole = simulate(PUZZLES, short, 5), simulate(PUZZLES, AS_TAUGHT, 5)
    assert found.tokens <= 60 and found.accuracy < whole.accuracy and found.switches < whole.switches


@pytest.mark.parametrize("puzzle", [*PUZZLES[:10], *FOUR[:3]])
def test_thoughts_lead_on_as_the_oracle_says(puzzle):
    for thought in thoughts_about(puzzle.numbers):
        assert leads_to(thought, puzzle) == leads_on(f"try {thought.steps[0]}, leaving", puzzle)
