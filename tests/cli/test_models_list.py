"""`localthink models list` and `models info` show what is here, what was begun, and what can be pulled."""
from __future__ import annotations

import json

import pytest

from cli.running import run
from localthink import locations
from localthink.shelf.catalogue import read_catalogue
from localthink.shelf.receipts import PulledFile, Receipt, write_receipt
from tiny_gguf import write_tiny_gguf

TITLE = "DeepSeek-R1-Distill-Qwen-7B"


@pytest.fixture
def models(capsys, monkeypatch):
    def call(*arguments):
        return run(capsys, monkeypatch, "models", *arguments)

    return call


@pytest.fixture
def pulled(tmp_path):
    """A pulled model of the catalogue: a function of whether it is whole."""
    def make(whole: bool = True, precision: str = "Q4_K_M") -> Receipt:
        snapshot = tmp_path / "models--someone--models" / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        path = write_tiny_gguf(snapshot / f"{TITLE}-{precision}.gguf")
        file = PulledFile(path.name, str(path), path.stat().st_size, "0" * 64)
        receipt = Receipt("someone/models", "a" * 40, precision, (file,), "r1-qwen-7b")
        write_receipt(receipt.finished() if whole else receipt)
        if not whole:
            path.unlink()
        return receipt

    return make


def test_what_is_here_is_listed_with_its_keeper_and_its_name_in_the_catalogue(models, pulled):
    pulled()
    folder = locations.local_models()
    folder.mkdir(parents=True)
    write_tiny_gguf(folder / "mine.gguf")
    ran = models("list")
    here = ran.out.split("In the catalogue")[0]
    assert ran.code == 0
    for name, keeper in (("countdown", "localthink (bundled)"), ("mine", "localthink"),
                         ("r1-qwen-7b:Q4_K_M", "localthink (pulled)")):
        assert any(name in line and keeper in line for line in here.splitlines()), name


def test_the_catalogue_is_listed_unless_only_what_is_here_is_wanted(models):
    assert all(spec.name in models("list").out for spec in read_catalogue())
    assert "r1-qwen-7b" not in models("list", "--here").out


def test_the_bundled_models_family_is_named_in_one_line_and_crowds_nobody_out(models):
    here = models("list", "--here").out.splitlines()
    assert [line.split()[0] for line in here if "localthink (" in line] == ["countdown"]
    assert sum("countdown-low" in line for line in here) == 1
    assert "countdown-low" in {each["name"] for each in json.loads(models("list", "--json").out)["here"]}


def test_what_was_begun_is_listed_apart_and_not_as_a_model(models, pulled):
    pulled(whole=False)
    ran = models("list")
    assert "Not complete" in ran.out
    assert "r1-qwen-7b:Q4_K_M" in ran.out.split("Not complete")[1]
    assert "r1-qwen-7b" not in ran.out.split("Not complete")[0]


def test_what_was_found_damaged_is_called_so_and_not_unfinished(models, pulled):
    write_receipt(pulled().finished().doubted())
    ran = models("list", "--here")
    assert "r1-qwen-7b" not in ran.out.split("Complete, but damaged")[0]
    assert "r1-qwen-7b:Q4_K_M" in ran.out.split("Complete, but damaged")[1]
    assert "Begun" not in ran.out
    assert json.loads(models("list", "--json").out)["unfinished"][0]["sound"] is False


def test_a_list_for_programs_is_one_object(models, pulled):
    pulled()
    found = json.loads(models("list", "--json").out)
    assert {each["name"] for each in found["here"]} >= {"countdown"}
    assert [each["model"] for each in found["here"] if each["keeper"] == "localthink (pulled)"] == ["r1-qwen-7b"]
    assert len(found["catalogue"]) == len(read_catalogue())
    assert json.loads(models("list", "--here", "--json").out)["catalogue"] == []


def test_an_entry_is_shown_with_scores_licence_sizes_and_sources(models):
    ran = models("info", "r1-llama-8b")
    for part in ("DeepSeek-R1-Distill-Llama-8B", "8.03 billion", "50.4 % AIME 2024", "arXiv 2501.12948",
                 "Llama 3.1 Community License", "Q4_K_M, about", "hf:bartowski/", "temperature 0.6",
                 "localthink models pull r1-llama-8b"):
        assert part in ran.out


def test_what_of_an_entry_is_here_is_said(models, pulled):
    receipt = pulled(precision="Q5_K_M")
    ran = models("info", "r1-qwen-7b")
    assert "Q5_K_M, " in ran.out and str(receipt.path) in ran.out
    assert json.loads(models("info", "r1-qwen-7b", "--json").out)["here"][0]["path"] == str(receipt.path)


def test_what_is_begun_or_damaged_is_said_by_info_and_by_whoever_would_use_it(models, pulled, capsys, monkeypatch):
    receipt = pulled(whole=False)
    assert "Q4_K_M, downloaded in part: localthink models pull r1-qwen-7b" in models("info", "r1-qwen-7b").out
    ran = run(capsys, monkeypatch, "ask", "-m", "r1-qwen-7b:Q4_K_M", "Hello")
    assert ran.code == 2 and "r1-qwen-7b:Q4_K_M is not downloaded completely: localthink models pull" in ran.err
    write_receipt(receipt.doubted())
    assert "Q4_K_M, damaged or not checked: localthink models pull r1-qwen-7b" in models("info", "r1-qwen-7b").out
    assert "is damaged or not checked" in run(capsys, monkeypatch, "ask", "-m", "r1-qwen-7b", "Hello").err


def test_a_file_is_shown_as_info_shows_it(models, tmp_path):
    path = write_tiny_gguf(tmp_path / "mine.gguf", name="Mine")
    assert models("info", path).out == models("info", path).out
    assert models("info", path).out.startswith("Mine\n")


def test_a_name_that_is_none_is_refused_with_the_nearest(models):
    ran = models("info", "r1-qwen-8b")
    assert ran.code == 2
    assert "r1-qwen-8b" in ran.err and "did you mean" in ran.err
