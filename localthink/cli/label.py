"""`localthink label`: a person says which thoughts of a run are right; and what becomes of that."""
from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localthink.errors import UsageError

if TYPE_CHECKING:
    from localthink.label.labels import UnitKind
    from localthink.label.run import Only, Run


@click.command("label")
@click.argument("folder", type=click.Path(path_type=Path), metavar="[RUN_DIR]", required=False)
@click.option("--chat", is_flag=True, help="In place of a run, the answers of the chat that are kept.")
@click.option("--by", metavar="NAME", help="Who labels; everybody has a file of their own.  [default: me]")
@click.option("--steps", is_flag=True, help="Rate the steps of every thought, and not thoughts as a whole.")
@click.option("--only", type=click.Choice(("right", "wrong", "cut")),
              help="Only samples with a right answer, with a wrong one, or cut off before one.")
@click.option("--export", "target", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the labels as process supervision, JSON lines in PRM800K's form.")
@click.option("--import", "source", type=click.Path(path_type=Path), metavar="FILE",
              help="Take over labels in that form, each into its labeller's file, or all into that of --by.")
@click.option("--compare", nargs=2, metavar="NAME NAME",
              help="How far two agree (Cohen's kappa): labellers, the exact `oracle` for Countdown, or `judge[:NAME]`, "
                   "which is what localthink judge has left.")
def command(folder: Path | None, chat: bool, by: str | None, steps: bool, only: Only | None, target: Path | None,
            source: Path | None, compare: tuple[str, str] | None) -> None:
    """Say of the thoughts of a run's samples whether they are right, on a screen, one key each.

    Every rating is kept at once, in labels-NAME.jsonl in RUN_DIR; the same command goes on where it was closed.
    """
    given = [name for name, value in (("--export", target), ("--import", source), ("--compare", compare)) if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} are given: give one of them at a time")
    if given and only:
        raise UsageError(f"--only chooses what is shown on the screen, and has nothing to do with {given[0]}: leave it "
                         "out")
    if compare and by:
        raise UsageError("--by says who labels, and --compare names both whom it compares: leave --by out")
    if source is not None and steps:
        raise UsageError("--import takes over all labels of its file, of thoughts and of steps: leave --steps out")
    run = _run(folder, chat)
    kind: UnitKind = "steps" if steps else "thoughts"
    if target is not None:
        _export(run, by, kind, target)
    elif source is not None:
        _import(run, source, by)
    elif compare is not None:
        _compare(run, compare, kind)
    else:
        _label(run, by, kind, only)


def _run(folder: Path | None, chat: bool) -> Run:
    if (folder is None) != chat:
        raise UsageError("give the folder of a run that is to be labelled, or --chat for the chat's answers"
                         + (", and not both" if chat else ""))
    if folder is not None:
        from localthink.label.run import read_run

        return read_run(folder)
    from localthink import locations
    from localthink.history import History
    from localthink.label.answers import read_answers

    with History(locations.history_file()) as history:
        return read_answers(history)


def _label(run: Run, by: str | None, kind: UnitKind, only: Only | None) -> None:
    from localthink.cli.screen import has_screen
    from localthink.label.file import ME, LabelFile
    from localthink.label.session import Labelling

    samples = run.only(only)
    if not has_screen():
        raise UsageError("labels are given on a screen, and standard input, output and errors are not all a terminal: "
                         "start it in one, or bring labels with --import")
    with LabelFile(run, by or ME) as file:
        from localthink.tui.label_app import LabelApp

        labelling = Labelling(run, samples, file, kind)
        app = LabelApp(labelling)
        app.run()
        rated, units = labelling.progress()
        click.echo(f"{rated} of {units} {kind} rated, in {file.path}" if rated else "nothing is rated")
        sys.exit(app.return_code or 0)


def _export(run: Run, by: str | None, kind: UnitKind, target: Path) -> None:
    if target.suffix.lower() not in (".jsonl", ".json", ""):
        raise UsageError(f"--export writes JSON lines, and {target.name} is called something else: end it in .jsonl")
    from localthink.label.exchange import export_labels
    from localthink.label.file import ME
    from localthink.text.sizes import counted

    click.echo(f"{counted(export_labels(run, by or ME, kind, target), 'sample')} in {target}")


def _import(run: Run, source: Path, by: str | None) -> None:
    from localthink.label.exchange import import_labels
    from localthink.text.sizes import counted

    for name, new in import_labels(run, source, by).items():
        click.echo(f"{counted(new, 'new rating')} by {name}")


def _compare(run: Run, names: tuple[str, str], kind: UnitKind) -> None:
    from localthink.label.agreement import agreement
    from localthink.label.page import agreement_lines
    from localthink.label.raters import ratings_by
    from localthink.study.labelled import is_judge, ratings_of_judge

    one, other = (ratings_of_judge(run, name, kind) if is_judge(name) else ratings_by(run, name, kind)
                  for name in names)
    click.echo("\n".join(agreement_lines(*names, agreement(one, other), kind)))
