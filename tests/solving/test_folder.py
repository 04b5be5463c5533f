"""The folder of a file's solutions: nothing is lost, nothing is computed twice, and settings are not mixed."""
from __future__ import annotations

import json

import pytest

from localthink.batch.settings import Settings
from localthink.errors import UsageError
from localthink.locations import bundled_model
from localthink.records import Generation
from localthink.solving.catalogue import read_strategy
from localthink.solving.folder import SOLUTIONS, SolveFolder
from localthink.solving.questions import decisive, item_of
from localthink.solving.solution import Solution


def folder(tmp_path, strategy="consensus", generation=None, verifier=None):
    settings = decisive(read_strategy(strategy), Settings(generation or Generation()), verifier, None)
    return SolveFolder(tmp_path / "solved", bundled_model(), settings)


def item(question="Use 4, 7 and 11 to make 39."):
    return item_of(question, Settings())


def solution(answer="39"):
    return Solution("consensus", 8, "Q", answer, answer, 0, 0.9, "", (), (), 12, 1.0)


def test_what_was_added_is_there_when_the_folder_is_opened_again(tmp_path):
    with folder(tmp_path) as kept:
        kept.add(item(), solution())
        assert item() in kept and item("Another?") not in kept
    with folder(tmp_path) as again:
        assert item() in again
        assert [line["answer"] for line in again.read([item("Another?"), item()])] == ["39"]


def test_a_line_that_was_torn_by_a_power_cut_is_computed_again(tmp_path):
    with folder(tmp_path) as kept:
        kept.add(item(), solution())
        kept.add(item("Another?"), solution())
    path = tmp_path / "solved" / SOLUTIONS
    path.write_bytes(path.read_bytes()[:-9])
    with folder(tmp_path) as again:
        assert item() in again and item("Another?") not in again


@pytest.mark.parametrize(("changed", "told"), [
    ({"strategy": "shortest"}, 'strategy was "consensus" and is now "shortest"'),
    ({"strategy": "consensus:sure=0.9"}, "sure was 0.95 and is now 0.9"),
    ({"generation": Generation(max_tokens=9)}, "max_tokens was none and is now 9"),
    ({"verifier": "exact"}, "verifier was none and is now"),
])
def test_other_settings_are_refused_with_the_difference(tmp_path, changed, told):
    folder(tmp_path).close()
    with pytest.raises(UsageError) as refused:
        folder(tmp_path, **changed)
    assert told in str(refused.value)


def test_a_function_that_was_edited_is_another_verifier(tmp_path):
    path = tmp_path / "judge.py"
    path.write_text("def score(question, text, before): return 1", encoding="utf-8")
    folder(tmp_path, "best", verifier=f"{path}:score").close()
    path.write_text("def score(question, text, before): return 0", encoding="utf-8")
    with pytest.raises(UsageError, match="verifier_file was"):
        folder(tmp_path, "best", verifier=f"{path}:score")


def test_only_one_process_writes_it(tmp_path):
    with folder(tmp_path), pytest.raises(UsageError, match="another process is writing"):
        folder(tmp_path)


def test_what_is_no_folder_of_solutions_is_refused(tmp_path):
    folder(tmp_path).close()
    manifest = tmp_path / "solved" / "manifest.json"
    value = json.loads(manifest.read_text(encoding="utf-8"))
    del value["settings"]["strategy"]
    manifest.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(UsageError, match="holds a run and no solutions"):
        folder(tmp_path)
    manifest.unlink()
    with pytest.raises(UsageError, match="no manifest"):
        folder(tmp_path)


def test_a_line_that_is_no_solution_is_named(tmp_path):
    with folder(tmp_path) as kept:
        kept.add(item(), solution())
    with (tmp_path / "solved" / SOLUTIONS).open("a", encoding="utf-8") as file:
        file.write('{"key": 5}\n')
    with pytest.raises(UsageError, match="line 2, is no solution"):
        folder(tmp_path)
