"""`localthink study list`: the studies that come along, and those that were begun."""
from __future__ import annotations

import click

from localthink.text.rows import aligned


@click.command("list")
def command() -> None:
    """Show the studies that come along, and those that were begun without naming a folder."""
    from localthink.study.folder import REPORT, begun_studies
    from localthink.study.spec import bundled_studies, find_study

    click.echo("Come along: localthink study run NAME")
    click.echo("\n".join(aligned([(name, find_study(name).about) for name in bundled_studies()])))
    begun = [(str(record["name"]), str(record["created"])[:10],
              str(folder.path / REPORT) if (folder.path / REPORT).is_file() else "no report yet")
             for folder, record in begun_studies()]
    if begun:
        click.echo("\nBegun here")
        click.echo("\n".join(aligned(begun)))
