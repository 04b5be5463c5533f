"""`localthink study export`: every sample of a study as a row, for others' tools."""
from __future__ import annotations

from pathlib import Path

import click

from localthink.cli.study import study_argument


@click.command("export")
@study_argument
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
def command(name: str, target: Path) -> None:
    """Write every sample of a study to FILE: one row each, as .csv, .parquet or .jsonl."""
    from localthink.study.export import export_study
    from localthink.study.folder import find

    study, folder = find(name)
    click.echo(f"{export_study(study, folder, target):,} rows in {target}")
