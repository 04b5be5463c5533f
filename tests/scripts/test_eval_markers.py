"""The markers in a few made-up traces: what is counted, what is shown, and what is suspected."""
from __future__ import annotations

import json

import pytest

from eval_markers import Finder, Found, main, missed
from localthink.engine.model import Model
from localthink.errors import UsageError
from localthink.locations import bundled_model, user_markers
from trace_files import Written

FILLER = "The sum is odd, and that is all that can be said of it here, so it goes on. "
TRACES = [
    f"{FILLER}Alternatively, another approach is to halve it. {FILLER}\n\nWait, is that right? {FILLER}"
    f"What if it is not? {FILLER}",
    f"{FILLER}\n\n**Option 2:** halve it. {FILLER}\n\nSo that's another way to see it. {FILLER}",
    f"{FILLER}\n\nAlternatively, Option 2: halve it. {FILLER}",
    FILLER,
]


@pytest.fixture(scope="module")
def model():
    opened = Model(bundled_model(), vocabulary_only=True)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def finder(model) -> Finder:
    return Finder(model, ("switch", "paraphrase", "wait"))


@pytest.fixture
def traces(tmp_path):
    path = tmp_path / "made-up.jsonl"
    path.write_text("".join(json.dumps({"response": trace}) + "\n" for trace in TRACES), encoding="utf-8")
    return path


@pytest.fixture
def told(capfdbinary, traces):
    def tell(*arguments: str) -> str:
        main([str(traces), *arguments])
        return capfdbinary.readouterr().out.decode()
    return tell


def find(finder: Finder, text: str) -> Found:
    return finder.find(Written("f", 0, text))


def flagged(found: Found) -> list[tuple[str, str]]:
    return [(place.what, place.words.strip()) for place in found.flagged]


def test_the_opening_words_of_a_thought_open_no_other(finder):
    assert flagged(find(finder, TRACES[0])) == [("switch", "Alternatively"), ("wait", "Wait")]


def test_a_paraphrase_is_found_behind_markdown(finder):
    assert flagged(find(finder, TRACES[1])) == [("paraphrase", "Option 2")]


def test_a_paraphrase_in_the_words_of_a_switch_is_not_counted_beside_it(finder):
    assert flagged(find(finder, TRACES[2])) == [("switch", "Alternatively")]


def test_a_place_is_named_by_characters_of_the_thinking(finder):
    text = f"Früher: 换. {FILLER}\nAlternatively, halve it."
    (place,) = find(finder, text).flagged
    assert text[place.offset:].startswith(place.words) and place.words == "Alternatively"
    assert str(place) == f"f:0:{place.offset}\tswitch\t{place.before}[[Alternatively]], halve it."
    assert "\n" not in str(place)


def test_a_marker_is_no_miss_even_where_it_opens_nothing(finder):
    assert find(finder, f"{FILLER}Let me try another approach. Alternatively, halve it. {FILLER}").misses == ()


@pytest.mark.parametrize(("text", "words"), [
    ("It is odd. An entirely different way is to halve it.", "different way"),
    ("It is odd.\n\nInstead of that, halve it.", "Instead"),
    ("这是奇数。换句话说，除以二。", "换"),
])
def test_a_sentence_that_opens_with_words_of_a_switch_is_a_likely_miss(text, words):
    ((_, (start, end)),) = missed(text, ())
    assert text[start:end] == words


def test_words_far_into_a_sentence_or_in_one_with_a_marker_are_none():
    assert not list(missed("It is odd, and so is each of the two numbers in another way.", ()))
    assert not list(missed("It is odd. Another way is shorter.", [(11, 22)]))


def test_likely_misses_are_ranked_by_how_much_they_say(told):
    told_of = json.loads(told("--json"))
    assert [(place["row"], place["what"], place["words"]) for place in told_of["misses"]] == [
        (1, "smell 4", "another way"), (0, "smell 2", "What if")]


def test_the_figures_are_told_for_each_file_and_for_all(told):
    report = json.loads(told("--json"))
    assert report["read"] == ["made-up.jsonl: 4 traces (4 from `response`)"]
    assert report["table"]["made-up"] == report["table"]["all"]
    counts = report["table"]["all"]
    assert (counts["traces"], counts["switch"], counts["paraphrase"], counts["wait"]) == (4, 2, 1, 1)
    assert "all " in told() and "made-up.jsonl: 4 traces" in told()


def test_a_sample_is_the_seeds_and_no_larger_than_asked_for(told):
    one = told("--show", "2", "--seed", "3")
    assert one == told("--show", "2", "--seed", "3")
    assert "flagged: 2 of 4" in one
    samples = {told("--show", "2", "--misses", "0", "--seed", str(seed)) for seed in range(8)}
    assert len(samples) > 1


def test_the_two_halves_are_all_of_the_rows(told):
    halves = [json.loads(told("--rows", rows, "--json"))["table"]["all"] for rows in ("even", "odd")]
    whole = json.loads(told("--json"))["table"]["all"]
    assert {name: sum(half[name] for half in halves) for name in whole} == whole
    assert [half["traces"] for half in halves] == [2, 2]


def test_a_report_goes_to_a_file(told, tmp_path):
    out = tmp_path / "report.txt"
    assert told("--out", str(out)) == ""
    assert out.read_text(encoding="utf-8") == told()


def test_markers_of_a_persons_own_need_have_no_paraphrases(model):
    user_markers().parent.mkdir(parents=True)
    user_markers().write_text("[switch]\nexpressions = ['So']\n[wait]\nexpressions = ['Wait']\n", encoding="utf-8")
    assert Finder(model, ("switch", "paraphrase", "wait")).groups == ("switch", "wait")
    with pytest.raises(UsageError, match="'swich'"):
        Finder(model, ("swich",))


@pytest.mark.parametrize("arguments", [
    ["no-such-file.jsonl"], ["--model", "no-such-model"], ["--groups", "swich"],
])
def test_what_is_not_there_is_one_line(capsys, traces, arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(traces), *arguments])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_negative_number_of_places_is_refused(capsys, traces):
    with pytest.raises(SystemExit):
        main([str(traces), "--show", "-1"])
    assert "-1" in capsys.readouterr().err
