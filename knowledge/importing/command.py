"""The import as a command: a progress bar, then what became of the files."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from knowledge.audience import is_token
from knowledge.importing.report import ImportReport, Outcome
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.indexing.health import note_on_meaning
from portal.core.origin import origin
from portal.core.texts import gettext, ngettext

SHOWN_REASONS = 20


def run_import(folder: Path, *, audience: str, collection: str, dry_run: bool, report_path: Path | None) -> int:
    """Import with a progress bar and print the result; returns the exit code, 1 when a file was refused.

    Whoever runs it by a timer hears of the refused files then; the others were imported all the same.
    """
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
    if not dry_run and (note := note_on_meaning()):
        click.echo(note)
    return 1 if report.refused() else 0


def _show(report: ImportReport, dry_run: bool) -> None:
    click.echo(_in_numbers(report, dry_run))
    refused = report.refused()
    if refused:
        table = Table(gettext("File"), gettext("Why it was refused"), box=None, pad_edge=False)
        for file in refused[:SHOWN_REASONS]:
            table.add_row(Text(file.path), Text(file.reason))
        Console().print(table)
        more = len(refused) - SHOWN_REASONS
        if more > 0:
            click.echo(
                ngettext(
                    "… and %(num)s more file. --report FILE lists all of them.",
                    "… and %(num)s more files. --report FILE lists all of them.",
                    more,
                )
            )
    if report.ignored:
        names = ", ".join(f"{name} ({number})" for name, number in report.ignored.most_common(SHOWN_REASONS))
        click.echo(gettext("Front matter that means nothing here: %(names)s.", names=names))
    noted = sum(1 for file in report.files if file.notes and file.outcome is not Outcome.REFUSED)
    if noted:
        click.echo(
            ngettext(
                "%(num)s file has a remark; --report FILE lists it.",
                "%(num)s files have remarks; --report FILE lists them.",
                noted,
            )
        )
    if report.gone:
        click.echo(
            ngettext(
                "%(num)s file of an earlier import is no longer there; its article stays.",
                "%(num)s files of an earlier import are no longer there; their articles stay.",
                len(report.gone),
            )
        )


def _in_numbers(report: ImportReport, dry_run: bool) -> str:
    counts = {outcome.value: number for outcome, number in report.counts().items()}
    files = ngettext("%(num)s file", "%(num)s files", len(report.files))
    if dry_run:
        return gettext(
            "Nothing was changed. Of %(files)s it would be: %(created)s new, %(changed)s changed,"
            " %(unchanged)s unchanged, %(refused)s refused.",
            files=files,
            **counts,
        )
    return gettext(
        "%(files)s: %(created)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused.",
        files=files,
        **counts,
    )
