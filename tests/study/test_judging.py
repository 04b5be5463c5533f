"""A model judges what is missing, keeps what it has said, and goes on where it was stopped."""
from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from judge.making import BARE, write_judge
from localthink.engine import loading
from localthink.errors import UsageError
from localthink.judge.asking import asked
from localthink.judge.interface import Case
from localthink.judge.model_judge import AHEAD, ModelJudge
from localthink.machine.measuring import MemoryBudget
from localthink.study.folder import StudyFolder, begin
from localthink.study.judged import against_oracle, cases_of_run
from localthink.study.judgements import JUDGEMENTS, Judgements, said_by
from localthink.study.judging import MARGIN, SLOTS, Wanted, judge_missing, missing, opened, runs_of
from scripted_gguf import needs_scripts
from study.judging import puzzles, read, write
from study.making import study
from tiny_gguf import write_tiny_gguf

ALWAYS = {".": {"Yes": 1.0, "No": 0.0}}  # a thought that was cut off ends otherwise


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return puzzles(tmp_path_factory.mktemp("judged"), 6)


@pytest.fixture
def wanted(tmp_path):
    return Wanted(write_judge(tmp_path, ALWAYS), BARE, threads=1)


@needs_scripts
def test_what_was_stopped_goes_on_and_nothing_is_asked_twice(run, wanted):
    cases, identity, prompts = cases_of_run(run, "thought"), wanted.identity(), []
    with opened(wanted, cases, lambda text: None) as engine:
        judge = ModelJudge(engine, BARE)
        submit = engine.submit
        engine.submit = lambda request, own=(): (prompts.append(request.prompt), submit(request, own))[1]
        with Judgements(run, identity) as kept:
            assert sum(judge_missing(judge, cases, kept, wanted.room(), lambda: bool(kept.said))) < len(cases)
        first = said_by(run, identity)
        assert first and engine.idle
        with Judgements(run, identity) as kept:
            assert sum(judge_missing(judge, cases, kept, wanted.room(), lambda: False)) == len(cases) - len(first)
    assert said_by(run, identity).keys() == {case.key for case in cases}
    assert len(prompts) - len(set(prompts)) <= AHEAD * SLOTS  # given up at the stop, and asked again
    assert against_oracle(cases, [said_by(run, identity)[case.key] for case in cases]).cases == len(cases)


@needs_scripts
def test_only_as_much_context_is_taken_as_the_longest_case_needs(run, wanted):
    cases = cases_of_run(run, "thought", limit=2)
    with opened(wanted, cases, lambda text: None) as engine:
        assert engine.longest == max(len(asked(engine.model, BARE, case, 8192).tokens) for case in cases) + 1 + MARGIN


@needs_scripts
def test_with_more_room_what_was_cut_is_judged_again_and_so_is_what_failed(run, wanted, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    question = Case("s:thought:0", "thought", "Q ", "it is.", "x" * 400)
    cases = [question, replace(question, key="s:thought:1", text="y" * 400 + "."),
             replace(question, key="s:thought:2", before="")]

    def judged(most):
        limited = replace(wanted, longest=most)
        with Judgements(tmp_path / "run", wanted.identity()) as kept:
            left = missing(cases, kept.said, limited.room())
            if left:
                with opened(limited, left, lambda text: None) as engine:
                    sum(judge_missing(ModelJudge(engine, BARE), cases, kept, limited.room(), lambda: False))
        return [case.key[-1] for case in left], said_by(tmp_path / "run", wanted.identity())

    asked_for, said = judged(256)
    assert asked_for == ["0", "1", "2"]
    assert said["s:thought:0"].cut and said["s:thought:1"].probability is None and not said["s:thought:2"].cut
    size = (tmp_path / "run" / JUDGEMENTS).stat().st_size
    assert judged(256) == (["1"], said)  # what it has no room for is asked again, and kept once
    assert (tmp_path / "run" / JUDGEMENTS).stat().st_size == size
    asked_for, said = judged(1000)
    assert asked_for == ["0", "1"]
    assert not any(each.cut or each.failure for each in said.values())
    assert judged(1000) == judged(256) == ([], said)


@needs_scripts
def test_a_stop_is_heard_while_tokens_are_counted(run, wanted):
    with pytest.raises(KeyboardInterrupt):
        opened(wanted, cases_of_run(run, "thought"), lambda text: None, lambda: True)


def test_the_first_results_are_the_first_by_number_and_not_those_that_ended_first(run, tmp_path):
    lines = read(run)
    write(shutil.copytree(run, tmp_path / "run"), lines[::-1])
    numbers = [{case.key.partition(":")[0] for case in cases_of_run(folder, "thought", limit=2)}
               for folder in (run, tmp_path / "run")]
    first = sorted(lines, key=lambda line: (line["line"], line["sample"]))[:2]
    assert numbers[0] == numbers[1] == {line["key"] for line in first if line["thoughts"]}


@needs_scripts
def test_a_judge_that_does_not_fit_is_refused_with_the_sum(run, wanted, monkeypatch):
    monkeypatch.setattr(loading, "memory_budget", lambda offload: MemoryBudget(1000))
    with pytest.raises(UsageError, match=r"judge does not fit: .* weights \+ "):
        opened(wanted, cases_of_run(run, "thought"), lambda text: None)


def test_a_model_that_knows_no_verdict_is_refused_before_its_weights_are_loaded(run, tmp_path):
    path = write_tiny_gguf(tmp_path / "tiny.gguf", weights=False)
    with pytest.raises(UsageError, match="tiny cannot judge"):
        opened(Wanted(path, BARE), cases_of_run(run, "thought"), lambda text: None)


def test_the_runs_of_a_study_are_those_that_have_results(run, tmp_path):
    folder = StudyFolder(tmp_path / "study")
    begin(study(), folder)
    shutil.copytree(run, folder.run("countdown", "test"))
    assert runs_of(str(folder.path)) == [folder.run("countdown", "test")]
    assert runs_of(str(run)) == [run]


def test_what_has_no_results_cannot_be_judged(tmp_path):
    with pytest.raises(UsageError, match="there is no study"):
        runs_of(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="holds no run and no study"):
        runs_of(str(tmp_path))
    with pytest.raises(UsageError, match="countdown has no results yet: there is nothing to judge"):
        runs_of("countdown")
