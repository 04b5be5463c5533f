"""The decoding test: right answers are well, and whatever else happens is a finding."""
from __future__ import annotations

from doctor.wrong_engines import babbles, crashes, hangs, refuses
from localthink.doctor.decoding import PUZZLES, decoding


def test_the_bundled_model_solves_its_puzzles():
    [finding] = decoding(seconds=60)
    assert finding.level == "ok" and f"{len(PUZZLES)} of {len(PUZZLES)}" in finding.value


def test_an_engine_that_crashes_is_trouble_and_says_how():
    [finding] = decoding(crashes, seconds=60)
    assert finding.level == "trouble" and "GGML_ASSERT(sums) failed" in finding.value and finding.command


def test_an_engine_that_hangs_is_trouble_after_a_while():
    [finding] = decoding(hangs, seconds=0.2)
    assert finding.level == "trouble" and "0 of 4 answers" in finding.value


def test_a_process_that_cannot_be_started_is_trouble(monkeypatch):
    def no_room(**_: object) -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("localthink.engine.host.tempfile.mkstemp", no_room)
    [finding] = decoding()
    assert finding.level == "trouble" and "no usable temporary directory" in finding.value


def test_an_engine_that_computes_wrongly_is_trouble():
    [finding] = decoding(babbles, seconds=60)
    assert finding.level == "trouble" and "0 of 4 puzzles" in finding.value and "miscompiled" in finding.advice


def test_a_model_that_is_refused_is_trouble_with_what_the_refusal_advises():
    [finding] = decoding(refuses, seconds=60)
    assert finding.level == "trouble" and finding.advice == "the model is missing: install localthink again"
    assert not finding.command
