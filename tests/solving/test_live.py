"""Attempts begun, cancelled and judged on an engine: played exactly, and with the bundled model."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import localthink
from localthink.batch.settings import Settings
from localthink.engine.loading import load
from localthink.grade.grading import Grader
from localthink.judge.interface import Judgement
from localthink.records import Generation, Tip
from localthink.solving.catalogue import read_strategy
from localthink.solving.live import Live
from localthink.solving.pool import pool_of
from localthink.solving.questions import item_of
from localthink.solving.replay import replay
from localthink.solving.verifier import Verifier
from localthink.study.countdown import held_out
from localthink.trace_json import trace_object
from solving.lockstep import LockstepEngine
from solving.making import attempt, pools

NAMES = ("single", "consensus", "consensus:sure=1", "confident:warm-up=3", "shortest", "short-2", "best",
         "best:take=votes")


class Ratings:
    """A judge that says what the attempts of a pool have been rated, by their numbers."""

    name = "ratings"

    def __init__(self, *pools):
        self._ratings = [{a.number: a.judged[0] for a in pool} for pool in pools]
        self.asked: list[int] = []

    def judge(self, cases):
        self.asked.append(len(cases))
        return [Judgement(self._ratings[0][int(case.key.split("/")[1].split(":")[0])]) for case in cases]


def solved(engine, name, *questions, verifier=None, **settings):
    items = [item_of(question, Settings(**settings)) for question in questions]
    n = None if name == "single" else len(next(iter(engine.pools.values())))
    return list(Live(engine, read_strategy(name, n), verifier).solve(items))


@given(pools(least=3), st.sampled_from(NAMES), st.integers(1, 12))
def test_live_is_replay(pool, name, slots):
    engine = LockstepEngine({"Q": pool}, slots)
    verifier = Verifier(Ratings(pool), at_once=True) if name.startswith("best") else None
    [question] = solved(engine, name, "Q", verifier=verifier)
    bare = pool if verifier else [attempt(a.number, a.said and a.said.text, a.tokens, confidence=a.confidence or None)
                                  for a in pool]
    expected = replay(read_strategy(name, None if name == "single" else len(pool)), bare, slots)
    choice = question.choice()
    assert [(g.said.text, g.weight, [a.number for a in g.attempts]) for g in choice.groups] == [
        (g.said.text, g.weight, [a.number for a in g.attempts]) for g in expected.choice.groups]
    assert (choice.winner and choice.winner.number) == (expected.choice.winner and expected.choice.winner.number)
    assert sum(under.written for under in question.under) == expected.tokens
    assert len(question.under) == expected.begun
    assert engine.most <= slots


def test_what_is_not_needed_is_cancelled_at_once_and_its_slot_goes_to_the_next_question():
    first = [attempt(0, "1", 3), attempt(1, "2", 50), attempt(2, "3", 60)]
    second = [attempt(n, "1", 9 + n) for n in range(3)]
    engine = LockstepEngine({"Q": first, "R": second}, slots=3)
    questions = solved(engine, "shortest", "Q", "R")
    assert [question.text for question in questions] == ["Q", "R"]
    assert [entry for entry in engine.log if entry[0] == "cancelled"] == [("cancelled", 1, 3), ("cancelled", 2, 3),
                                                                          ("cancelled", 1, 9), ("cancelled", 2, 9)]
    assert [under.trace.finish_reason for under in questions[0].under] == ["stop", "cancelled", "cancelled"]


def test_attempts_have_the_seeds_of_the_samples_of_a_run_under_every_strategy():
    pool = [attempt(n, "1", 5 + n) for n in range(6)]
    settings = Settings(seed=7)
    item = item_of("Q", settings)
    for name in NAMES:
        engine = LockstepEngine({"Q": pool})
        solved(engine, name, "Q", seed=7)
        for _, _, number, request in (entry for entry in engine.log if entry[0] == "begun"):
            assert request.seed == settings.seed_of(item.id, number)


def test_a_doubtful_attempt_is_ended_by_the_control_once_the_warm_up_is_over():
    pool = [attempt(n, str(n), 5, confidence=3 - n) for n in range(3)] + [attempt(3, "3", 5), attempt(4, "3", 5)]
    engine = LockstepEngine({"Q": pool})
    solved(engine, "confident:warm-up=2,keep=1", "Q")
    least = [dict(entry[3].generation.controls[-1].settings)["least"] for entry in engine.log if entry[0] == "begun"]
    assert least == [0, 0, 2.0, 2.0, 2.0]


def test_a_model_judges_when_nothing_is_written_any_more_many_attempts_at_once():
    pool = [attempt(0, "1", 9, judged=(0.2,)), attempt(1, "2", 4, judged=(0.9,)), attempt(2, None, 5, judged=(1.0,))]
    engine, ratings = LockstepEngine({"Q": pool, "R": pool, "S": pool}, slots=3), Ratings(pool)
    questions = solved(engine, "best", "Q", "R", "S", verifier=Verifier(ratings, at_once=False))
    assert ratings.asked == [2] * 3, "two waves of questions, and an attempt without an answer is not asked about"
    assert [question.choice().winner.number for question in questions] == [1, 1, 1]


def test_a_stop_keeps_what_has_ended_and_cancels_the_rest():
    pool = [attempt(0, "1", 3), attempt(1, "2", 50)]
    engine = LockstepEngine({"Q": pool})
    seen = []
    live = Live(engine, read_strategy("consensus", 2), None, seen.append, lambda: len(seen) > 9)
    [question] = live.solve([item_of("Q", Settings())])
    assert question.interrupted and question.choice().winner.number == 0
    solution = question.solution(Grader())
    assert [each.state for each in solution.attempts] == ["stop", "cancelled"]
    assert solution.tokens == 3 + 10


def test_closing_the_iterator_cancels_what_runs():
    engine = LockstepEngine({"Q": [attempt(n, "1", 3) for n in range(2)], "R": [attempt(n, "1", 90) for n in range(2)]})
    items = [item_of(question, Settings()) for question in ("Q", "R")]
    solving = Live(engine, read_strategy("consensus", 2), None).solve(items)
    next(solving)
    solving.close()
    assert sum(entry[0] == "cancelled" for entry in engine.log) == 2


HOW = Generation(tip=Tip(alpha=0), max_tokens=400)


def written(engine, puzzle, n):
    """So many attempts at a puzzle, all to their end, as the samples of a run."""
    item = item_of(puzzle.question, Settings(HOW))
    requests = [engine.submit(engine.request(puzzle.question, HOW, seed=item.settings.seed_of(item.id, number)))
                for number in range(n)]
    traces = {}
    while len(traces) < n:
        traces |= {requests.index(event.request): event.trace for event in engine.step() if event.trace is not None}
    return pool_of("p", [{**trace_object(traces[number], "m", HOW, {}), "key": f"{number:02}", "id": "p",
                          "sample": number, "question": puzzle.question, "correct": False, "item": {}}
                         for number in range(n)])


def test_on_the_bundled_model_replay_and_live_choose_the_same():
    """But for the sample that reads the prompt, and is a step ahead of the others."""
    with load(slots=6, layout="split", fixed_shapes=True, threads=1) as engine:
        for puzzle in held_out("test", 2):
            pool = written(engine, puzzle, 6)
            for name in ("consensus", "shortest", "short-3"):
                expected, _ = pool.replay(read_strategy(name, 6))
                solution = localthink.solve(puzzle.question, name, n=6, engine=engine, generation=HOW)
                assert solution.winner == expected.choice.winner.number
                assert abs(solution.tokens - expected.tokens) <= 6
                assert engine.idle and engine.busy == 0, "what was cancelled holds no slot"
