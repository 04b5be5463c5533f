"""`localthink run`, `status` and `merge` as a person meets them."""
from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from batch.running import errors, results, texts, write_puzzles
from cli.running import run, start
from localthink.interrupts import INTERRUPTED, TERMINATED

ONE_THREAD = ("--threads", "1")  # several tests run at once
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture
def puzzles(tmp_path):
    return write_puzzles(tmp_path / "puzzles.jsonl", 3)


def local(capsys, monkeypatch, *arguments):
    return run(capsys, monkeypatch, "run", *arguments, *ONE_THREAD)


def test_a_run_says_what_it_chose_and_ends_with_a_table(capsys, monkeypatch, puzzles, tmp_path):
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "-n", 2, "--max-tokens", 300)
    assert ran.code == 0
    assert "6 slots (one for each sample) of 512 tokens" in ran.err and "KiB a token" in ran.err
    for part in ("complete", "3 of 3", "6 of 6", "correct", "tokens/s"):
        assert part in ran.out
    assert len(results(tmp_path / "run")) == 6


def test_quiet_says_nothing(capsys, monkeypatch, puzzles, tmp_path):
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_dry_run_checks_everything_and_leaves_nothing(capsys, monkeypatch, puzzles, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with puzzles.open("a") as file:
        file.write('{"prompt": 3}\n')
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "-n", 4, "--dry-run")
    assert ran.code == 0
    assert "3 items, 12 samples, 1 bad lines" in ran.out and "12 slots" in ran.out
    assert "line 4" in ran.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("good", [True, False])
def test_a_dry_run_names_a_list_of_the_bad_lines_that_stays(capsys, monkeypatch, puzzles, tmp_path, good):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    puzzles.write_text(puzzles.read_text() * good + '{"prompt": 3}\n' * 12)
    ran = local(capsys, monkeypatch, puzzles, "--dry-run")
    assert ran.code == (0 if good else 2)
    (said,) = set(re.findall(r"[^ (]+errors\.jsonl", ran.out + ran.err))
    assert len(Path(said).read_text().splitlines()) == 12
    assert [path.name for path in Path(said).parent.iterdir()] == ["errors.jsonl"]


def test_a_dry_run_without_bad_lines_leaves_nothing_anywhere(capsys, monkeypatch, puzzles, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(puzzles.read_bytes())))
    assert local(capsys, monkeypatch, "-", "--dry-run").code == 0
    assert local(capsys, monkeypatch, puzzles, "--dry-run", "--strict").code == 0
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_dry_run_sees_what_the_folder_holds_already(capsys, monkeypatch, puzzles, tmp_path):
    local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20, "--quiet")
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20, "--dry-run")
    assert ran.code == 0 and "3 samples are in" in ran.out
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 21, "--dry-run")
    assert ran.code == 2 and "max_tokens was 20 and is now 21" in ran.err


def test_standard_input_is_kept_so_that_the_run_can_be_repeated(capsys, monkeypatch, tmp_path):
    piped = io.TextIOWrapper(io.BytesIO(b'{"id": 5, "prompt": "Use 3, 5 and 12 to make 57."}\n'))
    monkeypatch.setattr(sys, "stdin", piped)
    ran = local(capsys, monkeypatch, "-", "-o", tmp_path / "run", "--max-tokens", 20, "--quiet")
    assert ran.code == 0
    again = local(capsys, monkeypatch, tmp_path / "run" / "input.jsonl", "-o", tmp_path / "run", "--max-tokens", 20)
    assert again.code == 0 and "nothing is left to do" in again.err and "complete" in again.out
    assert [line["id"] for line in results(tmp_path / "run")] == [5]


def test_openais_batch_form_goes_in_and_comes_out(capsys, monkeypatch, tmp_path):
    body = {"model": "r1", "messages": [{"role": "user", "content": "Use 3, 5 and 12 to make 57."}], "n": 2,
            "max_tokens": 300}
    source = tmp_path / "batch.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in (
        {"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body": body},
        {"custom_id": "two", "method": "POST", "url": "/v1/embeddings", "body": body})))
    ran = local(capsys, monkeypatch, source, "-o", tmp_path / "run", "--openai", tmp_path / "out.jsonl")
    assert ran.code == 0
    one, two = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert one["custom_id"] == "one" and len(one["response"]["body"]["choices"]) == 2
    assert two["custom_id"] == "two" and "/v1/embeddings" in two["error"]["message"]


def test_export_flattens_what_there_is_without_running_anything(capsys, monkeypatch, puzzles, tmp_path):
    local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20, "--quiet")
    ran = run(capsys, monkeypatch, "run", "-o", tmp_path / "run", "--export", tmp_path / "table.csv")
    assert (ran.code, ran.out.split()[0]) == (0, "3")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {"p0", "p1", "p2"}
    assert {row["settings.alpha"] for row in rows} == {"3.0"}


@pytest.mark.parametrize(("arguments", "says"), [
    ([], "there is no INPUT"),
    (["{puzzles}"], "no folder"),
    (["{puzzles}", "-o", "{puzzles}"], "is not a folder"),
    (["nowhere.jsonl", "-o", "{tmp}/run"], "nowhere.jsonl"),
    (["{puzzles}", "-o", "{tmp}/run", "-n", "0"], "n is 0"),
    (["{puzzles}", "-o", "{tmp}/run", "--slots", "many"], "'many'"),
    (["{puzzles}", "-o", "{tmp}/run", "--slots", "257"], "'257'"),
    (["{puzzles}", "-o", "{tmp}/run", "--shard", "0/2"], "'0/2'"),
    (["{puzzles}", "-o", "{tmp}/run", "-m", "no-such-model"], "no-such-model"),
    (["{puzzles}", "-o", "{tmp}/run", "--deterministic", "--cache-layout", "unified"], "split"),
    (["{puzzles}", "-o", "{tmp}/run", "--workers", "2"], "--ray"),
    (["-o", "{tmp}/run", "--export", "{tmp}/t.csv"], "holds no run"),
    (["{empty}", "-o", "{tmp}/run"], "is empty"),
    (["hf://nobody", "-o", "{tmp}/run"], "hf://"),
    (["{puzzles}", "-o", "{tmp}/run", "--markers", "nonsense"], "nonsense"),
    (["{puzzles}", "-o", "{tmp}/run", "--export", "{tmp}/table.xlsx"], ".parquet"),
    (["{puzzles}", "-o", "{tmp}/run", "--export", "{tmp}/nowhere/table.csv"], "nowhere"),
    (["{puzzles}", "-o", "{tmp}/run", "--openai", "{puzzles}"], "belongs to the run"),
    (["{puzzles}", "-o", "{tmp}/run", "--openai", "{tmp}/run/manifest.json"], "belongs to the run"),
    (["-o", "{tmp}/run", "--export", "{tmp}/t.csv", "--dry-run"], "rehearse"),
    (["{tmp}/table.xlsx", "-o", "{tmp}/run"], "table.xlsx"),
])
def test_what_cannot_be_is_one_line_and_exit_code_two(capsys, monkeypatch, puzzles, tmp_path, arguments, says):
    (tmp_path / "empty.jsonl").touch()
    places = {"puzzles": puzzles, "tmp": tmp_path, "empty": tmp_path / "empty.jsonl"}
    ran = run(capsys, monkeypatch, "run", *(argument.format(**places) for argument in arguments))
    assert ran.code == 2
    assert says in ran.err and "Traceback" not in ran.err
    assert ran.err.startswith("localthink: ") and ran.err.count("\n") == 1
    assert not (tmp_path / "run").exists() and puzzles.read_text().count("\n") == 3


def test_an_edited_results_file_is_refused_with_the_line(capsys, monkeypatch, puzzles, tmp_path):
    local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20, "--quiet")
    path = tmp_path / "run" / "results.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + "{edited\n" + lines[2])
    ran = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "--max-tokens", 20)
    assert ran.code == 2 and "line 2" in ran.err
    assert path.read_text() == lines[0] + "{edited\n" + lines[2]


def wait_for(path, count: int) -> None:
    end = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end, "no results came"
        time.sleep(0.05)


@POSIX
@pytest.mark.parametrize(("number", "code"), [
    (signal.SIGINT, INTERRUPTED), pytest.param(signal.SIGTERM, TERMINATED, marks=pytest.mark.slow)])
def test_a_stop_saves_says_how_to_go_on_and_the_rest_follows(tmp_path, number, code):
    puzzles = write_puzzles(tmp_path / "puzzles.jsonl", 20)
    arguments = ("run", puzzles, "-o", tmp_path / "run", "-n", "4", "--max-tokens", "300", "--slots", "4", *ONE_THREAD)
    process = start(*arguments)
    wait_for(tmp_path / "run" / "results.jsonl", 5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "stopped" in out and "the same command goes on from here" in err and "Traceback" not in err
    done = len(results(tmp_path / "run"))
    assert 5 <= done < 80
    process = start(*arguments)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0 and f"{done} samples: going on" in err
    assert len(texts(tmp_path / "run")) == len(results(tmp_path / "run")) == 80


@POSIX
def test_a_second_run_on_the_folder_is_refused_and_status_sees_the_first(capsys, monkeypatch, tmp_path):
    puzzles = write_puzzles(tmp_path / "puzzles.jsonl", 60)
    process = start("run", puzzles, "-o", tmp_path / "run", "-n", "20", "--max-tokens", "300", "--slots", "4",
                    "--quiet", *ONE_THREAD)
    try:
        wait_for(tmp_path / "run" / "results.jsonl", 3)
        second = local(capsys, monkeypatch, puzzles, "-o", tmp_path / "run", "-n", 20, "--max-tokens", 300)
        assert second.code == 2 and "another process is writing" in second.err
        time.sleep(2.5)  # the run writes its figures every two seconds
        seen = json.loads(run(capsys, monkeypatch, "status", tmp_path / "run", "--json").out)
        assert seen["state"] == "running" and seen["slots"] == 4 and seen["samples"] == 1200
    finally:
        process.kill()
        process.communicate()
    seen = json.loads(run(capsys, monkeypatch, "status", tmp_path / "run", "--json").out)
    assert seen["state"] == "stopped"
    assert seen["samples_done"] == (tmp_path / "run" / "results.jsonl").read_bytes().count(b"\n")


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, resource.RLIM_INFINITY))
from localthink.cli.main import main
if __name__ == "__main__":
    main()
"""


@POSIX
def test_a_full_disk_is_said_and_what_was_written_stays_good(capsys, monkeypatch, puzzles, tmp_path):
    script = tmp_path / "limited.py"
    script.write_text(LIMITED)
    arguments = ["run", str(puzzles), "-o", str(tmp_path / "run"), "-n", "8", "--max-tokens", "300", "--slots", "2",
                 *ONE_THREAD]
    full = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True)
    assert full.returncode == 1
    assert "results.jsonl cannot be written" in full.stderr and "Traceback" not in full.stderr
    saved = results(tmp_path / "run")
    assert 0 < len(saved) < 24
    assert run(capsys, monkeypatch, *arguments).code == 0
    assert results(tmp_path / "run")[:len(saved)] == saved
    assert len(texts(tmp_path / "run")) == len(results(tmp_path / "run")) == 24


def test_shards_merge_into_the_run_that_one_machine_would_have_made(capsys, monkeypatch, tmp_path):
    puzzles = write_puzzles(tmp_path / "puzzles.jsonl", 8)
    with puzzles.open("a") as file:
        file.write("no json\n")
    common = ("-n", 2, "--deterministic", "--slots", 2, "--max-tokens", 300, "--quiet")
    assert local(capsys, monkeypatch, puzzles, "-o", tmp_path / "whole", *common).code == 0
    for shard in ("1/2", "2/2"):
        assert local(capsys, monkeypatch, puzzles, "-o", tmp_path / shard[0], "--shard", shard, *common).code == 0
    assert not set(texts(tmp_path / "1")) & set(texts(tmp_path / "2"))
    merged = run(capsys, monkeypatch, "merge", tmp_path / "1", tmp_path / "2", "-o", tmp_path / "merged")
    assert merged.code == 0 and "16 samples added, 0 were there: 16 of 16" in merged.out
    assert texts(tmp_path / "merged") == texts(tmp_path / "whole")
    assert len(errors(tmp_path / "merged")) == 1
    again = run(capsys, monkeypatch, "merge", tmp_path / "1", tmp_path / "2", "-o", tmp_path / "merged")
    assert "0 samples added, 16 were there" in again.out
    before = (tmp_path / "merged" / "results.jsonl").read_bytes()
    assert local(capsys, monkeypatch, puzzles, "-o", tmp_path / "merged", *common).code == 0
    assert (tmp_path / "merged" / "results.jsonl").read_bytes() == before, "a merged run is complete"


def test_merging_what_does_not_belong_together_is_refused(capsys, monkeypatch, puzzles, tmp_path):
    for name, alpha in (("a", 3), ("b", 5)):
        local(capsys, monkeypatch, puzzles, "-o", tmp_path / name, "--alpha", alpha, "--max-tokens", 20, "--quiet")
    ran = run(capsys, monkeypatch, "merge", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "merged")
    assert ran.code == 2 and "alpha" in ran.err and "5.0" in ran.err
    assert not (tmp_path / "merged").exists()
    assert run(capsys, monkeypatch, "merge", "-o", tmp_path / "merged").code == 2
