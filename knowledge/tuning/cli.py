"""``portico search-log``: what people searched for and chose, for learning from it."""

from pathlib import Path

import click
from flask.cli import with_appcontext


@click.group("search-log")
def search_log_commands() -> None:
    """Take out what people searched for."""


@search_log_commands.command("export", epilog="Example: portico search-log export searches.jsonl --days 90")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--days", type=click.IntRange(1), help="Only searches of the last so many days. [default: all of the log]"
)
@click.option(
    "--visits",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="How many visits must have chosen an article. One that said it helped counts as two.",
)
@with_appcontext
def export(file: Path, days: int | None, visits: int) -> None:
    """Write each search with the articles that people chose for it as a line of JSON.

    benchmarks/learn_fusion.py learns the weights of the search from such a file; docs/search.md says what counts as
    chosen, and what clicks cannot tell.
    """
    # Imported here so that the other commands need not load the exporter of articles.
    from knowledge.tuning.judging import export_judged
    from portal.core.db import unit_of_work
    from portal.core.origin import origin

    with origin("command search-log export"), unit_of_work(), file.open("w", encoding="utf-8") as stream:
        number = export_judged(stream, days=days, least=visits)
    click.echo(f"{number} searches with what was chosen for them were written to {file}.")
