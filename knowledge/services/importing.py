"""Import in the browser: files are taken in, looked at without a change, then imported by the worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Protocol

from knowledge.enums import Event, TransferKind, TransferState
from knowledge.errors import UploadRefused, WrongState
from knowledge.importing.reading import HTML_SUFFIXES, SUFFIXES
from knowledge.importing.report import FileReport, ImportReport, Outcome
from knowledge.importing.services import ImportOptions, import_folder
from knowledge.models import Transfer
from knowledge.services.transfers import ask_transfer, begin_after_commit, folder_of
from portal.core.audit import services as audit
from portal.core.db import db, unit_of_work
from portal.core.texts import gettext, ngettext
from portal.directory.api import User

REPORT = "report.csv"
MOST_FILES = 500
_SHOWN = 50
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Importer:
    """Who imports, as a value: an import forgets the rows it has read."""

    id: int
    username: str


class Upload(Protocol):
    """A file as the browser sent it."""

    @property
    def filename(self) -> str | None: ...
    def save(self, dst: Any, buffer_size: int = ...) -> None: ...


def take_upload(uploads: Sequence[Upload], *, audience: tuple[str, ...], collection: str, actor: User) -> Transfer:
    """Keep what was sent and put down a preview of its import: one zip, or several files.

    The files are written before the commit; when the transaction is rolled back, a nightly job removes them.

    Raises:
        UploadRefused: there is nothing to import, two files have one name, or a zip came with others.
    """
    names = _names(uploads)
    label = names[0] if len(names) == 1 else ngettext("%(num)s file", "%(num)s files", len(names))
    is_zip = names[0].lower().endswith(".zip")
    named = collection.strip() or (PurePath(names[0]).stem if is_zip else "uploads")
    transfer = ask_transfer(
        TransferKind.IMPORT_PREVIEW,
        label=label,
        # The folder's name is the section of files that name none.
        options={"audience": list(audience), "collection": named[:120], "source": names[0] if is_zip else "uploads"},
        actor=actor,
    )
    folder = folder_of(transfer) if is_zip else folder_of(transfer) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    for name, upload in zip(names, uploads, strict=True):
        upload.save(folder / name, _CHUNK)
    audit.record(
        Event.IMPORT_ASKED,
        transfer,
        actor=actor,
        after={"files": len(names), "collection": named, "audience": list(audience)},
    )
    return transfer


def confirm_import(transfer: Transfer, *, actor: User) -> None:
    """Import what was looked at.

    Raises:
        WrongState: the preview is not there yet, or it is imported already.
    """
    if transfer.kind is not TransferKind.IMPORT_PREVIEW or transfer.state is not TransferState.DONE:
        raise WrongState(gettext("The preview is not ready yet, or this was imported already."))
    transfer.kind, transfer.state = TransferKind.IMPORT, TransferState.WAITING
    transfer.result, transfer.done, transfer.total, transfer.attempts = {}, 0, 0, 0
    audit.record(Event.IMPORT_ASKED, transfer, actor=actor, after={"confirmed": True})
    begin_after_commit(transfer)


def run_import(transfer: Transfer, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Preview or do the import of a transfer and return what came of it; the whole report is written beside it."""
    transfer_id, options, folder = transfer.id, transfer.options, folder_of(transfer)
    asker = Importer(transfer.asked_by.id, transfer.asked_by.username)
    is_preview = transfer.kind is TransferKind.IMPORT_PREVIEW
    chosen = ImportOptions(audience=tuple(options["audience"]), collection=options["collection"], dry_run=is_preview)
    report = import_folder(folder / options["source"], chosen, actor=asker, progress=progress)
    report.write(folder / REPORT)
    result = summary(report)
    if not is_preview:
        with unit_of_work():
            after = result["counts"] | {"collection": chosen.collection}
            audit.record(Event.IMPORT_DONE, db.session.get(Transfer, transfer_id), actor=asker, after=after)
    return result


def summary(report: ImportReport) -> dict[str, Any]:
    """Return what the page shows of a report: counts, the first refused and noted files, names without a meaning."""
    noted = [file for file in report.files if file.notes and file.outcome is not Outcome.REFUSED]
    changing = [file for file in report.files if file.outcome in (Outcome.CREATED, Outcome.CHANGED)]
    return {
        "counts": {outcome.value: number for outcome, number in report.counts().items()},
        "files": len(report.files),
        "changing": _rows(changing),
        "refused": _rows(report.refused()),
        "noted": _rows(noted),
        "noted_number": len(noted),
        "ignored": dict(report.ignored.most_common(_SHOWN)),
        "gone": len(report.gone),
    }


def report_path(transfer: Transfer) -> Path:
    return folder_of(transfer) / REPORT


def _rows(files: Sequence[FileReport]) -> list[dict[str, Any]]:
    return [
        {
            "path": file.path,
            "title": file.title,
            "outcome": file.outcome.value,
            "article_id": file.article_id,
            "why": file.reason or " ".join(file.notes),
        }
        for file in files[:_SHOWN]
    ]


def _names(uploads: Sequence[Upload]) -> list[str]:
    names = [PurePath((upload.filename or "").replace("\\", "/")).name.strip() for upload in uploads]
    names = [name for name in names if name and not name.startswith(".")]
    if not names or len(names) != len(uploads):
        raise UploadRefused(gettext("Choose a zip or some files to import."), field="files")
    if len(names) > MOST_FILES:
        raise UploadRefused(
            gettext("These are more than %(most)d files. Put them into a zip.", most=MOST_FILES), field="files"
        )
    if len({name.lower() for name in names}) < len(names):
        raise UploadRefused(gettext("Two files have the same name. Put them into a zip with folders."), field="files")
    if any(name.lower().endswith(".zip") for name in names) and len(names) > 1:
        raise UploadRefused(gettext("Send one zip, or several files that are no zip."), field="files")
    texts = (*SUFFIXES, *HTML_SUFFIXES, ".zip")
    if not any(name.lower().endswith(texts) for name in names):
        raise UploadRefused(
            gettext("None of the files is Markdown, HTML or a zip, so there is nothing to import."), field="files"
        )
    return names
