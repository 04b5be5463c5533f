"""`localthink status`: how far a run is, from another terminal."""
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from localthink.errors import UsageError
from localthink.text.terminal import json_line


@click.command("status")
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN_DIR")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(folder: Path, as_json: bool) -> None:
    """Show how far the run in RUN_DIR is, while it runs or after it has stopped."""
    from localthink.batch.status import describe, read_figures
    from localthink.cli.watching import summary
    from localthink.solving.folder import SOLUTIONS

    if (folder / SOLUTIONS).exists():
        raise UsageError(f"{folder} holds solutions of localthink solve: that command, given again, says how far it "
                         "is")
    figures = read_figures(folder)
    click.echo(json_line(asdict(figures)) if as_json else summary(figures, str(folder), describe(folder)))
    if figures.state == "stopped" and not as_json:
        click.echo("the command that began it, given again, goes on from here")
