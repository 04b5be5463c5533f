"""A model judges by the logits of its first token, all cases at once, each as if it were alone."""
from __future__ import annotations

from contextlib import closing

import pytest

from judge.making import BARE, PLAIN, case, softmax, write_judge
from localthink.engine.bindings import NativeContext
from localthink.engine.loading import load
from localthink.errors import UsageError
from localthink.judge import model_judge
from localthink.judge.asking import asked
from localthink.judge.model_judge import ModelJudge
from scripted_gguf import BEGIN, END, LATEST, needs_scripts
from tiny_gguf import write_tiny_gguf

pytestmark = needs_scripts
LOGITS = {"a": {"Yes": 2.0, "yes": 1.0, "No": 0.5, "no": -1.0, " Yes": 0.0},
          "b": {"Yes": -3.0, "yes": 0.0, "No": 4.0, "no": 3.0, " Yes": -5.0}}
EXPECTED = {last: softmax([found["Yes"], found["yes"], found[" Yes"]], [found["No"], found["no"]])
            for last, found in LOGITS.items()}


@pytest.fixture
def engine(tmp_path):
    with load(write_judge(tmp_path, LOGITS), slots=2, context=1024, longest=256, threads=1) as opened:
        yield opened


def test_the_probability_is_that_of_the_first_token_with_all_forms_of_yes_and_no(engine):
    found = ModelJudge(engine, BARE).judge([case("it is b"), case("it is a"), case("and b")])
    assert [each.probability for each in found] == pytest.approx([EXPECTED[last] for last in "bab"], abs=1e-4)
    assert [each.right for each in found] == [False, True, False] and engine.idle


def test_many_cases_come_back_each_in_its_place(engine):
    texts = [f"{'x' * (place % 7)} {'ab'[place % 2]}" for place in range(60)]
    found = ModelJudge(engine, BARE).judge([case(text, str(place)) for place, text in enumerate(texts)])
    assert [each.right for each in found] == [text.endswith("a") for text in texts]


def test_a_model_that_thinks_finds_its_thinking_closed(tmp_path):
    path = write_judge(tmp_path, {"\n\n": {"Yes": 1.0, "No": 3.0, "yes": -2.0, "no": 0.0, " Yes": -9.0}}, LATEST,
                       user_defined=(BEGIN, END))
    with load(path, context=512, threads=1) as opened:
        assert opened.model.thinks
        found = ModelJudge(opened, BARE).judge([case("whatever")])
    assert found[0].probability == pytest.approx(softmax([1.0, -2.0, -9.0], [3.0, 0.0]), abs=1e-4)


def test_cases_that_begin_alike_share_the_cache(engine, monkeypatch):
    rows = []
    decode = NativeContext.decode
    monkeypatch.setattr(NativeContext, "decode", lambda self, count: (rows.append(count), decode(self, count))[1])
    ModelJudge(engine, BARE).judge([case(f"{place} a", before="so far " * 20) for place in range(8)])
    assert sum(rows) < 2 * len("Q " + "so far " * 20)  # and not eight times


def test_only_the_prompts_that_are_under_way_are_made(engine, monkeypatch):
    made = []
    monkeypatch.setattr(model_judge, "asked", lambda *args: (made.append(1), asked(*args))[1])
    with closing(ModelJudge(engine, BARE).steps([case("a", str(place)) for place in range(200)])) as steps:
        next(steps)
        assert len(made) == model_judge.AHEAD * engine.slots


def test_thoughts_of_a_sample_are_asked_in_their_order_and_samples_one_after_the_other(engine, monkeypatch):
    keys = [f"{sample}:thought:{place}" for place in range(11) for sample in "xy"]
    made = []
    monkeypatch.setattr(model_judge, "asked", lambda *args: (made.append(args[2].key), asked(*args))[1])
    ModelJudge(engine, BARE).judge([case("a", key) for key in keys])
    assert made == [f"{sample}:thought:{place}" for sample in "xy" for place in range(11)]


def test_what_stood_before_is_cut_from_its_front_to_fit_and_that_is_told(engine):
    (short, cut, more) = ModelJudge(engine, BARE).judge([
        case("a", before="x" * 100), case("a", "2", before="x" * 380), case("a", "3", before="x" * 390)])
    assert short.cut == short.room == 0 and cut.room == engine.longest
    assert cut.cut == more.cut == 3 * (255 // 4)  # the next thought's prompt begins as this one's
    assert cut.probability == pytest.approx(EXPECTED["a"], abs=1e-4)


def test_a_case_that_is_too_long_by_itself_is_told_and_the_others_are_judged(engine):
    long, other = ModelJudge(engine, BARE).judge([case("y" * 300 + "a", before="x"), case("a")])
    assert long.probability is None and "the thought is too long for the judge: with its question" in long.failure
    assert other.right


def test_what_is_no_unicode_is_a_failure_of_its_case(engine):
    wrong, other = ModelJudge(engine, BARE).judge([case("\ud800 a"), case("a")])
    assert wrong.probability is None and "not Unicode" in wrong.failure and other.right


def test_no_cases_have_no_judgements(engine):
    assert ModelJudge(engine, BARE).judge([]) == []


def test_a_judging_that_is_left_gives_up_what_is_under_way(engine):
    with closing(ModelJudge(engine, BARE).steps([case("x" * 200 + "a", str(place)) for place in range(20)])) as steps:
        next(steps)
        assert not engine.idle
    assert engine.idle


def test_a_model_without_words_for_a_verdict_cannot_judge(tmp_path):
    with load(write_tiny_gguf(tmp_path / "tiny.gguf", template=PLAIN), context=256, threads=1) as opened, \
            pytest.raises(UsageError, match="tiny cannot judge: its vocabulary has no token for yes"):
        ModelJudge(opened)
