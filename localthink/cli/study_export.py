"""`localthink study export`: every sample of a study, for others' tools."""
from __future__ import annotations

from pathlib import Path

import click

from localthink.cli.study import study_argument, study_models


@click.command("export")
@study_argument
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@study_models
def command(name: str, target: Path, models: tuple[str, ...]) -> None:
    """Write every sample of a study to FILE: one row each, as .csv, .parquet or .jsonl.

    As .eval or .json it writes logs for `inspect view` instead, one for each setting, whose names begin with FILE's.
    """
    from localthink.study.export import LOGS, export_study
    from localthink.study.folder import find

    study, folder = find(name, models=models)
    if target.suffix.lower() in LOGS:
        from localthink.study.inspect_log import export_logs

        written = export_logs(study, folder, target)
        click.echo("\n".join(map(str, written)))
        click.echo(f"{len(written):,} logs: inspect view --log-dir {target.parent}")
        return
    click.echo(f"{export_study(study, folder, target):,} rows in {target}")
