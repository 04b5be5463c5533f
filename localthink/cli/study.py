"""`localthink study`: experiments on this machine, from a few lines of TOML to a report."""
from __future__ import annotations

import click

from localthink.cli.lazy import LazyCommands


class Commands(LazyCommands):
    modules = {  # noqa: RUF012
        "list": ("localthink.cli.study_list", "Show the studies that come along, and those that were begun here."),
        "plan": ("localthink.cli.study_plan", "Say what a study takes and what it can see, before it runs."),
        "run": ("localthink.cli.study_run", "Run a study; goes on where it stopped."),
        "status": ("localthink.cli.study_status", "Show how far a study is."),
        "report": ("localthink.cli.study_report", "Say what a study found, here and as one HTML file."),
        "export": ("localthink.cli.study_export", "Write a study's samples as one flat table, or as logs for Inspect."),
    }
    meant = {"ls": "list", "start": "run", "show": "report", "dry-run": "plan"}  # noqa: RUF012


@click.group("study", cls=Commands)
def command() -> None:
    """Measure whether a setting helps: the same problems, the same luck, and honest intervals."""


study_models = click.option("-m", "--model", "models", multiple=True,
                            help="In place of the study's models; may be repeated.")
study_argument = click.argument("name", metavar="STUDY.toml|NAME|STUDY_DIR")
