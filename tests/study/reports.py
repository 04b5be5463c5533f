"""Studies that were begun in the folder for them, for tests of what lists them."""
from __future__ import annotations

import os

from localthink import locations
from localthink.batch.manifest import write_json
from localthink.study.folder import REPORT, VERDICT, StudyFolder, begin
from study.making import study

SAID = "The setting helps. alpha 3 against plain: +6.0 points [+2.0, +9.9] <b>"


def write_reports() -> None:
    """Three: an old one with a report of an earlier localthink, a newer one with a report, and the newest without."""
    for age, (name, said) in enumerate([("newest", None), ("newer", SAID), ("old", "")]):
        folder = StudyFolder(locations.studies() / name)
        begin(study(name=name), folder)
        if said is not None:
            (folder.path / REPORT).write_text("<p>a report</p>", encoding="utf-8")
        if said:
            write_json(folder.path / VERDICT, {"verdict": said})
        for path in folder.path.iterdir():
            os.utime(path, (1e9 - age * 86400, 1e9 - age * 86400))
