"""Two answers with the same random numbers: where they part, and what is said of it, no more than the texts show."""
from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.scripted import Line, Reply, ScriptedClient, pieces
from localthink.chat.asking import Asker, Opening
from localthink.chat.compare import Comparison, Side, beginning, ending, names_of, penalises, summary
from localthink.chat.divergence import AROUND, Divergence, divergence
from localthink.chat.settings import ChatSettings
from localthink.records import Generation, Message, Tip

QUESTION = "Use 3, 5 and 12 to make 57."
SAME = "First, try 12 * 5 = 60. 60 + 3 = 63, no."
LEFT = Reply("I found no way.", (SAME, "\nAlternatively, try 12 + 5 = 17. 17 * 3 = 51, no."))
RIGHT = Reply(r"So it is \boxed{12 * 5 - 3}.",
              (Line(SAME + "\n60 - 3 = 57, yes.", {len(pieces(SAME)): 0.9}),))
WITHOUT, WITH = ChatSettings(Generation(tip=Tip(alpha=0))), ChatSettings()


def asker(client: ScriptedClient) -> Asker:
    made = Asker(client, client.clock)
    made.load(Opening())
    made.pump()
    return made


def compared(*replies: Reply, steps: int | None = None, sides: Sequence[ChatSettings] = (WITHOUT, WITH),
             question: str = QUESTION) -> Comparison:
    """A comparison after so many steps, or at its end."""
    client = ScriptedClient(replies)
    shared = asker(client)
    made = Comparison([Side(shared, side) for side in sides], [Message("user", question)], 6, client.clock)
    made.start()
    client.finish() if steps is None else client.advance(steps)
    shared.pump()
    return made


def place(*replies: Reply, steps: int | None = None) -> Divergence | None:
    return compared(*replies, steps=steps).divergence()


def row(comparison: Comparison, label: str) -> tuple[str, str]:
    return next((row.left, row.right) for row in summary(comparison).rows if row.label == label)


def test_both_sides_are_asked_the_same_with_one_seed():
    client = ScriptedClient([LEFT, RIGHT])
    shared = asker(client)
    Comparison([Side(shared, WITHOUT), Side(shared, WITH)], [Message("user", QUESTION)], 6, client.clock).start()
    left, right = client.asks
    one, other = left.generation, right.generation
    assert (left.messages, left.seed, one.sampling) == (right.messages, right.seed, other.sampling)
    assert (one.tip.alpha, other.tip.alpha) == (0, 3)


def test_stopping_ends_what_is_written_and_nothing_that_was_not_begun():
    comparison = compared(LEFT, RIGHT, steps=5)
    comparison.stop()
    comparison.sides[0].asker.pump()
    assert [turn.state for turn in comparison.turns] == ["cancelled", "cancelled"]
    unasked = Comparison(comparison.sides, [Message("user", QUESTION)], 6, lambda: 0.0)
    unasked.stop()
    assert unasked.running


def test_a_side_that_leaves_its_thought_is_told_from_one_that_goes_on():
    found = place(LEFT, RIGHT)
    assert found is not None
    assert found.moves == ("switches", "goes on")
    assert found.before.endswith("60 + 3 = 63, no.\n")
    assert found.left.startswith("Alternatively, try 12 + 5")
    assert found.right.startswith("60 - 3 = 57, yes.")


def test_the_switch_that_was_held_back_there_is_known():
    text = "Try 5. No."
    held = Reply("5", (Line(f"{text} So 6.", {len(pieces(text)): 0.9}),))
    found = place(Reply("", (text, " Alternatively 7.")), held)
    assert found is not None and found.held == (False, True)
    elsewhere = Reply("5", (Line(f"{text} So 6.", {1: 0.9}),))
    found = place(Reply("", (text, " Alternatively 7.")), elsewhere)
    assert found is not None and found.held == (False, False)


@pytest.mark.parametrize(("left", "right", "moves"), [
    (Reply("7", ("Try 5. So 6.",)), Reply("7", ("Try 5. No, 6.",)), ("goes on", "goes on")),
    (Reply("7", ("Try 5.",)), Reply("7", ("Try 5. No, 6.",)), ("closes", "goes on")),
    (Reply("7", ("Try 5. So 6.",)), Reply("7", ("Try 5.", " Alternatively 6.")), ("goes on", "switches")),
    (Reply("7", ("Try 5.", " Alternatively 6.")), Reply("7", ("Try 5.", " Another way: 7.")), ("switches", "switches")),
    (Reply("7", ("Try 5.\n",)), Reply("7", ("Try 5.", " Alternatively 6.")), ("closes", "switches")),
])
def test_what_each_side_does_where_they_part(left, right, moves):
    found = place(left, right)
    assert found is not None and found.moves == moves and found.part == "thinking"


def test_as_long_as_one_is_the_beginning_of_the_other_they_have_not_parted():
    assert place(LEFT, RIGHT, steps=8) is None
    assert place(Reply("7", ("Try 5.",)), Reply("7", ("Try 5. No, 6.",)), steps=3) is None
    assert place(LEFT, LEFT) is None


def test_the_same_thinking_may_lead_to_other_answers():
    found = place(Reply("It is 7.", ("Try 7.",)), Reply("It is eight.", ("Try 7.",)))
    assert found is not None and found.part == "answer" and found.before.strip() == "It is"
    said = summary(compared(Reply("It is 7.", ("Try 7.",)), Reply("It is eight.", ("Try 7.",))))
    assert said.opening == "Their thinking is the same, and their answers up to “It is”"
    assert said.meaning == ""


def test_models_without_thinking_are_compared_by_their_answers():
    found = place(Reply("It is 7."), Reply("It is eight."))
    assert found is not None and found.part == "answer"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "bc", "no.\n", "\n\n", "7 "]), min_size=1).map("".join), min_size=1,
                max_size=3),
       st.lists(st.lists(st.sampled_from(["a", "bc", "no.\n", "\n\n", "7 "]), min_size=1).map("".join), min_size=1,
                max_size=3))
def test_a_parting_is_there_whichever_side_is_which(left, right):
    turns = compared(Reply("It is 1.", tuple(left)), Reply("It is 2.", tuple(right))).turns
    found, mirrored = divergence(*turns), divergence(turns[1], turns[0])
    assert (found is None) == (mirrored is None)
    if found is not None and mirrored is not None:
        assert found.moves == mirrored.moves[::-1] and found.held == mirrored.held[::-1]
        assert (found.left, found.right, found.tokens) == (mirrored.right, mirrored.left, mirrored.tokens)
        assert found.left != found.right and max(len(found.before), len(found.left)) <= AROUND


def test_it_is_said_in_words_where_they_part_and_what_each_does():
    said = summary(compared(LEFT, RIGHT))
    assert said.opening.startswith("The same for ") and said.opening.endswith("60 + 3 = 63, no.”")
    assert [name for name, _ in said.quotes] == ["Without the penalty", "With it"]
    assert said.quotes[0][1].startswith("“Alternatively, try") and said.quotes[1][1].startswith("“60 - 3 = 57, yes.")
    assert said.meaning.startswith("Without the penalty it left this thought here; with it, it went on.")


def test_the_summary_is_there_while_it_is_written():
    said = summary(compared(LEFT, RIGHT, steps=8))
    assert said.opening == "So far the same: 8 tokens." and said.quotes == () and said.meaning == ""
    assert summary(compared(LEFT, RIGHT, steps=0)).opening == ""


def test_where_nothing_differs_nothing_is_claimed():
    assert summary(compared(RIGHT, RIGHT)).opening.startswith("Both wrote the same, word for word")
    silent = compared(LEFT, RIGHT, steps=0)
    silent.sides[0].asker.eject()
    assert summary(silent).opening == "There is too little to compare."
    stopped = compared(LEFT, RIGHT, steps=8)
    stopped.stop()
    stopped.sides[0].asker.pump()
    assert summary(stopped).opening.startswith("Both wrote the same")


def test_the_figures_of_both_sides():
    comparison = compared(LEFT, RIGHT)
    assert row(comparison, "answer") == ("“I found no way.”", "12 * 5 - 3")
    assert row(comparison, "makes 57") == ("no", "yes")
    assert row(comparison, "thoughts") == ("2", "1")
    assert row(comparison, "held back") == ("–", "1 ⊘")
    assert all(ended.startswith("by itself, after ") for ended in row(comparison, "ended"))


def test_an_early_end_is_told_and_an_answer_that_is_not_there():
    comparison = compared(LEFT, RIGHT, steps=5)
    assert row(comparison, "ended")[0].startswith("is being written")
    comparison.sides[0].asker.eject()
    assert row(comparison, "ended")[0].startswith("interrupted")
    assert row(comparison, "answer") == ("none", "none")


def test_only_a_puzzle_is_graded():
    labels = [row.label for row in summary(compared(LEFT, RIGHT, question="How are you?")).rows]
    assert "answer" in labels and not any(label.startswith("makes") for label in labels)


USUAL = "with the penalty: α 3, β 600"


@pytest.mark.parametrize(("left", "right", "headers", "phrases"), [
    (Tip(alpha=0), Tip(), ("without the penalty (α 0)", USUAL), ("without the penalty", "with it")),
    (Tip(beta=0), Tip(), ("without the penalty (β 0)", USUAL), ("without the penalty", "with it")),
    (Tip(), Tip(alpha=0), (USUAL, "without the penalty (α 0)"), ("with the penalty", "without it")),
    (Tip(), Tip(alpha=math.inf, beta=math.inf), (USUAL, "with the penalty: α ∞, β ∞"),
     ("with α 3, β 600", "with α ∞, β ∞")),
    (Tip(alpha=0), Tip(alpha=-2.5), ("without the penalty (α 0)", "switches invited: α −2.5, β 600"),
     ("without the penalty", "with α −2.5, β 600")),
    (Tip(), Tip(), (f"left: {USUAL}", f"right: {USUAL}"), ("on the left", "on the right")),
])
def test_sides_are_called_by_what_differs(left, right, headers, phrases):
    shared = asker(ScriptedClient())
    names = names_of([Side(shared, ChatSettings(Generation(tip=tip))) for tip in (left, right)])
    assert (names.headers, names.phrases) == (headers, phrases)


def test_two_models_are_called_by_their_names_and_share_no_tokens():
    left, right = ScriptedClient([LEFT], name="large"), ScriptedClient([RIGHT], name="small")
    sides = [Side(asker(left), WITH), Side(asker(right), WITH)]
    comparison = Comparison(sides, [Message("user", QUESTION)], 6, left.clock)
    comparison.start()
    for client, side in zip((left, right), sides, strict=True):
        client.finish()
        side.asker.pump()
    said = summary(comparison)
    assert said.names.headers[0] == "large, with the penalty: α 3, β 600"
    assert said.opening.startswith("They begin with the same words, up to “…")
    assert said.meaning.startswith("With large it left this thought here; with small, it went on.")
    assert (found := comparison.divergence()) is not None and found.tokens is None


def test_a_penalty_of_nothing_or_for_no_token_is_none():
    assert not penalises(Tip(alpha=0)) and not penalises(Tip(beta=0)) and penalises(Tip(alpha=-1))


@given(st.text(max_size=3 * AROUND))
def test_quotations_are_one_line_of_the_text_and_say_where_it_was_cut(text):
    start, end = text[:AROUND], text[-AROUND:]
    assert beginning(start).strip("“”").removesuffix("…") in " ".join(start.split())
    assert ending(end).strip("“”").removeprefix("…") in " ".join(end.split())
    if len(text) < AROUND:
        assert beginning(start) == f"“{' '.join(start.split())}”"
