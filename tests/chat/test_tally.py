"""Many seeds on both sides: what counts and when, what is kept of one that stops, and what is said of it."""
from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.scripted import DIED, Line, Refusal, Reply, ScriptedClient
from localthink.chat.asking import Asker, Opening
from localthink.chat.compare import Side
from localthink.chat.settings import ChatSettings
from localthink.chat.tally import SEEDS_AHEAD, Outcome, Tally, answer_groups
from localthink.chat.tally_summary import signed, tally_summary
from localthink.records import Generation, Message, Tip

PUZZLE = "Use 3, 5 and 12 to make 57."
WRONG = Reply("I found no way.", ("First, 12 * 5 = 60.", "\nAlternatively, 12 + 5 = 17."))
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.", (Line("First, 12 * 5 = 60. 60 - 3 = 57, yes.", {5: 0.9}),))


class Counting:
    """A tally over a scripted engine, whose replies come in the order in which they are asked."""

    def __init__(self, *replies: Reply | Refusal, question: str = PUZZLE, seed: int = 6) -> None:
        self.client = ScriptedClient(replies)
        self.asker = Asker(self.client, self.client.clock)
        self.asker.load(Opening())
        sides = [Side(self.asker, ChatSettings(Generation(tip=Tip(alpha=0)))), Side(self.asker, ChatSettings())]
        self.tally = Tally(sides, [Message("user", question)], seed, self.client.clock)
        self.asker.pump()

    def finish(self) -> Tally:
        while self.tally.running:
            self.client.finish()
            self.asker.pump()
        return self.tally

    def rows(self) -> dict[str, tuple[str, str, str]]:
        return {row.label: (row.left, row.right, row.difference) for row in tally_summary(self.tally).rows}


def test_both_sides_are_asked_every_seed_and_never_more_than_the_slots_need():
    counting = Counting(WRONG, RIGHT)
    counting.tally.start(16)
    assert len(counting.client.asks) == 2 * SEEDS_AHEAD
    counting.finish()
    asks = counting.client.asks
    asked = sorted((ask.seed, ask.generation.tip.alpha) for ask in asks)
    assert asked == [(6 + n, alpha) for n in range(16) for alpha in (0, 3)]
    assert not any(ask.watched or ask.alternatives for ask in asks)


def test_solved_thoughts_tokens_and_held_are_counted_with_intervals():
    counting = Counting(*[WRONG, RIGHT] * 16)
    counting.tally.start(16)
    counting.finish()
    rows = counting.rows()
    assert rows["makes 57"] == ("0 of 16", "16 of 16", "+100 points [+73, +100]")
    assert rows["thoughts"][:2] == ("2.0", "1.0") and rows["thoughts"][2] == "−1.0 [−1.0, −1.0]"
    assert rows["held back"] == ("–", "1.0", "")
    said = tally_summary(counting.tally)
    assert said.progress == "16 of 16 seeds on both sides, from 6 on"
    assert said.meaning == ("Solved only without the penalty: 0 seeds; only with it: 16. "
                            "The interval leaves 0 out: this is more than chance.")


def test_it_grows_seed_by_seed_and_says_no_interval_of_a_few():
    counting = Counting(*[WRONG, RIGHT] * 16)
    counting.tally.start(16)
    assert tally_summary(counting.tally).rows == ()
    while len(counting.tally.pairs) < 2:
        counting.client.advance()
        counting.asker.pump()
    assert counting.tally.running and counting.rows()["makes 57"] == ("0 of 2", "2 of 2", "+100 points")
    assert tally_summary(counting.tally).meaning == ""


def test_what_is_stopped_keeps_what_there_is_and_goes_on_from_there():
    counting = Counting(*[WRONG, RIGHT] * 20)
    counting.tally.start(16)
    while len(counting.tally.pairs) < 3:
        counting.client.advance()
        counting.asker.pump()
    counting.tally.stop()
    assert not counting.client.writing and not counting.tally.running
    assert tally_summary(counting.tally).progress == "3 of 16 seeds on both sides, from 6 on, stopped"
    counting.tally.start(64)
    counting.finish()
    assert len(counting.tally.pairs) == 64
    finished = [trace.seed for trace in counting.client.traces if trace.finish_reason != "cancelled"]
    assert len(set(finished)) == 64


def test_a_quick_answer_waits_for_the_slow_one_before_it():
    slow = Reply("no", ("on and " * 60,))
    counting = Counting(slow, *[RIGHT] * 40)
    counting.tally.start(4)
    while len(counting.client.traces) < 3:
        counting.client.advance()
        counting.asker.pump()
    assert counting.tally.pairs == []
    counting.finish()
    assert [pair[0].solved for pair in counting.tally.pairs] == [False, True, True, True]


def test_an_engine_that_dies_ends_it_with_its_reason_and_it_can_go_on():
    counting = Counting(*[WRONG, RIGHT] * 20)
    counting.tally.start(16)
    while len(counting.tally.pairs) < 2:
        counting.client.advance()
        counting.asker.pump()
    counting.client.die()
    counting.asker.pump()
    assert not counting.tally.running and counting.tally.reason == DIED and len(counting.tally.pairs) == 2
    counting.asker.load(Opening())
    counting.asker.pump()
    counting.tally.start(4)
    assert len(counting.finish().pairs) == 4 and counting.tally.reason == ""


def test_a_refusal_ends_it_with_its_reason():
    counting = Counting(Refusal("the prompt is too long"))
    counting.tally.start(16)
    counting.asker.pump()
    assert not counting.tally.running and counting.tally.reason == "the prompt is too long"


def test_what_cannot_be_graded_is_grouped_by_its_final_answer():
    replies = [Reply(rf"\boxed{{{text}}}", ("Hm.",)) for text in
               ("46", "46.0", "45", "46", "1/2", "0.5", "x", " x", "7", "8", "9", "46")]
    counting = Counting(*replies, question="How many?")
    counting.tally.start(6)
    counting.finish()
    rows = counting.rows()
    assert rows["answer 46"][:2] == ("1 of 6", "3 of 6") and rows["answer 1/2"][:2] == ("1 of 6", "1 of 6")
    assert rows["answer x"][:2] == ("1 of 6", "1 of 6") and rows["3 other answers"][:2] == ("2 of 6", "1 of 6")


def test_the_seeds_wrap_around_where_they_end():
    counting = Counting(RIGHT, seed=2**63 - 1)
    counting.tally.start(2)
    assert {ask.seed for ask in counting.client.asks} == {2**63 - 1, 0}


@pytest.mark.parametrize(("value", "digits", "text"),
                         [(8, 0, "+8"), (-2.14, 1, "−2.1"), (0.04, 1, "0.0"), (-0.2, 0, "0")])
def test_differences_have_a_sign_where_there_is_one(value, digits, text):
    assert signed(value, digits) == text


@given(st.lists(st.tuples(st.sampled_from(["", "4", "4.0", "5", "A", "a"]), st.sampled_from(["", "4", "five"]))))
def test_every_answer_is_in_one_group(results: Sequence[tuple[str, str]]):
    def outcome(result: str) -> Outcome:
        return Outcome(result, None, 1, 1, 0, False)
    groups = answer_groups([(outcome(left), outcome(right)) for left, right in results])
    assert sum(left for _, left, _ in groups) == sum(right for _, _, right in groups) == len(results)
    given = [left + right for _, left, right in groups]
    assert given == sorted(given, reverse=True)
