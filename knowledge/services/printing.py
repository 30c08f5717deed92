"""Articles as PDF: one at once, a collection by the worker."""

import json
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from knowledge.enums import Event, TransferKind
from knowledge.errors import PdfFailed, PdfUnavailable, TooManyArticles
from knowledge.exporting.book import article_manuscript, collection_manuscript
from knowledge.exporting.press import Manuscript, folder, kept_pdf, print_pdf
from knowledge.models import Article, Section, Transfer
from knowledge.queries import printing
from knowledge.queries.articles import Published
from knowledge.queries.sections import section_trail
from knowledge.services.exporting import sections_below
from knowledge.services.transfers import ask_transfer, folder_of
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.jobs import stopping
from portal.core.texts import gettext
from portal.directory.api import User

MOST_ARTICLES = 300
# Whoever waits for a page waits no longer; what takes more is set by the worker.
SECONDS_AT_ONCE = 15
SECONDS_IN_WORKER = 900
_LONG = 120_000
_KEPT_SECONDS = 7 * 24 * 3600
# One at a time in each process: the others have pages to answer.
_press = BoundedSemaphore(1)

logger = logging.getLogger(__name__)


def article_pdf(found: Published) -> Path | None:
    """Return the PDF of an article, made now unless it is kept; None when the worker makes it.

    Raises:
        PdfUnavailable, PdfFailed: with a sentence for the reader.
    """
    manuscript = article_manuscript(found.version, trail=[name for name, _ in section_trail(found.article.section_id)])
    target = kept_pdf(manuscript)
    if target.exists():
        return target
    failed = target.with_suffix(".failed")
    if failed.exists() and not _is_older(failed, 600):
        raise PdfFailed(failed.read_text("utf-8"))
    if len(manuscript.html) < _LONG and _press.acquire(timeout=SECONDS_AT_ONCE):
        try:
            return print_pdf(manuscript, target, seconds=SECONDS_AT_ONCE)
        except PdfFailed:
            logger.info("An article was not set in time; the worker does it.")
        finally:
            _press.release()
    _leave_to_worker(manuscript)
    return None


def print_kept(digest: str) -> None:
    """Set what was left to the worker, or keep why it cannot be."""
    waiting = folder() / f"{digest}.json"
    if not waiting.exists():
        return
    manuscript = Manuscript(**json.loads(waiting.read_text("utf-8")))
    target = kept_pdf(manuscript)
    try:
        print_pdf(manuscript, target, seconds=SECONDS_IN_WORKER)
    except (PdfFailed, PdfUnavailable) as refused:
        target.with_suffix(".failed").write_text(refused.sentence, "utf-8")
    finally:
        waiting.unlink(missing_ok=True)


def ask_collection(
    *, actor: User, section: Section | None = None, article_ids: Collection[int] = (), most: int = MOST_ARTICLES
) -> Transfer:
    """Put down a PDF of a section with those below, or of some articles: what the actor may read of them.

    Raises:
        TooManyArticles: more than fit; Refused: there is nothing in it.
    """
    ids = printing.readable_ids(
        actor, section_ids=sections_below(section.id) if section else None, article_ids=article_ids
    )
    if not ids:
        raise Refused(gettext("Choose at least one published article; there is nothing to put into a PDF."))
    if len(ids) > most:
        raise TooManyArticles(
            gettext(
                "These are %(number)d articles, and a PDF holds %(most)d at most. Choose a smaller section.",
                number=len(ids),
                most=most,
            )
        )
    label = section.name if section else gettext("Selected articles")
    transfer = ask_transfer(TransferKind.PDF, label=label, options={"articles": ids}, actor=actor)
    audit.record(
        Event.ARTICLES_EXPORTED,
        section or Article(title="selected"),
        actor=actor,
        after={"articles": len(ids), "format": "pdf"},
        label=label,
    )
    return transfer


def print_collection(transfer: Transfer, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Set the PDF of a transfer; returns articles and pages. What its asker may not read any more is left out."""
    asker, label, target = transfer.asked_by, transfer.label, folder_of(transfer) / "articles.pdf"
    found = printing.list_chapters(asker, transfer.options["articles"])
    if not found:
        raise Refused(gettext("There is nothing in it that you may read any more."))
    ids = [version.article_id for version, _ in found]
    manuscript = collection_manuscript(
        found, title=label, made_for=asker.display_name, is_public=printing.are_public(ids)
    )
    # What is read is read: setting takes minutes and must not hold a transaction open.
    db.session.rollback()
    pages = 0

    def on_page(number: int) -> None:
        nonlocal pages
        pages = max(pages, number)
        progress(number, 0)

    print_pdf(manuscript, target, seconds=SECONDS_IN_WORKER, on_page=on_page)
    return {"articles": len(ids), "pages": pages, "held": ids, "size": target.stat().st_size}


def forget_old_pdfs() -> None:
    """Delete the PDFs that were kept for a week."""
    for path in folder().glob("*"):
        if stopping.is_set():
            return
        if _is_older(path, _KEPT_SECONDS):
            path.unlink(missing_ok=True)


def _leave_to_worker(manuscript: Manuscript) -> None:
    # The job calls this module.
    from knowledge.tasks import print_article

    waiting = folder() / f"{manuscript.digest}.json"
    # A second reader waits for the same; a job that was lost with its worker is asked for again.
    if waiting.exists() and not _is_older(waiting, SECONDS_IN_WORKER):
        return
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.write_text(json.dumps({"html": manuscript.html, "pictures": manuscript.pictures}), "utf-8")
    print_article.queue(manuscript.digest)


def _is_older(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime > seconds
    except FileNotFoundError:
        return False
