"""The import as a command: a progress bar, then what became of the files."""

from pathlib import Path

import click
from flask_babel import gettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from knowledge.audience import is_token
from knowledge.importing.report import ImportReport, Outcome
from knowledge.importing.services import ImportOptions, import_folder
from portal.core.origin import origin

SHOWN_REASONS = 20


def run_import(folder: Path, *, audience: str, collection: str, dry_run: bool, report_path: Path | None) -> int:
    """Import with a progress bar and print the result; returns the exit code, 1 when every file was refused."""
    tokens = tuple(token.strip() for token in audience.split(",") if token.strip())
    for token in tokens or ("",):
        if not is_token(token) and not token.startswith("team:"):
            raise click.BadParameter(f"“{token}” names no audience.", param_hint="--audience")
    console = Console(stderr=True)
    options = ImportOptions(audience=tokens, collection=collection, dry_run=dry_run)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with origin("command import-articles"), Progress(*columns, console=console) as bar:
        task = bar.add_task(gettext("Importing"), total=None)
        report = import_folder(
            folder, options, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    _show(report, dry_run)
    if report_path:
        report.write(report_path)
        click.echo(gettext("The report stands in %(path)s.", path=report_path))
    counts = report.counts()
    return 1 if counts[Outcome.REFUSED] == len(report.files) else 0


def _show(report: ImportReport, dry_run: bool) -> None:
    counts = report.counts()
    words = ", ".join(f"{number} {outcome.value}" for outcome, number in counts.items())
    click.echo(gettext("Nothing was changed. It would be: %(counts)s.", counts=words) if dry_run else f"{words}.")
    refused = report.refused()
    if refused:
        table = Table("File", "Why it was refused", box=None, pad_edge=False)
        for file in refused[:SHOWN_REASONS]:
            table.add_row(file.path, file.reason)
        Console().print(table)
        if len(refused) > SHOWN_REASONS:
            click.echo(
                gettext("… and %(number)d more. --report FILE lists them all.", number=len(refused) - SHOWN_REASONS)
            )
    if report.ignored:
        names = ", ".join(f"{name} ({number})" for name, number in report.ignored.most_common(SHOWN_REASONS))
        click.echo(gettext("Front matter that means nothing here: %(names)s.", names=names))
    noted = sum(1 for file in report.files if file.notes)
    if noted:
        click.echo(gettext("%(number)d files were imported with notes; --report FILE lists them.", number=noted))
    if report.gone:
        click.echo(
            gettext(
                "%(number)d files of an earlier import are no longer there; their articles stay.",
                number=len(report.gone),
            )
        )
