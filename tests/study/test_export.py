"""Every sample is a row that others' tools read, with its setting in columns."""
from __future__ import annotations

import csv
import json

import pyarrow.parquet
import pytest

from localthink.errors import UsageError
from localthink.study.export import export_study
from localthink.study.folder import StudyFolder
from localthink.study.samples import read_samples
from study.making import study


def expected(folder):
    return [sample for name in ("choose", "test") for sample in read_samples(folder.results("countdown", name))]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_all_forms_hold_the_same_samples(finished, tmp_path, suffix):
    wanted, folder = finished
    target = tmp_path / f"table.{suffix}"
    samples = expected(folder)
    assert export_study(wanted, folder, target) == len(samples)
    if suffix == "csv":
        with target.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    elif suffix == "jsonl":
        rows = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    else:
        rows = pyarrow.parquet.read_table(target).to_pylist()
    assert [row["key"] for row in rows] == [sample.key for sample in samples]
    assert [int(row["tokens"]) for row in rows] == [sample.tokens for sample in samples]
    assert [row["outcome"] for row in rows] == [sample.outcome for sample in samples]
    assert {(row["setting"], float(row["alpha"])) for row in rows} == {
        ("plain", 0.0), ("alpha 1", 1.0), ("alpha 3", 3.0), ("inviting", -2.0)}


def test_what_cannot_be_written_or_has_nothing_to_write_is_refused(finished, tmp_path):
    wanted, folder = finished
    with pytest.raises(UsageError, match="does not say in which form to write"):
        export_study(wanted, folder, tmp_path / "table.xlsx")
    with pytest.raises(UsageError, match="has no samples"):
        export_study(study(), StudyFolder(tmp_path), tmp_path / "table.csv")
