"""The meter: what a session does, in words and shapes; and what is left of it where there is little room."""
from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from localthink.chat.asking import ModelState
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.chat.turn import Turn
from localthink.engine.messages import Loaded, News, Order
from localthink.records import Generation, Tip
from localthink.tui.widgets.meter import (
    STATES,
    Facts,
    Meter,
    Part,
    curve,
    facts_of,
    fitting,
    lower,
    model_name,
    number,
    speed,
    upper,
)
from tui.piloting import wait_until

READY = ModelState("ready", 1.0, Loaded(2, 16384, 16384, "CPU", False, "tiny", quantization="Q8_0"))


class Silent:
    """An engine that says nothing."""

    def start(self) -> None: ...

    def send(self, order: Order) -> None: ...

    def receive(self) -> list[News]:
        return []

    def close(self) -> None: ...


def session(model: ModelState = READY, turn: Turn | None = None, settings: ChatSettings | None = None) -> Session:
    made = Session(Silent(), None, settings if settings is not None else ChatSettings())
    made.asker.model = model
    if turn is not None:
        made.transcript.add_question("why?")
        made.transcript.begin_answer(turn, {})
    return made


def text(parts: list[Part]) -> str:
    return "  ".join("".join(piece for piece, _ in part.pieces) for part in parts)


def lines(of: Session, width: int) -> tuple[str, str]:
    facts = facts_of(of)
    return text(fitting(upper(facts), width, 2)), text(fitting(lower(facts), width, 3))


def reading() -> Turn:
    turn = Turn(seed=7, alpha=3.0, beta=600)
    turn.read(512, 2006)
    return turn


def writing(phase: str, tokens: int = 100) -> Turn:
    turn = Turn(seed=7, alpha=3.0, beta=600)
    turn.read(1104, 1104)
    turn.phase, turn.tokens, turn.speed, turn.prompt_speed = phase, tokens, 41.2, 512.0
    turn.speeds.extend([10.0, 20.0, 41.2])
    return turn


@pytest.mark.parametrize(("model", "turn", "said"), [
    (READY, None, "○ idle"),
    (ModelState(), None, "○ no model"),
    (ModelState("loading", 0.43), None, "… loading 43 %"),
    (ModelState("died", reason="gone"), None, "✕ engine stopped"),
    (ModelState("failed", reason="no such file"), None, "✕ not loaded"),
    (READY, Turn(), "◔ waiting"),
    (READY, reading(), "◔ reading 512/2,006"),
    (READY, writing("thinking"), "● thinking"),
    (READY, writing("answering"), "▶ answering"),
])
def test_every_state_has_its_own_words(model, turn, said):
    assert lines(session(model, turn), 200)[0].startswith(said)


def test_the_states_that_last_differ_in_shape_and_not_only_in_colour():
    shapes = [STATES[state][0] for state in ("idle", "reading", "thinking", "answering", "loading", "died")]
    assert len(set(shapes)) == len(shapes)


def test_prompt_and_generation_speed_are_told_apart():
    above, below = lines(session(turn=writing("thinking")), 200)
    assert "41 tok/s" in above
    assert "prompt 512 tok/s" in below


def test_the_context_counts_the_prompt_and_what_is_written():
    assert "1,204  / 16,384" in lines(session(turn=writing("thinking")), 200)[0]


def test_the_context_of_an_idle_session_is_the_prompt_that_would_be_sent():
    idle = session()
    idle.prompt_tokens = 300
    assert "300  / 16,384" in lines(idle, 200)[0]
    idle.prompt_tokens = None
    assert "–  / 16,384" in lines(idle, 200)[0]


@pytest.mark.parametrize(("tokens", "style"), [(1000, "figure"), (12_288, "figure"), (12_289, "high"),
                                               (15_073, "high"), (15_075, "full")])
def test_a_context_that_fills_changes_its_colour(tokens, style):
    idle = session()
    idle.prompt_tokens = tokens
    pieces = [piece for part in upper(facts_of(idle)) for piece in part.pieces]
    assert next(name for piece, name in pieces if piece.startswith(f"{tokens:,}")) == style
    assert any(piece.endswith("!") for piece, _ in pieces) == (style == "full")  # seen without colours too


@pytest.mark.parametrize(("first", "said"), [(1, "1 turn left out"), (3, "3 turns left out")])
def test_turns_that_are_not_sent_are_counted(first, said):
    made = session()
    made.dropped = first
    assert said in lines(made, 200)[1]


def test_nothing_is_said_to_be_left_out_where_nothing_is():
    assert "left out" not in lines(session(), 200)[1]


@pytest.mark.parametrize(("wish", "said"), [("answer", "answer now…"), ("think", "think on")])
def test_a_wish_is_shown_while_it_is_written(wish, said):
    turn = writing("thinking")
    turn.wish = wish
    assert said in lines(session(turn=turn), 200)[1]
    turn.end("stop")
    assert said not in lines(session(turn=turn), 200)[1]


def test_the_penalty_is_that_of_the_answer_under_way_else_that_of_the_next():
    turn = writing("thinking")
    made = session(turn=turn, settings=ChatSettings(Generation(tip=Tip(alpha=5.5, beta=float("inf")))))
    assert "α 3 β 600" in lines(made, 200)[1]
    turn.end("stop")
    assert "α 5.5 β ∞" in lines(made, 200)[1]


def test_no_penalty_is_said_in_words():
    assert lines(session(settings=ChatSettings(Generation(tip=Tip(alpha=0)))), 200)[1].endswith("no penalty")


def test_figures_that_stand_beside_the_answer_are_not_told_again():
    turn = writing("thinking")
    above, below = lines(session(turn=turn), 200)
    assert "thought" not in above and "seed" not in below
    turn.end("stop", speed=41.2)
    assert "tok/s" not in "".join(lines(session(turn=turn), 200))


def test_a_model_that_does_not_think_has_no_penalty():
    mute = replace(READY, loaded=replace(READY.loaded, thinks=False))
    assert lines(session(mute), 200)[1].endswith("does not think")
    for settings in (ChatSettings(Generation(tip=Tip(where="everywhere"))), ChatSettings(Generation(think="open"))):
        assert "α 3 β 600" in lines(session(mute, settings=settings), 200)[1]


def test_the_context_of_an_answer_that_goes_on_is_not_guessed_before_it_is_read():
    turn = writing("waiting", tokens=40)
    turn.prompt_tokens = 0
    assert "–  / 16,384" in lines(session(turn=turn), 200)[0]


@pytest.mark.parametrize(("share", "said"), [(0.0, "… loading"), (0.5, "… loading 50 %"),
                                             (1.0, "… loading, weights are read")])
def test_a_load_does_not_stand_at_nothing(share, said):
    assert lines(session(ModelState("loading", share)), 200)[0].split("  ")[0] == said


@pytest.mark.parametrize(("name", "quantization", "shown"), [
    ("tiny", "Q8_0", "tiny Q8_0"), ("tiny-q8_0", "Q8_0", "tiny-q8_0"), ("tiny", "", "tiny"),
    ("evil\x1b[2J", "", "evil\\x1b[2J"), ("n" * 80, "Q4_K_M", "n" * 35 + "… Q4_K_M"),
])
def test_a_model_is_named_with_its_quantization_once(name, quantization, shown):
    assert model_name(name, quantization) == shown


@pytest.mark.parametrize(("width", "kept", "gone"), [
    (200, ["▂▄▇", "━", "/ 16,384"], []),
    (48, ["● thinking", "41 tok/s", "1,204", "/ 16,384", "━"], ["▂▄▇"]),
    (38, ["● thinking", "41 tok/s", "1,204", "/ 16,384"], ["━"]),
    (24, ["● thinking", "41 tok/s"], ["1,204", "/ 16,384"]),
    (10, ["● thinking"], ["41 tok/s"]),
])
def test_what_matters_least_goes_first(width, kept, gone):
    facts = Facts("thinking", speed=41.0, speeds=(6.0, 20.0, 41.0), used=1204, size=16384)
    line = text(fitting(upper(facts), width, 2))
    assert all(part in line for part in kept)
    assert not any(part in line for part in gone)


@given(st.builds(Facts, st.sampled_from(sorted(STATES)), st.floats(0, 1), st.tuples(st.integers(0, 9999),
                 st.integers(0, 9999)), st.text(max_size=20), st.floats(0, 1e5), st.floats(0, 1e5),
                 st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), st.floats(allow_nan=False), st.floats(0),
                 st.sampled_from(["free", "answer", "think"]), st.none() | st.integers(0, 10**6),
                 st.integers(0, 10**6), st.integers(0, 10**4), st.booleans()), st.integers(1, 120))
def test_what_is_kept_fits_and_the_first_part_always_stays(facts, width):
    for parts, gap in ((upper(facts), 2), (lower(facts), 3)):
        kept = fitting(parts, width, gap)
        assert min(parts, key=lambda part: part.rank) in kept
        assert len(kept) == 1 or cell_len("".join(piece for part in kept for piece, _ in part.pieces)) < width


@pytest.mark.parametrize(("speeds", "drawn"), [
    ([], ""), ([0.0, 0.0], "▁▁"), ([5.0], "▇"), ([0.0, 3.5, 7.0], "▁▄▇"), ([7.0, 7.0], "▇▇"),
])
def test_speeds_are_drawn_as_heights(speeds, drawn):
    assert curve(speeds) == drawn


@pytest.mark.parametrize(("value", "shown"), [(4.12, "4.1"), (9.96, "10"), (1234.4, "1,234")])
def test_a_speed_has_as_many_digits_as_matter(value, shown):
    assert speed(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(3.0, "3"), (0.5, "0.5"), (float("inf"), "∞")])
def test_a_number_is_written_as_short_as_it_can_be(value, shown):
    assert number(value) == shown


class MeterApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Meter()


def shown(meter: Meter) -> list[str]:
    return [meter.render_line(line).text for line in range(2)]


@pytest.mark.parametrize("width", [40, 100])
def test_two_lines_are_as_wide_as_the_screen_and_end_with_the_context(width):
    async def look() -> None:
        app = MeterApp()
        async with app.run_test(size=(width, 6)) as pilot:
            meter = app.query_one(Meter)
            meter.show(session(turn=writing("thinking")))
            await wait_until(pilot, lambda: "thinking" in shown(meter)[0])
            assert [cell_len(line) for line in shown(meter)] == [width - 2, width - 2]
            assert shown(meter)[0].endswith("1,204 / 16,384")
            assert "α 3 β 600" in shown(meter)[1]

    asyncio.run(look())


def test_it_is_drawn_again_only_where_something_has_changed():
    async def look() -> None:
        app = MeterApp()
        async with app.run_test(size=(80, 6)):
            meter, drawn = app.query_one(Meter), []
            meter.refresh = lambda *regions, **options: drawn.append(regions)  # type: ignore[method-assign]
            turn = writing("thinking")
            made = session(turn=turn)
            for _ in range(3):
                meter.show(made)
            assert len(drawn) == 1
            turn.tokens += 1
            meter.show(made)
            assert len(drawn) == 2

    asyncio.run(look())


def test_it_can_be_drawn_without_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def look() -> None:
        app = MeterApp()
        async with app.run_test(size=(80, 6)) as pilot:
            app.query_one(Meter).show(session(turn=writing("answering")))
            await pilot.pause()
            assert "▶" in app.export_screenshot()

    asyncio.run(look())
