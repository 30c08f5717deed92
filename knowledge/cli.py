"""Commands of the knowledge base."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from knowledge.indexing.cli import index_commands
from knowledge.tuning.cli import search_log_commands


@click.command(
    "import-articles", epilog="Example: portico import-articles ./articles --audience public --report report.csv"
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--audience",
    default="signed-in",
    show_default=True,
    help="Who may read files that do not say so: public, signed-in, agents, role:KEY, team:KEY; several with commas.",
)
@click.option(
    "--collection",
    default="",
    help="Name that links this folder with its articles in later runs. [default: the folder's name]",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write one row a file to this CSV or JSON file."
)
@with_appcontext
def import_articles(folder: Path, audience: str, collection: str, dry_run: bool, report: Path | None) -> None:
    """Import a folder or zip of Markdown or HTML files as articles.

    Run it again at any time: files that did not change are skipped, changed ones become a new version. docs/import.md
    says which front matter becomes which field.

    Ends with 0 when no file was refused, else with 1: the other files were imported all the same.
    """
    # Imported here so that the other commands need not load the renderer.
    from knowledge.importing.command import run_import

    raise SystemExit(run_import(folder, audience=audience, collection=collection, dry_run=dry_run, report_path=report))


@click.command("export-articles", epilog="Example: portico export-articles articles.zip")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def export_articles(file: Path) -> None:
    """Export every published article to a zip of Markdown that imports back without a difference."""
    from knowledge.services.exporting import export_articles as export
    from portal.core.db import unit_of_work
    from portal.core.origin import origin

    with origin("command export-articles"), unit_of_work(), file.open("wb") as stream:
        number = export(stream)
    click.echo(f"{number} articles were exported to {file}.")


COMMANDS = (import_articles, export_articles, index_commands, search_log_commands)
