"""A run from input to ledger, on the bundled model and on a played engine."""
from __future__ import annotations

import json
import subprocess
import sys

import pytest

from batch.ledgers import lines as ledger_lines
from batch.ledgers import result
from batch.running import (
    Watch,
    dies_loading,
    errors,
    execute,
    played_workers,
    results,
    spec,
    texts,
    write_puzzles,
)
from localthink.batch import manifest as manifests
from localthink.batch.ledger import MANIFEST, Ledger
from localthink.batch.run import Run
from localthink.batch.shard import Shard
from localthink.batch.workers import LocalWorkers
from localthink.engine.host import EngineHost
from localthink.engine.messages import Ask, Finished, Loaded
from localthink.errors import EngineError, UsageError
from localthink.fit.choice import FitError
from localthink.grade import mathematics
from localthink.grade.mathematician import Mathematician, NoVerdictError
from localthink.machine.capacity import MemoryBudget
from localthink.offload import Offload
from localthink.records import Generation, Tip, Trace


@pytest.fixture
def puzzles(tmp_path):
    return write_puzzles(tmp_path / "puzzles.jsonl", 4, topic="numbers")


def lines(tmp_path, *objects):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in objects))
    return path


def test_every_sample_is_a_line_with_what_ask_says_and_what_was_carried(puzzles, tmp_path):
    figures = execute(spec(puzzles, tmp_path / "run", samples=2, slots=3))
    found = results(tmp_path / "run")
    assert (figures.state, figures.items_done, figures.samples_done) == ("complete", 4, 8)
    assert sorted((line["id"], line["sample"]) for line in found) == [(f"p{i}", s) for i in range(4) for s in (0, 1)]
    assert len({line["key"] for line in found}) == 8
    for line in found:
        assert line["item"]["topic"] == "numbers" and line["question"].startswith("Use ")
        assert line["grader"] == "countdown" and isinstance(line["correct"], bool)
        assert {"thinking", "answer", "thoughts", "token_ids", "held", "seed", "settings", "finish_reason"} <= set(line)
        assert line["settings"]["slots"] == 3
    assert figures.correct == sum(line["correct"] for line in found)
    assert figures.tokens == sum(line["tokens"] for line in found)


def test_a_sample_is_what_ask_writes_with_its_seed(puzzles, tmp_path):
    import localthink

    execute(spec(puzzles, tmp_path / "run", slots=1))
    line = next(line for line in results(tmp_path / "run") if line["id"] == "p2")
    question = [json.loads(text)["question"] for text in puzzles.read_text().splitlines()][2]
    with localthink.load(threads=1) as engine:
        [[trace]] = engine.generate([question], Generation(max_tokens=400), seed=line["seed"])
    assert list(trace.token_ids) == line["token_ids"]


MATHEMATICS = {"question": "Which roots?", "answer": r"1 \pm \sqrt{19}"}
KNOWN = ({"prompt": "a", "answer": "42"}, {"prompt": "b", "Answer": "B"}, {"prompt": "c", "answer": "#### 1,234"})


def test_what_takes_mathematics_stops_a_run_that_has_none_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(mathematics, "is_installed", lambda: False)
    path = lines(tmp_path, MATHEMATICS, *KNOWN)
    with pytest.raises(UsageError, match=r"1 of 4 items take .* pip install 'localthink\[math\]', or .* --no-grade"):
        execute(spec(path, tmp_path / "run"), workers=played_workers())
    assert not (tmp_path / "run").exists()
    execute(spec(path, tmp_path / "run", grade=False), workers=played_workers())
    assert not any("correct" in line or "grader" in line for line in results(tmp_path / "run"))


def test_numbers_choices_and_puzzles_never_take_mathematics(puzzles, tmp_path, monkeypatch):
    monkeypatch.setattr(mathematics, "is_installed", lambda: False)
    path = lines(tmp_path, *KNOWN, *map(json.loads, puzzles.read_text().splitlines()))
    execute(spec(path, tmp_path / "run"), workers=played_workers())
    assert [line["grader"] for line in results(tmp_path / "run")] == ["number", "choice", "number", *["countdown"] * 4]


def hanging(self, gold, given):
    raise NoVerdictError("grading took more than 5 s")


def test_an_answer_that_cannot_be_graded_is_wrong_with_the_reason_and_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(Mathematician, "equal", hanging)
    watch = Watch()
    source = lines(tmp_path, {"id": "m", **MATHEMATICS}, *KNOWN)
    figures = execute(spec(source, tmp_path / "run"), watch, played_workers())
    assert (figures.state, figures.samples_done, figures.graded) == ("complete", 4, 4)
    [line] = [line for line in results(tmp_path / "run") if line["id"] == "m"]
    assert (line["correct"], line["grader"]) == (False, "mathematics")
    assert line["grading_failure"] == "grading took more than 5 s"
    assert "m: grading took more than 5 s; counted as wrong" in watch.notes


def answered(orders, news, log):
    """A child that answers every question by its own text, half of whose samples are cut off."""
    while True:
        order = orders.recv()
        if not isinstance(order, Ask):
            news.send(Loaded(order.slots, order.cells, order.longest, "played", False))
            continue
        ended = "length" if "CUT" in order.messages[0].content else "stop"
        trace = Trace(0, order.seed, 3, (1, 2, 3), r"\boxed{x+1}", order.messages[0].content, ended, (), 0, 0.5,
                      order.generation.sampling, order.generation.tip, 0.1, 1.0, 1.0)
        news.send(Finished(order.number, trace))


def test_only_a_whole_answer_is_graded_and_by_a_mathematician(tmp_path):
    matrix = {"answer": r"\begin{pmatrix} 1 \\ -2 \end{pmatrix}"}
    right = r"So \boxed{\begin{pmatrix} 1 \\ -\frac{4}{2} \end{pmatrix}}"
    path = lines(tmp_path, {"id": 1, "prompt": right, **matrix}, {"id": 2, "prompt": "CUT " + right, **matrix},
                 {"id": 3, "prompt": "I do not know", "answer": "x+1"},
                 {"id": 4, "prompt": r"\boxed{1+x}", "answer": "x+1"})
    execute(spec(path, tmp_path / "run"), workers=LocalWorkers(EngineHost(answered)))
    assert {line["id"]: line["correct"] for line in results(tmp_path / "run")} == {1: True, 2: False, 3: False, 4: True}


def test_the_manifest_says_all_that_is_needed_to_repeat_the_run(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run", samples=2, seed=5, tip=Tip(beta=float("inf"))))
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["seed"] == 5
    assert manifest["settings"]["beta"] == "inf"
    assert manifest["settings"]["context"] >= 400
    assert len(manifest["model"]["sha256"]) == len(manifest["data"]["sha256"]) == 64
    assert manifest["data"]["items"], manifest["data"]["samples"] == (4, 8)
    [session] = manifest["sessions"]
    assert {"versions", "machine", "backend", "threads", "slots", "cells", "layout"} <= set(session)


def test_the_same_call_again_adds_nothing(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"))
    before = (tmp_path / "run" / "results.jsonl").read_bytes()
    figures = execute(spec(puzzles, tmp_path / "run"))
    assert (tmp_path / "run" / "results.jsonl").read_bytes() == before
    assert (figures.state, figures.items_done, figures.samples_done) == ("complete", 4, 4)


def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "whole", samples=3, deterministic=True, slots=2))
    stopped = execute(spec(puzzles, tmp_path / "run", samples=3, deterministic=True, slots=2), Watch(stop_after=2))
    assert stopped.state == "stopped" and 2 <= stopped.samples_done < 12
    execute(spec(puzzles, tmp_path / "run", samples=3, deterministic=True))
    assert texts(tmp_path / "run") == texts(tmp_path / "whole")
    assert len(results(tmp_path / "run")) == 12


def test_two_settings_share_their_seeds_and_no_key(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "plain", tip=Tip(alpha=0.0)))
    execute(spec(puzzles, tmp_path / "held", tip=Tip(alpha=3.0)))
    plain, held = results(tmp_path / "plain"), results(tmp_path / "held")
    assert {line["id"]: line["seed"] for line in plain} == {line["id"]: line["seed"] for line in held}
    assert not {line["key"] for line in plain} & {line["key"] for line in held}


def test_another_setting_in_the_same_folder_is_refused_with_both_values(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), workers=played_workers())
    with pytest.raises(UsageError, match=r"alpha was 3\.0 and is now 5\.0"):
        execute(spec(puzzles, tmp_path / "run", tip=Tip(alpha=5.0)))


def test_more_samples_and_more_items_take_extend_and_keep_what_there_is(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), workers=played_workers())
    before = (tmp_path / "run" / "results.jsonl").read_text()
    write_puzzles(puzzles, 6, topic="numbers")
    with pytest.raises(UsageError, match="--extend"):
        execute(spec(puzzles, tmp_path / "run", samples=2))
    execute(spec(puzzles, tmp_path / "run", samples=2, extend=True), workers=played_workers())
    assert (tmp_path / "run" / "results.jsonl").read_text().startswith(before)
    assert len(texts(tmp_path / "run")) == len(results(tmp_path / "run")) == 12


def test_extending_with_items_changed_or_gone_is_refused(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), workers=played_workers())
    write_puzzles(puzzles, 4, first=1)
    with pytest.raises(UsageError, match="belong to no item"):
        execute(spec(puzzles, tmp_path / "run", extend=True), workers=played_workers())


def test_bad_lines_are_reported_and_the_others_answered(tmp_path):
    path = lines(tmp_path, {"prompt": "Use 3, 5 and 12 to make 57."}, {"prompt": ""}, ["what"],
                 {"id": "long", "prompt": "word " * 3000}, {"id": "group", "prompt": "x", "markers": "nonsense"})
    watch = Watch()
    figures = execute(spec(path, tmp_path / "run"), watch, played_workers())
    assert figures.samples_done == figures.samples == 1
    assert [error["line"] for error in errors(tmp_path / "run")] == [2, 3, 4, 5]
    long, group = errors(tmp_path / "run")[2:]
    assert "9006" in long["error"] and "1024" in long["error"]
    assert "nonsense" in group["error"]
    execute(spec(path, tmp_path / "run"), watch, played_workers())
    assert len(errors(tmp_path / "run")) == 4, "reported once"


def test_a_strict_run_stops_at_the_first_bad_line_before_any_token(tmp_path):
    path = lines(tmp_path, {"prompt": "Use 3, 5 and 12 to make 57."}, {"prompt": 7})
    with pytest.raises(UsageError, match="line 2"):
        execute(spec(path, tmp_path / "run", strict=True))
    assert not (tmp_path / "run").exists(), "a run that never began leaves nothing"


def test_settings_of_a_line_override_the_commands(tmp_path):
    path = lines(tmp_path, {"id": "a", "prompt": "Use 3, 5 and 12 to make 57.", "alpha": 0, "n": 2, "max_tokens": 7},
                 {"id": "b", "prompt": "Use 3, 5 and 12 to make 57."})
    execute(spec(path, tmp_path / "run"))
    found = {(line["id"], line["sample"]): line for line in results(tmp_path / "run")}
    assert set(found) == {("a", 0), ("a", 1), ("b", 0)}
    assert found["a", 0]["settings"]["alpha"] == 0 and found["a", 1]["tokens"] <= 7
    assert found["b", 0]["settings"]["alpha"] == 3


def test_what_is_appended_follows_the_question(tmp_path):
    path = lines(tmp_path, {"prompt": "Use 3, 5 and 12"})
    execute(spec(path, tmp_path / "run", append="to make 57."))
    path = lines(tmp_path, {"prompt": "Use 3, 5 and 12\n\nto make 57."})
    execute(spec(path, tmp_path / "other"))
    [one], [other] = results(tmp_path / "run"), results(tmp_path / "other")
    assert one["prompt_tokens"] == other["prompt_tokens"]


@pytest.mark.parametrize("slots", [1, 4])
def test_a_sample_that_kills_the_engine_is_given_up_and_the_others_are_answered(tmp_path, slots):
    path = lines(tmp_path, *({"id": i, "prompt": "POISON" if i == 3 else f"question {i}"} for i in range(8)))
    watch = Watch()
    figures = execute(spec(path, tmp_path / "run", slots=slots), watch, played_workers())
    assert figures.state == "complete"
    assert sorted(line["id"] for line in results(tmp_path / "run")) == [0, 1, 2, 4, 5, 6, 7]
    [given_up] = errors(tmp_path / "run")
    assert (given_up["id"], given_up["sample"], given_up["kind"]) == (3, 0, "engine")
    assert "GGML_ASSERT(poison)" in given_up["error"]
    assert any("started again" in note for note in watch.notes)
    execute(spec(path, tmp_path / "run", slots=slots), workers=played_workers())
    assert len(errors(tmp_path / "run")) == 1, "not tried again unless it is asked for"


def test_what_was_given_up_is_tried_again_when_asked(tmp_path):
    path = lines(tmp_path, {"id": 1, "prompt": "POISON"}, {"id": 2, "prompt": "well"})
    execute(spec(path, tmp_path / "run", slots=1), workers=played_workers())
    figures = execute(spec(path, tmp_path / "run", slots=1, retry_errors=True))  # a real engine survives the word
    assert figures.samples_done == 2


def test_an_engine_that_cannot_even_load_ends_the_run(puzzles, tmp_path):
    with pytest.raises(EngineError, match="3 times"):
        execute(spec(puzzles, tmp_path / "run"), workers=LocalWorkers(EngineHost(dies_loading)))


def test_a_model_that_vanished_between_two_halves_is_named(puzzles, tmp_path):
    import shutil

    from localthink.errors import ModelFileError
    from localthink.locations import bundled_model

    model = tmp_path / "mine.gguf"
    shutil.copy(bundled_model(), model)
    execute(spec(puzzles, tmp_path / "run", model=model), Watch(stop_after=1))
    model.unlink()
    with pytest.raises(ModelFileError, match="mine"):
        execute(spec(puzzles, tmp_path / "run", model=model))


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_run_that_goes_on_with_another_llama_cpp_says_so_or_is_refused(puzzles, tmp_path, monkeypatch, deterministic):
    wanted = spec(puzzles, tmp_path / "run", deterministic=deterministic, slots=4)
    first, again = Watch(stop_after=1), Watch()
    execute(wanted, first, played_workers())
    real = manifests._version
    monkeypatch.setattr(manifests, "_version", lambda name: "0.3.999" if name == "llama-cpp-python" else real(name))
    if deterministic:
        with pytest.raises(UsageError, match="versions was"):
            execute(wanted, again, played_workers())
        return
    execute(wanted, again, played_workers())
    told = f"written with llama-cpp-python {real('llama-cpp-python')} and goes on with 0.3.999: samples may round"
    assert not any("written with" in note for note in first.notes)
    assert [told in note for note in again.notes if "written with" in note] == [True]
    sessions = json.loads((tmp_path / "run" / MANIFEST).read_text())["sessions"]
    assert [one["versions"]["llama-cpp-python"] for one in sessions] == [real("llama-cpp-python"), "0.3.999"]


def test_an_input_that_changes_under_the_run_is_noticed(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), Watch(stop_after=1))
    write_puzzles(puzzles, 5)
    with pytest.raises(UsageError, match="data sha256"):
        execute(spec(puzzles, tmp_path / "run"))


def test_results_without_a_manifest_are_not_taken_for_a_run(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), workers=played_workers())
    (tmp_path / "run" / "manifest.json").unlink()
    with pytest.raises(UsageError, match=r"manifest\.json"):
        execute(spec(puzzles, tmp_path / "run"))


def test_a_run_that_does_not_fit_is_refused_with_the_numbers_unless_forced(puzzles, tmp_path):
    for force in (False, True):
        with Run(spec(puzzles, tmp_path / "run", force=force), Watch()) as run:
            preflight = run.preflight()
            preflight.room = MemoryBudget(2**20)
            if force:
                assert run.fit(preflight).slots == 1
            else:
                with pytest.raises(FitError, match=r"countdown does not fit: 1 slot .* of 1 MiB free: .*--force"):
                    run.fit(preflight)


def test_a_run_goes_on_with_the_cache_that_was_chosen_at_first(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run", samples=1))
    manifest = json.loads((tmp_path / "run" / MANIFEST).read_text())
    assert manifest["settings"]["cache"] == "f16"
    execute(spec(puzzles, tmp_path / "run", samples=1))
    with pytest.raises(UsageError, match="q8_0"):
        execute(spec(puzzles, tmp_path / "run", samples=1, cache="q8_0"))


@pytest.mark.parametrize("asked", [{"deterministic": True}, {"shard": Shard(1, 2)}])
def test_where_other_machines_must_write_the_same_free_memory_does_not_choose_the_cache(puzzles, tmp_path, asked):
    with Run(spec(puzzles, tmp_path / "run", **asked), Watch()) as run:
        assert run.cache == "f16"
    with Run(spec(puzzles, tmp_path / "other"), Watch()) as run:
        assert run.cache is None


def test_a_deterministic_run_takes_all_layers_or_those_that_are_named_and_records_them(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run", samples=1, deterministic=True))
    settings = json.loads((tmp_path / "run" / MANIFEST).read_text())["settings"]
    assert (settings["gpu_layers"], settings["gpu_split"]) == (-1, ["layer", 0])
    with pytest.raises(UsageError, match="gpu_split"):
        execute(spec(puzzles, tmp_path / "run", samples=1, deterministic=True, offload=Offload(split="row")))


def test_a_wrong_input_leaves_no_folder_behind(tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        execute(spec(tmp_path / "nowhere.jsonl", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


WROTE_NOTHING = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
import filelock
from batch.running import Watch, spec
from localthink.batch.run import Run
release, told = filelock.FileLock.release, []
def released(lock, force=False):
    release(lock, force)
    if not told:
        told.append(print("released", flush=True))
        sys.stdin.readline()
filelock.FileLock.release = released
Run(spec(Path(sys.argv[1]), Path(sys.argv[2])), Watch()).close()
"""


def test_whoever_gets_the_lock_of_a_run_that_wrote_nothing_keeps_it_and_what_it_writes(puzzles, tmp_path):
    script, folder = tmp_path / "first.py", tmp_path / "run"
    script.write_text(WROTE_NOTHING.format(path=[entry for entry in sys.path if entry]))
    with subprocess.Popen([sys.executable, str(script), str(puzzles), str(folder)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "released\n"
        with Ledger(folder) as second:
            first.communicate("go on\n")
            second.append([result("a")])
            assert (folder / "results.jsonl").read_bytes() == ledger_lines([result("a")])
            with pytest.raises(UsageError, match="another process is writing"):
                Ledger(folder)
    assert first.returncode == 0


def test_a_bad_line_that_was_mended_is_no_error_any_more(tmp_path):
    path = lines(tmp_path, {"id": "a", "prompt": "well"}, {"id": "b", "prompt": ""})
    execute(spec(path, tmp_path / "run"), workers=played_workers())
    assert len(errors(tmp_path / "run")) == 1
    path = lines(tmp_path, {"id": "a", "prompt": "well"}, {"id": "b", "prompt": "well too"})
    execute(spec(path, tmp_path / "run", extend=True), workers=played_workers())
    assert not errors(tmp_path / "run")
    assert [line["id"] for line in results(tmp_path / "run")] == ["a", "b"]


def test_standard_input_that_does_not_belong_to_the_run_does_not_replace_what_was_kept(tmp_path, monkeypatch):
    import io

    def pipe(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe('{"id": 1, "prompt": "one"}\n')
    execute(spec("-", tmp_path / "run"), workers=played_workers())
    kept = (tmp_path / "run" / "input.jsonl").read_bytes()
    pipe('{"id": 2, "prompt": "two"}\n')
    with pytest.raises(UsageError, match="belong to no item"):
        execute(spec("-", tmp_path / "run", extend=True), workers=played_workers())
    assert (tmp_path / "run" / "input.jsonl").read_bytes() == kept
    assert not [path.name for path in (tmp_path / "run").iterdir() if "new" in path.name]


@pytest.mark.parametrize(("changed", "says"), [
    ({"longest": 5000}, "5000.*1024"), ({"deterministic": True, "slots": 6}, "slots is 6.*multiple of 4"),
    ({"deterministic": True, "shard": Shard(1, 2)}, "--slots N"),
])
def test_what_could_not_keep_its_promise_is_refused_before_anything_is_written(puzzles, tmp_path, changed, says):
    with pytest.raises(UsageError, match=says):
        execute(spec(puzzles, tmp_path / "run", **changed))
    assert not (tmp_path / "run").exists()


def test_a_deterministic_run_goes_on_only_with_the_same_threads(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run", deterministic=True), workers=played_workers())
    with pytest.raises(UsageError, match="threads was 1 and is now 2"):
        execute(spec(puzzles, tmp_path / "run", deterministic=True, threads=2), workers=played_workers())


def test_a_complete_run_does_not_load_the_model_again(puzzles, tmp_path):
    execute(spec(puzzles, tmp_path / "run"), workers=played_workers())
    figures = execute(spec(puzzles, tmp_path / "run"), workers=LocalWorkers(EngineHost(dies_loading)))
    assert figures.state == "complete"


MANY = """
import sys, resource
from pathlib import Path
sys.path[:0] = {path!r}
from batch.running import execute, played_workers, spec
if __name__ == "__main__":
    figures = execute(spec(Path(sys.argv[1]), Path(sys.argv[2]), slots=16), workers=played_workers())
    print(figures.samples_done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory as POSIX counts it")
def test_ten_thousand_items_take_hardly_more_memory_than_a_few(tmp_path):
    script = tmp_path / "many.py"
    script.write_text(MANY.format(path=[entry for entry in sys.path if entry]))
    peaks = {}
    for count in (500, 10_000):
        words = "with more words " * 20
        source = lines(tmp_path, *({"id": i, "prompt": f"question {i} {words}"} for i in range(count)))
        done = subprocess.run([sys.executable, str(script), str(source), str(tmp_path / f"run{count}")],
                              capture_output=True, text=True, check=True)
        samples, peaks[count] = map(int, done.stdout.split())
        assert samples == count
    unit = 1 if sys.platform == "darwin" else 1024
    assert (peaks[10_000] - peaks[500]) * unit < 16 * 2**20
