"""`localthink study report`: what a study found, on the terminal and as one file for a browser."""
from __future__ import annotations

from pathlib import Path

import click

from localthink.cli.study import study_models
from localthink.errors import UsageError


@click.command("report")
@click.argument("names", nargs=-1, required=True, metavar="STUDY.toml|NAME|STUDY_DIR|RUN_DIR...")
@study_models
@click.option("-o", "--out", "target", type=click.Path(path_type=Path), metavar="FILE.html",
              help="Where the report goes.  [default: report.html in the study's folder]")
@click.option("--thoughts-by", "source", default="auto", show_default=True,
              metavar="auto|oracle|judge[:NAME]|labels[:NAME]",
              help="Who says which thoughts are right; auto is the oracle where there is one, else localthink judge; "
                   "labels are those of localthink label.")
@click.option("--calibrated-by", "calibrated", type=click.Path(path_type=Path), multiple=True, metavar="RUN_DIR",
              help="A run of Countdown that the same judge has judged; may be repeated.")
@click.option("--no-html", is_flag=True, help="Only show it here.")
def command(names: tuple[str, ...], models: tuple[str, ...], source: str, calibrated: tuple[Path, ...],
            target: Path | None, no_html: bool) -> None:
    """Say what a study found, also of half a study, and write it as one HTML file that needs no network.

    With folders of `localthink run` instead, the first is what the others are compared with.
    """
    from localthink.study.page import page
    from localthink.study.report import write_report
    from localthink.study.reported import report_on
    from localthink.study.rightness import ThoughtsBy

    reported = report_on(names, models, ThoughtsBy(source, calibrated))
    click.echo(page(reported.analyses))
    if no_html:
        return
    place = target or reported.target
    if place is None:
        raise UsageError("runs have no folder for a report: name its file with -o, or leave it out with --no-html")
    write_report(reported, place)
    click.echo(f"\nthe report: {place}")
