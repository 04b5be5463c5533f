"""Which line is which: what grows bit by bit is what the whole would be, and costs what comes to it."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localthink.tui import wrapping
from localthink.tui.widgets.thought_lines import ThoughtLines, ThoughtText, unanswered
from tui.turns import batches, end, event, events, thinking_turn

STEPS = st.lists(st.one_of(
    st.tuples(st.sampled_from(["write", "next"]), st.integers(1, 30)),
    st.tuples(st.just("toggle"), st.integers(0, 9)),
    st.tuples(st.just("wrap"), st.integers(1, 60)),
    st.tuples(st.sampled_from(["all", "spaces"]), st.integers(0, 3)),
), max_size=25)


def all_lines(lines: ThoughtLines) -> list[object]:
    """What every line shows."""
    places = [lines.place(line) for line in range(lines.height)]
    return [lines.text(thought, row) if row else (thought, lines.is_open(thought)) for thought, row in places]


@given(STEPS)
def test_growing_opening_and_wrapping_come_to_the_same_as_beginning_anew(steps):
    turn, lines = thinking_turn(1, 5), None
    lines = ThoughtLines(turn, 40)
    lines.take(None)
    for number, (step, value) in enumerate(steps):
        before, last = all_lines(lines), lines.top(lines.count - 1)
        changed = None
        if step == "write":
            turn.take(events(len(turn.thoughts) - 1, f" {'so it is ' * value}", held=[value // 2]), float(number))
        elif step == "next":
            turn.take(events(len(turn.thoughts), f"Alternatively,{' no' * value}\n\n"), float(number))
        elif step == "spaces":
            turn.take([event("\n" * value + "  ", len(turn.thoughts) - 1)], float(number))
        elif step == "toggle":
            changed = lines.toggle(value % len(turn.thoughts))
        elif step == "wrap":
            lines.wrap(value)
            changed = 0
        else:
            lines.toggle_all()
            changed = 0
        if changed is None:
            changed = lines.take(None)
        after = all_lines(lines)
        same = [line for line in range(min(changed, len(before), len(after))) if line != last]
        assert [after[line] for line in same] == [before[line] for line in same]
    fresh = ThoughtLines(turn, lines.width)
    fresh.take(None)
    for thought in range(lines.count):
        if fresh.is_open(thought) != lines.is_open(thought):
            fresh.toggle(thought)
    assert all_lines(fresh) == all_lines(lines)


@given(st.integers(1, 5), st.integers(1, 60), st.integers(1, 50), st.integers(1, 50))
def test_a_spot_is_found_again_at_another_width(thoughts, tokens, before, after):
    turn = thinking_turn(thoughts, tokens)
    lines = ThoughtLines(turn, before)
    lines.take(None)
    lines.toggle_all()
    for line in range(0, lines.height, 3):
        spot = lines.spot(line)
        assert lines.line_of(spot) == line
        lines.wrap(after)
        assert lines.place(lines.line_of(spot))[0] == spot.thought
        lines.wrap(before)


def test_a_mark_stands_before_the_token_at_which_a_switch_was_held():
    text = ThoughtText(80)
    turn = thinking_turn(0)
    turn.take(events(0, "so we go on and on", held=[2, 4]), 0.0)
    text.take(turn.thoughts[0])
    assert text.line(0) == ("so we⊘ go on⊘ and on", [5, 12])


def test_a_sign_that_the_model_wrote_is_no_mark():
    text = ThoughtText(80)
    turn = thinking_turn(0)
    turn.take(events(0, "the sign ⊘ means nothing"), 0.0)
    text.take(turn.thoughts[0])
    assert text.line(0) == ("the sign ⊘ means nothing", [])


def test_marks_keep_their_places_behind_controls_and_tabs():
    text = ThoughtText(80)
    turn = thinking_turn(0)
    turn.take(events(0, "\n\x1b[31m a\tb go", held=[2]), 0.0)
    text.take(turn.thoughts[0])
    assert text.line(0) == ("\\x1b[31m a    b⊘ go", [15])


def test_blank_lines_at_the_end_are_not_shown_until_something_follows():
    text = ThoughtText(80)
    turn = thinking_turn(0)
    turn.take(events(0, "one.\n\n"), 0.0)
    text.take(turn.thoughts[0])
    assert len(text) == 1
    turn.take(events(0, "Two."), 0.0)
    text.take(turn.thoughts[0])
    assert [text.line(line)[0] for line in range(len(text))] == ["one.", "", "Two."]


def test_only_the_last_line_is_wrapped_again_when_text_comes(monkeypatch):
    wrapped = []
    counted = wrapping.line_starts
    monkeypatch.setattr(wrapping, "line_starts", lambda line, width: wrapped.append(len(line)) or counted(line, width))
    text = ThoughtText(80)
    turn = thinking_turn(0)
    for place in range(1500):
        turn.take(events(0, "so it goes and goes on as it went before "), float(place))  # one line of 60,000 characters
        text.take(turn.thoughts[0])
    assert max(wrapped) < 200
    assert sum(wrapped) < 5 * turn.thoughts[0].characters


def test_a_folded_thought_is_not_wrapped(monkeypatch):
    turn = thinking_turn(20, 40)
    lines = ThoughtLines(end(turn), 60)
    monkeypatch.setattr(wrapping, "line_starts", None)  # which nobody may call
    lines.take(None)
    assert lines.height == 20


def test_the_unfinished_thought_is_open_and_folds_when_the_next_begins():
    lots = list(batches([20, 20]))
    turn = thinking_turn(0)
    lines = ThoughtLines(turn, 60)
    opened = []
    for lot in lots:
        turn.take(lot, 0.0)
        lines.take(None)
        opened.append([lines.is_open(thought) for thought in range(lines.count)])
    assert opened[0] == [True] and opened[-1] == [False, True]
    turn.end("cancelled")
    lines.take(None)
    assert lines.is_open(1)
    lines = ThoughtLines(end(thinking_turn(2)), 60)
    lines.take(None)
    assert not lines.is_open(0) and not lines.is_open(1)


def test_what_a_person_opened_stays_open_and_what_they_folded_folded():
    turn = thinking_turn(2, 20)
    lines = ThoughtLines(turn, 60)
    lines.take(None)
    lines.toggle(0)
    lines.toggle(1)
    turn.take(events(2, "Another way is this"), 50.0)
    lines.take(None)
    assert [lines.is_open(thought) for thought in range(3)] == [True, False, True]
    end(turn)
    lines.take(None)
    assert [lines.is_open(thought) for thought in range(3)] == [True, False, False]


def test_when_all_are_opened_those_to_come_are_too():
    turn = thinking_turn(3, 20)
    lines = ThoughtLines(turn, 60)
    lines.take(None)
    lines.toggle_all()
    turn.take(events(3, "Another way"), 50.0)
    lines.take(None)
    end(turn)
    lines.take(None)
    assert all(lines.is_open(thought) for thought in range(4))
    lines.toggle_all()
    assert not any(lines.is_open(thought) for thought in range(4))


def test_a_thought_that_a_person_is_amid_does_not_fold_under_their_eyes():
    turn = thinking_turn(1, 200)
    lines = ThoughtLines(turn, 60)
    lines.take(None)
    turn.take(events(1, "Alternatively, no"), 50.0)
    lines.take(0)
    assert lines.is_open(0) and lines.is_open(1)


def test_thinking_without_an_answer_is_unanswered_also_when_it_was_cut_off():
    assert not unanswered(thinking_turn(0))
    turn = thinking_turn(1)
    assert unanswered(turn)
    turn.end("interrupted", "the engine died")
    assert unanswered(turn)
    assert not unanswered(end(thinking_turn(1)))
