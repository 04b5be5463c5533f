"""`localthink merge`: the shards of a run, computed on several machines, become one run."""
from __future__ import annotations

from pathlib import Path

import click

from localthink.errors import UsageError

MOST_NAMED = 10  # shards


@click.command("merge")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="RUN_DIR...")
@click.option("-o", "--out", "target", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Folder of the whole run; merging into it again adds what is new.")
def command(folders: tuple[Path, ...], target: Path) -> None:
    """Put the results of several RUN_DIRs, shards of one run, into one folder."""
    from localthink.batch.merge import merge

    if not folders:
        raise UsageError("there is nothing to merge: give the folders of the shards")
    merged = merge(folders, target)
    click.echo(f"{merged.added:,} samples added, {merged.known:,} were there: "
               f"{merged.samples:,} of {merged.expected:,} in {target}")
    if merged.missing:
        click.echo(f"missing: {_named(merged.missing)}", err=True)


def _named(shards: tuple[str, ...]) -> str:
    shown = ", ".join(shards[:MOST_NAMED])
    return f"{'shard' if len(shards) == 1 else 'shards'} {shown}{' …' if len(shards) > MOST_NAMED else ''}"
