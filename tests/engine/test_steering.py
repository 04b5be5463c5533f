"""A sample steered, continued, interrupted: on the bundled model, and where rows are scripted to the last bit."""
from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import localthink
from engine.scripted_context import scripted_engine
from engine.test_sample import END_THINK, EOS, PROMPT, WORD, Writer
from generating import split
from localthink.control.budget import GRACE_TOKENS, SENTENCE_END
from localthink.engine.engine import Engine
from localthink.engine.sample import Sample
from localthink.errors import UsageError
from localthink.records import Adjustment, BudgetRequest, Event, Generation, Prefix, Request, Sampling, Tip, Trace
from localthink.thinking.automaton import Automaton
from localthink.thinking.tracker import ThoughtTracker

QUESTION = "Use 3, 5 and 12 to make 57."
PLAIN = Tip(alpha=0.0)
FORBIDDEN = Tip(alpha=math.inf, beta=math.inf)
TEXT = ("Let me see, ünïcödé €5.\nAlternatively, try 12 * 5 = 60, and then 另一种方法: it is so and so. Let me try "
        "another way; 12 - 3, no. Let me consider another 9.\nSo it is 57.</think>\n\nThe answer is 57 €, 是的.")


@pytest.fixture(scope="module")
def engine():
    with localthink.load(slots=2, threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def scripted():
    with scripted_engine(QUESTION, TEXT) as opened:
        yield opened


class Run:
    """One request, a step at a time."""

    def __init__(self, engine: Engine, seed: int = 3, prefix: tuple[int, ...] | Prefix = (), **settings) -> None:
        self.engine = engine
        prompt = engine.model.prompt(QUESTION)
        prefix = prefix if isinstance(prefix, Prefix) else Prefix(prefix)
        generation, more = split(settings)
        self.number = engine.submit(Request(prompt, generation, seed=seed, prefix=prefix, **more))
        self.events: list[Event] = []

    @property
    def trace(self) -> Trace | None:
        return self.events[-1].trace if self.events else None

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events)

    def step(self) -> None:
        self.events += self.engine.step()

    def tokens(self, count: int) -> Run:
        """Go on until so many tokens were shown."""
        while self.trace is None and len(self.events) < count:
            self.step()
        return self

    def cancel(self) -> Trace:
        self.events += self.engine.cancel(self.number)
        assert self.trace is not None
        return self.trace

    def end(self) -> Trace:
        while self.trace is None:
            self.step()
        assert self.engine.idle
        return self.trace


def thinking_tokens(engine: Engine, trace: Trace) -> int:
    """How many tokens come before `</think>`; all, where there is none."""
    end = engine.model.tags.ids[1]
    return trace.token_ids.index(end) if end in trace.token_ids else len(trace.token_ids)


def ends_a_sentence(engine: Engine, trace: Trace) -> bool:
    piece = engine.model.vocabulary.piece
    tokens = trace.token_ids[:thinking_tokens(engine, trace)]
    return SENTENCE_END.search(b"".join(map(piece, tokens)).decode("utf-8", "replace")) is not None


def spans(trace: Trace) -> list[tuple[int, int, int, str]]:
    return [(thought.index, thought.start, thought.end, thought.text) for thought in trace.thoughts]


# turning the penalty


def test_from_an_infinite_penalty_on_there_is_no_switch_and_before_it_nothing_has_changed(engine):
    plain = Run(engine, tip=PLAIN).end()
    assert plain.switches >= 5
    run = Run(engine, tip=PLAIN).tokens(plain.thoughts[2].start + 3)
    engine.steer(run.number, FORBIDDEN)
    place = len(run.events)
    steered = run.end()
    assert steered.token_ids[:place] == plain.token_ids[:place]
    assert steered.token_ids[place:] != plain.token_ids[place:]
    assert [thought.start for thought in steered.thoughts] == [thought.start for thought in plain.thoughts[:3]]
    assert steered.held > 0
    assert steered.steered == (Adjustment(place, math.inf, math.inf, "free"),)
    assert steered.tip == PLAIN


def test_a_penalty_can_be_taken_away_again(engine):
    run = Run(engine, tip=FORBIDDEN).tokens(60)
    engine.steer(run.number, PLAIN)
    place = len(run.events)
    trace = run.end()
    assert not [thought for thought in trace.thoughts[1:] if thought.start < place]
    assert trace.switches > 0
    assert sum(event.held for event in run.events[place:]) == 0


def test_turning_nothing_changes_nothing(engine):
    undisturbed = Run(engine).end()
    run = Run(engine)
    while run.trace is None:
        run.step()
        engine.steer(run.number, Tip(), "free")
        engine.steer(run.number)
    assert run.trace.token_ids == undisturbed.token_ids
    assert spans(run.trace) == spans(undisturbed)
    assert run.trace.held == undisturbed.held


def test_markers_stay_as_they_were_asked_for(engine):
    run = Run(engine, tip=Tip(alpha=0.0, groups=("wait",))).tokens(3)
    engine.steer(run.number, Tip(alpha=math.inf, beta=math.inf))
    assert run.end().switches == 0, "`Alternatively` is no marker of the group `wait`"
    assert "Alternatively" in run.trace.thinking


def test_steering_what_has_ended_does_nothing(engine):
    run = Run(engine, max_tokens=3)
    trace = run.end()
    engine.steer(run.number, FORBIDDEN, "answer")
    engine.steer(10_000, FORBIDDEN)
    assert trace.steered == ()


def test_steering_one_of_two_leaves_the_other_alone(scripted):
    alone = Run(scripted, seed=5).end()
    one, other = Run(scripted, seed=4), Run(scripted, seed=5)
    for _ in range(30):
        events = scripted.step()
        for run in (one, other):
            run.events += [event for event in events if event.request == run.number]
    scripted.steer(one.number, FORBIDDEN, "answer")
    while one.trace is None or other.trace is None:
        events = scripted.step()
        for run in (one, other):
            run.events += [event for event in events if event.request == run.number]
    assert other.trace.token_ids == alone.token_ids
    assert one.trace.steered and not other.trace.steered


# answering now, thinking on


@pytest.mark.parametrize("place", [0, 1, 40, 100, 101, 103, 150])
def test_an_answer_that_is_asked_for_comes_at_the_next_sentence_end(engine, place):
    free = Run(engine).end()
    run = Run(engine).tokens(place)
    engine.steer(run.number, wish="answer")
    asked = len(run.events)
    trace = run.end()
    closed = thinking_tokens(engine, trace)
    assert trace.token_ids[:closed] == free.token_ids[:closed]
    assert asked <= closed <= asked + GRACE_TOKENS
    assert ends_a_sentence(engine, trace)
    assert trace.answer and trace.finish_reason == "stop"
    assert trace.steered == (Adjustment(asked, Tip().alpha, Tip().beta, "answer"),)


@pytest.mark.parametrize("seed", range(6))
def test_what_it_thinks_on_in_an_answer_that_was_asked_for_ends_in_no_tag_there(engine, seed):
    run = Run(engine, seed).tokens(10 + seed)
    engine.steer(run.number, wish="answer")
    trace = run.end()
    assert trace.token_ids.count(engine.model.tags.ids[1]) == 2, "the bundled model closes its thinking once more"
    assert "think>" not in trace.answer and "think>" not in run.text
    again = Run(engine, seed, trace.token_ids[:-2]).end()
    assert again.answer == trace.answer, "as if it had never been interrupted"


def test_where_no_sentence_ends_the_answer_comes_when_patience_ends():
    with scripted_engine(QUESTION, " zz" * 400, strength=30.0) as engine:  # with which no marker begins
        run = Run(engine).tokens(50)
        engine.steer(run.number, wish="answer")
        run.tokens(50 + GRACE_TOKENS + 1)
        engine.steer(run.number, wish="answer")
        trace = run.cancel()
        assert thinking_tokens(engine, trace) == 50 + GRACE_TOKENS
        assert len(trace.token_ids) > 50 + GRACE_TOKENS


def test_asking_again_does_not_begin_the_patience_anew():
    with scripted_engine(QUESTION, " zz" * 400, strength=30.0) as engine:  # with which no marker begins
        run = Run(engine).tokens(10)
        while run.trace is None and len(run.events) < 200:
            engine.steer(run.number, wish="answer")
            run.step()
        assert thinking_tokens(engine, run.cancel()) == 10 + GRACE_TOKENS


def test_an_answer_that_is_not_wanted_any_more_does_not_come(engine):
    free = Run(engine).end()
    run = Run(engine).tokens(101)
    engine.steer(run.number, wish="answer")
    engine.steer(run.number, wish="free")
    assert run.end().token_ids == free.token_ids


def test_thinking_that_is_to_go_on_is_never_closed_and_reads_wait_instead(engine):
    free = Run(engine, tip=PLAIN).end()
    assert thinking_tokens(engine, free) < 400
    run = Run(engine, tip=PLAIN, max_tokens=500).tokens(5)
    engine.steer(run.number, wish="think")
    trace = run.end()
    assert engine.model.tags.ids[1] not in trace.token_ids
    assert trace.finish_reason == "length" and trace.tokens == 500
    assert trace.token_ids[:thinking_tokens(engine, free)] == free.token_ids[:thinking_tokens(engine, free)]
    assert trace.thinking.startswith(free.thinking + "\nWait") or "Wait" in trace.thinking[len(free.thinking):]
    assert trace.answer == ""


def test_once_thinking_may_end_again_it_does(engine):
    run = Run(engine, tip=PLAIN, max_tokens=900)
    engine.steer(run.number, wish="think")
    run.tokens(450)
    engine.steer(run.number, wish="answer")
    trace = run.end()
    assert 450 <= thinking_tokens(engine, trace) <= 450 + GRACE_TOKENS
    assert trace.answer


def test_an_end_of_the_text_while_it_is_to_think_on_is_none():
    with scripted_engine(QUESTION, "So it is", strength=40.0) as engine:
        assert Run(engine).end().finish_reason == "stop"
        run = Run(engine, max_tokens=40)
        engine.steer(run.number, wish="think")
        trace = run.end()
        assert trace.finish_reason == "length" and trace.thinking.startswith("So it isWaitWait")


def test_going_on_in_several_tokens_is_read_whole_before_anything_else():
    go_on = [1, 2, 3]
    writer = Writer(go_on=go_on)
    writer.sample.steer(Tip(), "think")
    choose = writer.sample.controls.choose
    taken = [choose(END_THINK)]
    writer.sample.steer(Tip(), "answer")
    assert writer.sample.controls.steers
    taken += [choose(WORD) for _ in range(2)]
    assert taken == go_on
    assert choose(WORD) == WORD
    assert choose(END_THINK) == END_THINK


def test_a_model_without_thinking_is_left_to_itself():
    sample = Sample(1, Request(PROMPT, Generation(max_thinking=1)), 0, ThoughtTracker(Automaton([]), None, None, False))
    sample.steer(Tip(), "think")
    assert sample.controls.choose(WORD) == WORD


def test_in_the_answer_nothing_is_taken_but_what_was_drawn(engine):
    free = Run(engine).end()
    run = Run(engine).tokens(thinking_tokens(engine, free) + 2)
    for wish in ("answer", "think"):
        engine.steer(run.number, wish=wish)
    assert run.end().token_ids == free.token_ids


# limits


@pytest.mark.parametrize("limit", [1, 2, 7, 9, 10, 37, 100, 128, 200])
def test_a_limit_of_thinking_holds_and_looks_for_a_sentence_end_shortly_before(engine, limit):
    free = Run(engine).end()
    trace = Run(engine, max_thinking=limit).end()
    closed = thinking_tokens(engine, trace)
    assert trace.token_ids[:closed] == free.token_ids[:closed]
    assert limit - min(GRACE_TOKENS, limit // 10) <= closed <= limit
    assert closed == limit or ends_a_sentence(engine, trace)
    assert trace.answer


def test_a_limit_above_what_is_thought_changes_nothing(engine):
    assert Run(engine, max_thinking=2_000).end().token_ids == Run(engine).end().token_ids


@pytest.mark.parametrize("text", [" so" * 100, "é" * 100, "另一种" * 60], ids=["words", "two bytes", "three bytes"])
@pytest.mark.parametrize("limit", [1, 2, 3, 30, 31, 32, 90])
def test_without_a_sentence_end_a_limit_holds_exactly_even_within_a_character(text, limit):
    with scripted_engine(QUESTION, text, strength=40.0) as engine:
        run = Run(engine, max_thinking=limit, max_tokens=limit + 20)
        trace = run.end()
    assert thinking_tokens(engine, trace) == limit
    assert run.text.replace(" ", "") == (trace.thinking + trace.answer).replace(" ", "")


def test_an_answer_that_is_asked_for_within_a_character_waits_for_its_end():
    with scripted_engine(QUESTION, "So it is so.\n你好。So it is.\n" * 3, strength=40.0) as engine:
        pieces = [engine.model.vocabulary.piece(token) for token in Run(engine).end().token_ids]
        place = next(place for place, piece in enumerate(pieces) if piece and piece[0] >= 0x80)
        for within in (place + 1, place + 2):
            run = Run(engine, max_tokens=100).tokens(within)
            engine.steer(run.number, wish="answer")
            assert run.end().thinking.startswith("So it is so.\n你好。") and "\ufffd" not in run.trace.thinking


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_is_none_is_refused_by_name_and_value(limit):
    with pytest.raises(UsageError, match=f"max-thinking is {limit}"):
        Request((1,), Generation(max_thinking=limit))


@pytest.mark.parametrize(("prefix", "most", "tokens"), [(10, 20, 20), (10, 11, 11), (10, 10, 11), (10, 4, 11)])
def test_tokens_of_an_earlier_attempt_count_towards_the_most_there_may_be(engine, prefix, most, tokens):
    first = Run(engine).end().token_ids[:prefix]
    trace = Run(engine, prefix=first, max_tokens=most).end()
    assert (trace.tokens, trace.finish_reason) == (tokens, "length")


# going on


def test_the_bundled_model_goes_on_behind_what_it_had_written(engine):
    """But for rounding: what was prefix is read in one batch and was written token by token."""
    places = (0, 1, 2, 13, 14, 26, 27, 60, 100, 101, 130, 140)
    whole = Run(engine, sampling=Sampling(temperature=0.0)).end()
    for place in places:
        again = Run(engine, sampling=Sampling(temperature=0.0), prefix=whole.token_ids[:place]).end()
        assert again.token_ids[:place + 15] == whole.token_ids[:place + 15]


@pytest.mark.parametrize("settings", [{"seed": 0}, {"seed": 1, "tip": PLAIN}, {"seed": 2, "max_thinking": 70},
                                      {"seed": 3, "tip": Tip(2.0, 20)}, {"seed": 4, "sampling": Sampling(0.9, 1.0)}])
def test_a_sample_goes_on_behind_any_of_its_tokens_as_if_nothing_had_been(scripted, settings):
    """Also in the middle of a marker and of a character: the script has several of both."""
    whole_run = Run(scripted, **settings)
    whole = whole_run.end()
    for place in range(len(whole.token_ids)):
        run = Run(scripted, prefix=whole.token_ids[:place], **settings)
        again = run.end()
        assert again.token_ids == whole.token_ids, place
        assert (again.thinking, again.answer) == (whole.thinking, whole.answer), place
        assert spans(again) == spans(whole) and again.switches == whole.switches, place
        assert (again.prompt_tokens, again.finish_reason) == (whole.prompt_tokens, whole.finish_reason)
        assert tuple(event.token for event in run.events) == whole.token_ids[place:]


def test_the_script_has_places_within_markers_and_characters(scripted):
    """What the test above relies on."""
    trace = Run(scripted, seed=0, tip=PLAIN, sampling=Sampling(temperature=0.0)).end()
    tracker = ThoughtTracker(scripted.model.automaton(("switch",)), True)
    undecided, cut = 0, 0
    for token in trace.token_ids:
        tracker.observe(token)
        undecided += tracker.undecided > 1
        cut += len(scripted.model.vocabulary.piece(token)) > 0 and scripted.model.vocabulary.piece(token)[0] >= 0x80
    assert trace.switches >= 3 and undecided >= 10 and cut >= 20


@given(st.integers(0, 50), st.integers(1, 90), st.integers(1, 90))
def test_given_up_and_continued_twice_it_is_still_the_same_text(scripted, seed, first, more):
    whole = Run(scripted, seed=seed).end()
    stopped = Run(scripted, seed=seed).tokens(first).cancel()
    again = Run(scripted, seed=seed, prefix=stopped.token_ids).tokens(more).cancel()
    assert whole.token_ids[:len(again.token_ids)] == again.token_ids
    end = whole if again.finish_reason != "cancelled" else Run(scripted, seed=seed, prefix=again.token_ids).end()
    assert (end.token_ids, end.thinking, end.answer) == (whole.token_ids, whole.thinking, whole.answer)


def test_what_was_begun_counts_as_read_and_not_as_written(scripted):
    whole = Run(scripted, seed=1).end()
    run = Run(scripted, seed=1, prefix=whole.token_ids[:80])
    assert scripted.reading(run.number) == (0, whole.prompt_tokens + 80)
    run.end()
    assert len(run.events) == len(whole.token_ids) - 80


def test_tokens_that_do_not_exist_cannot_have_been_begun(engine):
    with pytest.raises(UsageError, match="token 100000"):
        Run(engine, prefix=(100_000,))


# interrupting


@pytest.mark.parametrize("which", ["engine", "scripted"])
@pytest.mark.parametrize("every", [2, 3, 7])
def test_steps_that_are_interrupted_leave_everything_as_it_was(which, every, request):
    opened = request.getfixturevalue(which)
    undisturbed = Run(opened).end()
    run, steps = Run(opened), 0
    while run.trace is None:
        steps += 1
        opened._context.interrupt(steps % every == 0)
        before = len(run.events)
        run.step()
        assert steps % every or len(run.events) == before
    opened._context.interrupt(False)
    assert run.trace.token_ids == undisturbed.token_ids
    assert run.trace.thoughts == undisturbed.thoughts


@pytest.mark.parametrize("whole", [False, True])
def test_a_prompt_of_many_steps_can_be_interrupted_at_each_of_them(whole):
    question = QUESTION * 20
    with scripted_engine(question, TEXT, whole=whole, batch=32) as engine:
        prompt = engine.model.prompt(question)

        def run(interrupted: tuple[int, ...]) -> Trace:
            number, step = engine.submit(Request(prompt, seed=2)), 0
            while True:
                step += 1
                engine._context.interrupt(step in interrupted)
                events = engine.step()
                assert not (events and step in interrupted)
                if events and events[-1].trace:
                    assert events[-1].request == number
                    return events[-1].trace

        assert len(prompt) > 4 * 32
        undisturbed = run(())
        for interrupted in ((1,), (2,), (2, 3), (1, 4), (4, 5, 6), (20,)):
            assert run(interrupted).token_ids == undisturbed.token_ids


# alternatives


def test_every_token_has_its_alternatives_and_is_mostly_among_them(engine):
    run = Run(engine, alternatives=6)
    trace = run.end()
    named = 0
    for event in run.events:
        assert 1 <= len(event.alternatives) <= 6
        scores = [max(one.before, one.after) for one in event.alternatives]
        assert scores == sorted(scores, reverse=True)
        mine = [one for one in event.alternatives if one.token == event.token]
        named += len(mine)
        for one in mine:
            assert one.after == pytest.approx(math.exp(event.logprob), rel=1e-3, abs=1e-9)
            assert one.before == pytest.approx(math.exp(event.raw_logprob), rel=1e-3, abs=1e-9)
    assert named > 0.95 * len(run.events)
    assert Run(engine).end().token_ids == trace.token_ids, "looking changes nothing"


def test_where_a_switch_was_held_it_is_among_the_alternatives_with_what_it_lost(engine):
    run = Run(engine, tip=FORBIDDEN, alternatives=6)
    run.end()
    held = [event for event in run.events if event.held]
    assert held
    for event in held:
        switch = next(one for one in event.alternatives if one.text == "Alternatively")
        assert switch.after == 0.0 < switch.before


@pytest.mark.parametrize("count", [1, 6])
def test_what_would_have_come_where_a_switch_was_held_is_what_the_plain_run_drew_there(engine, count):
    found = 0
    for seed in range(12):
        plain, run = Run(engine, seed, tip=PLAIN).end(), Run(engine, seed, alternatives=count)
        run.end()
        for place, (event, token) in enumerate(zip(run.events, plain.token_ids, strict=False)):
            if event.token != token:
                assert event.held == 1 and event.instead == token and plain.thoughts[0].end <= place
                mine = next(one for one in event.alternatives if one.token == token)
                assert mine.before > mine.after and mine.text == "Alternatively"
                assert len(event.alternatives) <= count
                found += 1
                break
            assert (event.instead is not None) == (event.held != 0)
    assert found >= 6


def test_a_beginning_that_was_not_told_is_told_with_what_follows_and_begins_the_thought_that_would_have_come(engine):
    run = Run(engine, seed=0, tip=FORBIDDEN)
    run.end()
    place, mark = next((place, event) for place, event in enumerate(run.events) if event.held)
    tokens = (*(event.token for event in run.events[:place]), mark.instead)
    silent = Run(engine, 0, Prefix(tokens), tip=FORBIDDEN).end()
    branch = Run(engine, 0, Prefix(tokens, told=False), tip=FORBIDDEN)
    assert branch.end() is branch.trace and branch.trace.token_ids == silent.token_ids
    assert tuple(event.token for event in branch.events) == branch.trace.token_ids
    assert [event.text for event in branch.events[:place]] == [event.text for event in run.events[:place]]
    assert branch.events[place].opens_thought and branch.events[place].thought == mark.thought + 1


def test_without_alternatives_there_are_none(engine):
    run = Run(engine, max_tokens=20)
    run.end()
    assert not any(event.alternatives for event in run.events)


@given(st.lists(st.sampled_from([WORD, END_THINK, EOS]), max_size=80), st.sampled_from(["free", "answer", "think"]),
       st.integers(1, 60) | st.none(), st.integers(0, 40))
def test_whatever_is_drawn_limits_hold_and_wishes_are_obeyed(drawn, wish: BudgetRequest, limit, asked):
    writer = Writer(max_thinking=limit, go_on=[WORD])
    for place, token in enumerate(drawn):
        if writer.sample.finished:
            break
        if place == asked:
            writer.sample.steer(replace(Tip(), alpha=1.0), wish)
        inside = writer.sample.tracker.part == "thinking"
        taken = writer.sample.controls.choose(token)
        if inside and place >= asked and wish == "think":
            assert taken == WORD
        writer.write(taken)
    ids = writer.sample.tokens
    thinking = ids.index(END_THINK) if END_THINK in ids else len(ids)
    if limit is not None and (wish == "free" or thinking <= asked):
        assert thinking <= limit
    if wish == "answer" and thinking > asked:
        assert thinking <= asked + GRACE_TOKENS
