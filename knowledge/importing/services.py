"""Importing a folder: read each file, write articles in small transactions, then join the links between them.

A killed import leaves whole articles; the next run skips what is there and goes on. Files are read and rendered
outside transactions, so that the portal can write while an import runs.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from flask import current_app
from flask_babel import gettext

from knowledge.importing.archive import unpacked
from knowledge.importing.front_matter import FileRefused
from knowledge.importing.known import Known
from knowledge.importing.reading import ReadFile, find_files, read_file, source_path
from knowledge.importing.relinking import join_links
from knowledge.importing.report import FileReport, ImportReport, Outcome
from knowledge.importing.writing import Draft, prepare, write
from portal.core.audit.services import Actor
from portal.core.db import db, unit_of_work
from portal.core.errors import Refused

BATCH = 40
Progress = Callable[[int, int], None]


class NothingToImport(Refused):
    """The folder is not there or holds no articles."""


@dataclass(frozen=True)
class ImportOptions:
    """How to import. ``collection`` names the folder across runs, by default after the folder itself."""

    audience: tuple[str, ...] = ("signed-in",)
    collection: str = ""
    dry_run: bool = False

    def digest(self) -> str:
        return hashlib.sha256(repr(self.audience).encode()).hexdigest()


def import_folder(
    folder: Path, options: ImportOptions, *, actor: Actor | None = None, progress: Progress | None = None
) -> ImportReport:
    """Import all Markdown and HTML files of a folder or zip and return what became of each; commits as it goes.

    A file that did not change since the last run is skipped; one whose article was edited in the portal is refused.
    ``progress`` is told how many of how many files are done.

    Raises:
        NothingToImport: the folder does not exist or has no Markdown or HTML file.
        ArchiveRefused: the zip is damaged, leads out of itself or unpacks to too much.
    """
    root = folder.expanduser().resolve()
    if root.is_file() and root.suffix.lower() == ".zip":
        with unpacked(root) as inside:
            named = options if options.collection else replace(options, collection=root.stem)
            return import_folder(inside, named, actor=actor, progress=progress)
    if not root.is_dir():
        raise NothingToImport(gettext("There is no folder %(folder)s. Check the path.", folder=folder))
    paths = find_files(root)
    if not paths:
        raise NothingToImport(
            gettext(
                "The folder %(folder)s has no Markdown or HTML files (*.md, *.html), so there is nothing to import.",
                folder=folder,
            )
        )
    collection = (options.collection or root.name)[:120]
    known = Known.of(collection, {str(source_path(path)) for path in paths})
    report = ImportReport(gone=sorted(known.gone()))
    batch: list[Draft] = []
    for done, path in enumerate(paths, start=1):
        outcome = _read(root, path, options, known, report)
        if isinstance(outcome, FileReport):
            report.add(outcome)
        else:
            batch.append(outcome)
        if batch and (len(batch) >= BATCH or done == len(paths)):
            for file_report in _write(batch, options, known, actor):
                report.add(file_report)
            batch = []
        if progress:
            progress(done, len(paths))
    if not options.dry_run:
        join_links(collection)
    report.files.sort(key=lambda file: file.path)
    return report


def _read(
    root: Path, path: PurePosixPath, options: ImportOptions, known: Known, report: ImportReport
) -> FileReport | Draft:
    settings = current_app.extensions["portico_settings"]
    try:
        file: ReadFile = read_file(
            root,
            path,
            root_name=root.name,
            language=settings.default_locale,
            options_digest=options.digest(),
            largest_file=settings.max_upload_mb * 1024 * 1024,
        )
        report.ignored.update(file.ignored)
        source = known.sources.get(file.path)
        if source and source.digest == file.digest:
            return FileReport(file.given, Outcome.UNCHANGED, file.fields.title, source.article_id)
        return prepare(file, known, audience=options.audience)
    except FileRefused as error:
        return FileReport(str(path), Outcome.REFUSED, reason=error.sentence)
    except Refused as error:
        return FileReport(str(path), Outcome.REFUSED, reason=error.sentence)
    except OSError as error:
        return FileReport(
            str(path), Outcome.REFUSED, reason=gettext("The file cannot be read: %(why)s.", why=error.strerror)
        )


def _write(batch: list[Draft], options: ImportOptions, known: Known, actor: Actor | None) -> Iterator[FileReport]:
    if options.dry_run:
        for draft in batch:
            known.remember_text(draft)
            yield draft.report(Outcome.CHANGED if draft.source else Outcome.CREATED)
        return
    reports = []
    with unit_of_work():
        for draft in batch:
            try:
                with db.session.begin_nested():
                    reports.append(write(draft, known, actor=actor))
            except Refused as error:
                reports.append(draft.report(Outcome.REFUSED, reason=error.sentence))
    # The session must not grow with the import.
    db.session.expunge_all()
    known.forget_rows()
    yield from reports
