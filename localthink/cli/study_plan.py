"""`localthink study plan`: what a study takes, and what it can see."""
from __future__ import annotations

import click

from localthink.cli.study import study_argument, study_models


@click.command("plan")
@study_argument
@study_models
@click.option("--measure", is_flag=True, help="Load the model and measure for some seconds how fast it writes here.")
def command(name: str, models: tuple[str, ...], measure: bool) -> None:
    """Say how many samples, tokens and hours a study takes, and the smallest difference that it would see."""
    from localthink.study.folder import find
    from localthink.study.plan import measured_speed, plan, plan_lines
    from localthink.study.problems import check_apart, read_problems
    from localthink.study.spec import SETS, SetName

    study, folder = find(name, models=models)
    problems = {}
    for which in SETS:
        set_name: SetName = which
        if (data := study.data(set_name)) is not None:
            problems[set_name] = read_problems(study, data)
    if "choose" in problems:
        check_apart(problems["choose"].problems, problems["test"].problems)
    speed = measured_speed(study, problems["test"]) if measure else None
    click.echo("\n".join(plan_lines(study, plan(study, problems, folder, speed))))
