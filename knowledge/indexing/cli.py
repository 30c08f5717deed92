"""``portico index``: build, check and describe the search index."""

from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from portal.core.errors import PorticoError
from portal.core.jobs.running import count_workers
from portal.core.texts import gettext, ngettext

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
    """Compare the index with the articles.

    Ends with 0 when they agree, when the worker is about to take up what differs, and when --heal mended it; else with 1.
    """
    from knowledge.indexing.opening import search_index
    from knowledge.indexing.services import check_index, heal_index  # As above.
    from knowledge.queries.changes import waiting_articles

    # Asked first: what the worker has taken up meanwhile is in the index, and not the other way round.
    waiting = set() if heal else waiting_articles()
    drift = heal_index() if heal else check_index()
    if not drift.damage and (said := search_index().complaint()):
        click.echo(said)
    left = drift.without(waiting)
    for line in _on_the_way(drift, waiting):
        click.echo(line)
    if not drift:
        click.echo(gettext("The index agrees with the articles."))
    elif not left:
        click.echo(gettext("Nothing is wrong, and nothing is to be done."))
    elif heal:
        click.echo(gettext("Mended: %(what)s.", what=in_words(left)))
    else:
        click.echo(gettext("Found: %(what)s.", what=in_words(left)))
        raise PorticoError(
            gettext(
                "The index cannot be used. It is built anew in the background as soon as somebody searches;"
                " “portico index check --heal” does it now."
            )
            if left.damage
            else gettext(
                "The index differs from the articles. The worker mends it in the coming night;"
                " “portico index check --heal” does it now."
            )
        )


def _on_the_way(drift: "Drift", waiting: set[int]) -> list[str]:
    """Return what the worker is about to take up, in sentences."""
    changed = waiting.intersection((*drift.missing, *drift.outdated, *drift.extra))
    unready = waiting.intersection(drift.unembedded) - changed
    said = []
    if changed:
        said.append(
            ngettext(
                "%(num)s changed article waits to be indexed.",
                "%(num)s changed articles wait to be indexed.",
                len(changed),
            )
        )
    if unready:
        said.append(
            ngettext(
                "%(num)s article is found by its words and not yet by its meaning: it is being made ready.",
                "%(num)s articles are found by their words and not yet by their meaning: they are being made ready.",
                len(unready),
            )
        )
    if said:
        said.append(
            gettext("The worker does this in the background.")
            if count_workers()
            else gettext("No worker is running: it is done when “portico run” or “portico worker” is started.")
        )
    return said


def in_words(drift: "Drift") -> str:
    """Return what differs, without a full stop; of an index that cannot be read nothing else is known."""
    if drift.damage:
        return drift.damage.rstrip(".")
    found = []
    if drift.missing:
        found.append(ngettext("%(num)s article is missing", "%(num)s articles are missing", len(drift.missing)))
    if drift.outdated:
        found.append(ngettext("%(num)s article is outdated", "%(num)s articles are outdated", len(drift.outdated)))
    if drift.extra:
        found.append(
            ngettext("%(num)s article should not be there", "%(num)s articles should not be there", len(drift.extra))
        )
    if drift.unembedded:
        found.append(
            ngettext(
                "%(num)s article is found by its words alone, without its meaning",
                "%(num)s articles are found by their words alone, without their meaning",
                len(drift.unembedded),
            )
        )
    return ", ".join(found)
