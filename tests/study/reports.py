"""Studies that were begun in the folder for them, for tests of what lists them."""
from __future__ import annotations

import os

from localthink import locations
from localthink.study.folder import REPORT, StudyFolder, begin
from study.making import study

PAGE = ('<p class="verdict none">Of the first set.</p><p>x</p>\n'
        '<p class="verdict gain">The setting helps. alpha 3 against plain: +6.0 points\n[+2.0, +9.9] &lt;b&gt;</p>')


def write_reports() -> None:
    """Three: an old one with a report, a newer one with a report, and the newest without."""
    for age, (name, page) in enumerate([("newest", None), ("newer", PAGE), ("old", "<p>no verdict</p>")]):
        folder = StudyFolder(locations.studies() / name)
        begin(study(name=name), folder)
        if page is not None:
            (folder.path / REPORT).write_text(page, encoding="utf-8")
        for path in folder.path.iterdir():
            os.utime(path, (1e9 - age * 86400, 1e9 - age * 86400))
