"""`localthink study export`: every sample of a study as a row, for others' tools."""
from __future__ import annotations

from pathlib import Path

import click

from localthink.cli.study import study_argument, study_models


@click.command("export")
@study_argument
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@study_models
def command(name: str, target: Path, models: tuple[str, ...]) -> None:
    """Write every sample of a study to FILE: one row each, as .csv, .parquet or .jsonl."""
    from localthink.study.export import export_study
    from localthink.study.folder import find

    study, folder = find(name, models=models)
    click.echo(f"{export_study(study, folder, target):,} rows in {target}")
