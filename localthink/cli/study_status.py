"""`localthink study status`: how far a study is, from another terminal."""
from __future__ import annotations

from dataclasses import asdict

import click

from localthink.cli.study import study_argument, study_models
from localthink.errors import UsageError
from localthink.text.terminal import json_line


@click.command("status")
@study_argument
@study_models
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a run.")
def command(name: str, models: tuple[str, ...], as_json: bool) -> None:
    """Show how far the runs of a study are, while it runs or after it has stopped."""
    from localthink.study.folder import counted_problems, find
    from localthink.study.plan import left, plan
    from localthink.study.running import progress

    study, folder = find(name, models=models)
    runs = list(progress(study, folder))
    if not runs:
        raise UsageError(f"{study.name} has not begun in {folder.path}: localthink study run {name} begins it")
    for model, which, figures in runs:
        if as_json:
            click.echo(json_line({"model": model, "set": which, **asdict(figures)}))
        else:
            click.echo(f"{model} [{which}]  {figures.state}  {figures.line()}")
    if not as_json:
        click.echo(f"the study: {left(plan(study, counted_problems(folder), folder))}")
