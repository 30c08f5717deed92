"""Taking articles away as files."""

from typing import BinaryIO

from flask import Response, abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.content import slugified
from knowledge.enums import Permission, TransferKind, TransferState
from knowledge.errors import PdfFailed, PdfUnavailable
from knowledge.queries import articles, printing, sections
from knowledge.queries.transfers import get_transfer, list_transfers
from knowledge.routes.blueprint import bp
from knowledge.services.exporting import ask_export
from knowledge.services.printing import article_pdf, ask_collection
from knowledge.services.transfers import KEPT, folder_of
from portal.core.auth import public, requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.numbers import row_number
from portal.core.web.security import limiter
from portal.directory.api import signed_in_user

_KINDS = (TransferKind.PDF, TransferKind.MARKDOWN)
_MOST_CHOSEN = 300


@bp.get("/articles/<int:article_id>/article.pdf")
@public
@limiter.limit("30 per minute")
def article_as_pdf(article_id: int) -> ResponseReturnValue:
    found = articles.find_published(article_id, current_user)
    if found is None:
        abort(404)
    try:
        made = article_pdf(found)
    except (PdfFailed, PdfUnavailable) as refused:
        return page("knowledge/pdf_wait.html", "state", article=found.article, error=refused.sentence, status=503)
    if made is None or request.headers.get("HX-Request"):
        # A fragment cannot be a file: it stops asking and gives the link.
        return page("knowledge/pdf_wait.html", "state", article=found.article, is_ready=made is not None)
    return _sent(made.open("rb"), f"{found.article.slug}.pdf")


@bp.get("/knowledge/export")
@requires(Permission.ARTICLE_EXPORT)
def export() -> ResponseReturnValue:
    return _export_page()


@bp.post("/knowledge/export")
@requires(Permission.ARTICLE_EXPORT)
@commits
def export_section() -> ResponseReturnValue:
    wanted = request.form.get("section", "")
    section = sections.get_section(wanted, signed_in_user()) if wanted else None
    is_pdf = request.form.get("format") == "pdf"
    if is_pdf and section is None:
        return _export_page(gettext("Choose a section: everything is too much for a PDF."), status=422)
    try:
        transfer = (ask_collection if is_pdf else ask_export)(actor=signed_in_user(), section=section)
    except Refused as refused:
        return _export_page(refused.sentence, status=422)
    return see_other("knowledge.transfer", transfer_id=transfer.id)


@bp.post("/knowledge/pdf")
@requires(Permission.ARTICLE_EXPORT)
@commits
def export_chosen() -> ResponseReturnValue:
    ids = filter(None, map(row_number, request.form.getlist("article")))
    transfer = ask_collection(actor=signed_in_user(), article_ids=list(ids)[:_MOST_CHOSEN])
    return see_other("knowledge.transfer", transfer_id=transfer.id)


@bp.get("/knowledge/transfers/<int:transfer_id>")
@requires(Permission.DESK_READ)
def transfer(transfer_id: int) -> ResponseReturnValue:
    found = get_transfer(transfer_id, signed_in_user(), *_KINDS)
    return page("knowledge/transfer.html", "state", transfer=found, kept_days=KEPT.days)


@bp.get("/knowledge/transfers/<int:transfer_id>/<any('articles.pdf', 'articles.zip'):name>")
@requires(Permission.ARTICLE_EXPORT)
def transfer_file(transfer_id: int, name: str) -> ResponseReturnValue:
    found = get_transfer(transfer_id, signed_in_user(), *_KINDS)
    path = folder_of(found) / name
    if found.state is not TransferState.DONE or not path.exists():
        abort(404)
    if not printing.may_all_be_read(signed_in_user(), found.result["held"]):
        # Rights changed since it was made.
        raise Refused(gettext("It holds articles that you may not read any more. Make it again."))
    return _sent(path.open("rb"), f"{slugified(found.label)}{path.suffix}")


def _export_page(error: str = "", *, status: int = 200) -> Response:
    return page(
        "knowledge/export.html",
        tree=sections.section_tree(signed_in_user()),
        transfers=list_transfers(signed_in_user(), _KINDS),
        chosen=request.values.get("section", ""),
        chosen_format=request.values.get("format", "markdown"),
        error=error,
        status=status,
    )


def _sent(stream: BinaryIO, name: str) -> Response:
    kind = "application/zip" if name.endswith(".zip") else "application/pdf"
    response = send_file(stream, kind, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
