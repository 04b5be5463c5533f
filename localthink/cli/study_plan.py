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
    from localthink.study.folder import find, read_record
    from localthink.study.plan import measured_speed, plan, plan_lines
    from localthink.study.problems import check_apart, read_problems
    from localthink.study.spec import SETS, SetName

    study, folder = find(name, models=models)
    record = read_record(folder)
    known = record["data"] if record is not None else {}
    problems = {}
    for which in SETS:
        set_name: SetName = which
        if (data := study.data(set_name)) is not None:
            problems[set_name] = read_problems(study, data, known.get(set_name, {}).get("revision"))
    if "choose" in problems:
        check_apart(problems["choose"].problems, problems["test"].problems)
    speed = measured_speed(study, problems["test"]) if measure else None
    counts = {set_name: len(each.problems) for set_name, each in problems.items()}
    click.echo("\n".join(plan_lines(study, plan(study, counts, folder, speed))))
    for set_name, each in problems.items():
        if each.revision is not None:
            when = "by which it began" if known else "which is pinned when it begins"
            click.echo(f"data:   [{set_name}] is at revision {each.revision}, {when}")
