"""``portico index``: build, check and describe the search index."""

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from portal.core.errors import PorticoError

if TYPE_CHECKING:
    from knowledge.search.index import Drift


@click.group("index")
def index_commands() -> None:
    """Build and check the search index."""


@index_commands.command("rebuild", epilog="Example: portico index rebuild")
@click.option("--threads", default=1, show_default=True, help="How many texts are embedded at once.")
@with_appcontext
def rebuild(threads: int) -> None:
    """Build the index anew beside the live one, then switch; searching goes on meanwhile."""
    # The engine is loaded by the commands that use it, so that the others start at once.
    from knowledge.indexing.services import rebuild_index

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Passages", total=None)
        count = rebuild_index(lambda done, total: bar.update(task, completed=done, total=total), threads=threads)
    click.echo(f"The index holds {count} articles.")


@index_commands.command("check", epilog="Example: portico index check --heal")
@click.option("--heal", is_flag=True, help="Mend what differs.")
@with_appcontext
def check(heal: bool) -> None:
    """Compare the index with the articles; ends with 1 when they differ and nothing was mended."""
    from knowledge.indexing.health import check_search
    from knowledge.indexing.services import check_index, heal_index  # As above.

    drift = heal_index() if heal else check_index()
    said = check_search()
    if said:
        click.echo(said)
    if not drift:
        click.echo("The index agrees with the articles.")
        return
    click.echo(f"{'Mended' if heal else 'Found'}: {in_words(drift)}.")
    if not heal:
        raise PorticoError("The index differs from the articles. Run “portico index check --heal”.")


def in_words(drift: "Drift") -> str:
    counts = {
        "missing": len(drift.missing),
        "outdated": len(drift.outdated),
        "too many": len(drift.extra),
        "without vectors": drift.unembedded,
    }
    found = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join([*found, *([drift.damage] if drift.damage else [])])
