"""Bringing articles in as files: upload, look at what would happen, import, read the report."""

from flask import Response, abort, request, send_file
from flask.typing import ResponseReturnValue

from knowledge.audience import SIGNED_IN
from knowledge.enums import Permission, TransferKind
from knowledge.forms import ImportForm
from knowledge.indexing.health import note_on_meaning
from knowledge.models import Transfer
from knowledge.queries.transfers import get_transfer, list_transfers
from knowledge.routes.blueprint import bp
from knowledge.services.importing import confirm_import, report_path, take_upload
from knowledge.services.transfers import KEPT
from portal.core.auth import requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.security import takes_imports
from portal.directory.api import signed_in_user

_KINDS = (TransferKind.IMPORT_PREVIEW, TransferKind.IMPORT)


# An import publishes into any section, so a right that is limited to one team's articles does not open it.
@bp.get("/knowledge/import")
@requires(Permission.ARTICLE_IMPORT, everywhere=True)
def import_articles() -> ResponseReturnValue:
    return _form_page(ImportForm(data={"audience": [SIGNED_IN]}))


@bp.post("/knowledge/import")
@requires(Permission.ARTICLE_IMPORT, everywhere=True)
@takes_imports
@commits
def upload_articles() -> ResponseReturnValue:
    form = ImportForm()
    if not form.validate():
        return _form_page(form, status=422)
    try:
        transfer = take_upload(
            request.files.getlist("files"),
            audience=tuple(form.audience.data or ()),
            collection=form.collection.data or "",
            actor=signed_in_user(),
        )
    except Refused as refused:
        form.files.errors = [refused.sentence]
        return _form_page(form, status=422)
    return see_other("knowledge.import_state", transfer_id=transfer.id)


@bp.get("/knowledge/imports/<int:transfer_id>")
@requires(Permission.ARTICLE_IMPORT, everywhere=True)
def import_state(transfer_id: int) -> ResponseReturnValue:
    return page(
        "knowledge/import_state.html", "state", transfer=_own(transfer_id), kept_days=KEPT.days, note=note_on_meaning()
    )


@bp.post("/knowledge/imports/<int:transfer_id>")
@requires(Permission.ARTICLE_IMPORT, everywhere=True)
@commits
def confirm(transfer_id: int) -> ResponseReturnValue:
    confirm_import(get_transfer(transfer_id, signed_in_user(), *_KINDS, for_change=True), actor=signed_in_user())
    return see_other("knowledge.import_state", transfer_id=transfer_id)


@bp.get("/knowledge/imports/<int:transfer_id>/report.csv")
@requires(Permission.ARTICLE_IMPORT, everywhere=True)
def import_report(transfer_id: int) -> ResponseReturnValue:
    transfer = _own(transfer_id)
    path = report_path(transfer)
    if not path.exists():
        abort(404)
    return send_file(path, "text/csv", as_attachment=True, download_name=f"import-{transfer.id}.csv")


def _own(transfer_id: int) -> Transfer:
    return get_transfer(transfer_id, signed_in_user(), *_KINDS)


def _form_page(form: ImportForm, *, status: int = 200) -> Response:
    return page("knowledge/import.html", form=form, transfers=list_transfers(signed_in_user(), _KINDS), status=status)
