"""Every component in every state on one page, and the stylesheet of the organisation's colour."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort
from werkzeug.datastructures import MultiDict

from portal.core.auth import public
from portal.core.web import page
from portal.design.forms import SampleForm
from portal.design.sample import context
from portal.design.theme import accent_css, is_colour

bp = Blueprint("design", __name__)


@bp.get("/design")
@public
def index() -> Response:
    refused = SampleForm(formdata=MultiDict({"bad-copy_to": "nobody"}), prefix="bad-", meta={"csrf": False})
    refused.validate()
    sample: dict[str, Any] = context()
    return page("design/index.html", form=SampleForm(formdata=None), refused=refused, **sample)


@bp.get("/design/theme/<accent>.css")
@public
def theme(accent: str) -> Response:
    if not is_colour(accent):
        abort(404)
    response = Response(accent_css(accent), mimetype="text/css")
    # The colour is part of the address, so the answer never changes.
    response.cache_control.public = True
    response.cache_control.max_age = 31536000
    response.cache_control.immutable = True
    return response
