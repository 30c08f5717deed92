"""Taking articles away as files."""

from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from flask import request, send_file
from flask.typing import ResponseReturnValue

from knowledge.enums import Permission
from knowledge.queries import sections
from knowledge.routes.blueprint import bp
from knowledge.services.exporting import export_articles
from portal.core.auth import requires
from portal.core.web import commits, page
from portal.directory.api import signed_in_user

_IN_MEMORY = 8 * 1024 * 1024


@bp.get("/knowledge/export")
@requires(Permission.ARTICLE_EXPORT)
def export() -> ResponseReturnValue:
    return page("knowledge/export.html", tree=sections.section_tree(signed_in_user()))


@bp.post("/knowledge/export")
@requires(Permission.ARTICLE_EXPORT)
@commits
def export_as_markdown() -> ResponseReturnValue:
    wanted = request.form.get("section", "")
    section = sections.get_section(wanted, signed_in_user()) if wanted else None
    # Closed by the answer when it has been sent.
    stream = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    export_articles(cast(BinaryIO, stream), actor=signed_in_user(), section=section)
    stream.seek(0)
    name = f"{section.slug if section else 'articles'}.zip"
    return send_file(cast(BinaryIO, stream), "application/zip", as_attachment=True, download_name=name)
