"""The public page when no finished one is there yet: right after the first start, and in the moment of a change."""

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from portal.core.auth import public
from status_page.board import build_board
from status_page.permissions import PUBLIC
from status_page.routes.blueprint import bp
from status_page.serving import name_of, to_language, type_headers
from status_page.site.tree import find_item


@bp.get("/status")
@bp.get("/status/")
@public
def index() -> ResponseReturnValue:
    answer = to_language(request.headers.get("Accept-Language", ""), request.headers.get("Cookie", ""))
    return Response(status=answer.status, headers=answer.headers)


@bp.get("/status/<path:path>")
@public
def file(path: str) -> ResponseReturnValue:
    return _file(request.path)


@bp.get("/api/v2/<path:path>")
@public
def api_document(path: str) -> ResponseReturnValue:
    return _file(request.path)


def _file(path: str) -> Response:
    name = name_of(path)
    item = find_item(build_board(PUBLIC), name) if name else None
    if item is None or name is None:
        abort(404)
    response = Response(item.render())
    response.headers.update(type_headers(name))
    response.headers["Cache-Control"] = "no-cache"
    return response
