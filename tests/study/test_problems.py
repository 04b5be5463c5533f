"""Problems are read from what data sets look like, in an order of their own, and all have answers."""
from __future__ import annotations

import csv
import json

import pytest

from localthink.errors import UsageError
from localthink.study.problems import check_apart, read_problems
from study.making import study

HEAD = "samples = 1\n[grid]\nalpha = 3\n[test]\n"


def read(folder, toml, seed=0):
    found = study(f"seed = {seed}\n{HEAD}{toml}", folder)
    return read_problems(found, found.test)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def levels(tmp_path):
    return write(tmp_path / "math.jsonl", [
        {"problem": f"What is {place}?", "answer": str(place), "level": place % 5 + 1, "unique_id": f"test/{place}",
         "subject": "Algebra" if place % 2 else "Geometry", "solution": "long", "seed": 7} for place in range(20)])


def test_puzzles_are_held_out_and_differ_with_the_seed(tmp_path):
    one, other = (read(tmp_path, "source = 'countdown'\nitems = 30", seed) for seed in (0, 1))
    assert len({problem.id for problem in one.problems}) == 30
    assert one.sha256 != other.sha256 and one == read(tmp_path, "source = 'countdown'\nitems = 30")


def test_rows_are_kept_by_their_fields_with_question_answer_and_level_alone(tmp_path, levels):
    found = read(tmp_path, "source = 'math.jsonl'\nonly.level = 5")
    assert {problem.level for problem in found.problems} == {"5"} and len(found.problems) == 4
    assert sorted(found.problems[0].line) == ["answer", "problem"]
    assert all(problem.id.startswith("test/") for problem in found.problems)


def test_a_star_in_a_text_stands_for_anything(tmp_path, levels):
    assert len(read(tmp_path, "source = 'math.jsonl'\nonly.subject = 'Alg*'").problems) == 10
    assert len(read(tmp_path, "source = 'math.jsonl'\nonly.subject = ['Alg*', 'Geometry']").problems) == 20


def test_the_order_is_the_seeds_own_so_that_half_a_study_is_a_fair_half(tmp_path, levels):
    orders = [[problem.id for problem in read(tmp_path, "source = 'math.jsonl'", seed).problems] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_fields_of_other_names_are_named(tmp_path):
    write(tmp_path / "own.jsonl", [{"frage": "Zwei und zwei?", "gold": 4, "schwer": "leicht"}])
    [problem] = read(tmp_path, "source = 'own.jsonl'\nrows = {question = 'frage', answer = 'gold', level = 'schwer'}"
                     ).problems
    assert (dict(problem.line), problem.level) == ({"question": "Zwei und zwei?", "answer": 4}, "leicht")


def test_gpqas_four_columns_become_options_in_an_order_of_the_questions_own(tmp_path):
    with (tmp_path / "gpqa.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Question", "Correct Answer", *(f"Incorrect Answer {place}" for place in (1, 2, 3))])
        writer.writerows([f"Which, {place}?", f"yes{place}", "no", "never", "rarely"] for place in range(12))
    problems = read(tmp_path, "source = 'gpqa.csv'\nprivate = true").problems
    assert all(problem.line["options"]["ABCD".index(problem.line["answer"])].startswith("yes") for problem in problems)
    assert len({problem.line["answer"] for problem in problems}) > 1


@pytest.mark.parametrize("count", [3, 4])
def test_puzzles_have_as_many_numbers_as_are_asked_for(tmp_path, count):
    problems = read(tmp_path, f"source = 'countdown'\nitems = 5\nnumbers = {count}").problems
    assert [len(problem.line["numbers"]) for problem in problems] == [count] * 5


@pytest.mark.parametrize(("row", "said"), [
    ({"question": "Why?"}, "has no answer that its samples could be graded by"),
    ({"ask": "Why?", "answer": 1}, "asks nothing"),
    ({"question": 3, "answer": 1}, "question is 3"),
])
def test_a_problem_that_cannot_be_asked_or_graded_is_refused(tmp_path, row, said):
    write(tmp_path / "bad.jsonl", [{"question": "One?", "answer": 1}, row])
    with pytest.raises(UsageError, match=f"bad.jsonl, line 2.*{said}"):
        read(tmp_path, "source = 'bad.jsonl'")


@pytest.mark.parametrize(("toml", "said"), [
    ("source = 'none.jsonl'", "there is no file"),
    ("source = '-'", "cannot read its problems from standard input"),
    ("source = 'math.jsonl'\nonly.level = 9", "has no problem with level"),
    ("source = 'math.jsonl'\nitems = 50", "has 20 problems, and 50 are asked for"),
    ("source = 'math.jsonl'\nrows.answer = 'gold'", 'has no field "gold"'),
    ("source = 'countdown'\nitems = 900_000", "puzzles of 3 numbers in the split 'test'"),
])
def test_data_that_is_not_there_is_refused(tmp_path, levels, toml, said):
    with pytest.raises(UsageError, match=said):
        read(tmp_path, toml)


def test_the_same_problem_twice_is_refused(tmp_path):
    write(tmp_path / "twice.jsonl", [{"question": "One?", "answer": 1}, {"question": "One?", "answer": 1}])
    with pytest.raises(UsageError, match="twice"):
        read(tmp_path, "source = 'twice.jsonl'")


def test_sets_that_share_a_problem_are_refused_whatever_it_is_called(tmp_path):
    write(tmp_path / "a.jsonl", [{"question": "One  and one?", "answer": 2, "id": "a"}])
    write(tmp_path / "b.jsonl", [{"question": "One and one?", "answer": 2, "id": "b"}])
    one, other = (read(tmp_path, f"source = '{name}.jsonl'").problems for name in "ab")
    with pytest.raises(UsageError, match=r"1 problems are in \[choose\] and in \[test\], the first is \"b\""):
        check_apart(one, other)


@pytest.mark.parametrize(("name", "toml", "count"), [
    ("math500_test", "only.level = 5", 134), ("gsm8k_test", "items = 100", 100), ("aime24_test", "", 30),
    ("aime25_I", "", 15), ("aime26", "", 30), ("sat_math_test", "", 32)])
def test_published_data_sets_can_be_read(shared, tmp_path, name, toml, count):
    found = read(tmp_path, f"source = '{shared / 'data' / 'problems' / name}.jsonl'\n{toml}")
    assert len(found.problems) == count
