"""Finished pages for people who are not signed in.

Every visitor without a session sees the same page until something changes (see ``remembering``).
"""

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, current_app, make_response, request, session
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.web.remembering import memory_of, position_of_request

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
MOST_PAGES = 512
LARGEST_PAGE = 256 * 1024
# A name in the query that views only count and no page shows.
COUNTED_ONLY = "from"


def cached_for_anonymous(view: View) -> View:
    """Give visitors without a session the finished page while nothing has changed; others pass straight through.

    Only for views whose page depends on nothing but URL, language and stored facts (``Model.is_fact``), and that
    change nothing.
    """

    @wraps(view)
    def cached(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if current_app.config["SESSION_COOKIE_NAME"] in request.cookies or request.headers.get("HX-Request"):
            return view(*args, **kwargs)
        pages, position = memory_of("pages", MOST_PAGES), position_of_request().facts
        key = f"{get_locale()} {chosen_theme()} {_address()}"
        kept: tuple[bytes, str] | None = pages.get(key, position)
        if kept is None:
            response = make_response(view(*args, **kwargs))
            body = response.get_data()
            if response.status_code != 200 or len(body) > LARGEST_PAGE or session.modified:
                return response
            kept = body, blake2b(body, digest_size=12).hexdigest()
            pages.put(key, position, kept)
        return _answer(*kept)

    return cached  # type: ignore[return-value]


def _address() -> str:
    """Path and query without what only says where somebody came from."""
    if COUNTED_ONLY not in request.args:
        return request.full_path
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != COUNTED_ONLY]
    return f"{request.path}?{urlencode(rest)}"


def chosen_theme() -> str:
    """Return what the person picked for this browser: light, dark, or nothing for the system's choice."""
    theme = request.cookies.get("theme", "")
    return theme if theme in ("light", "dark") else ""


def _answer(body: bytes, etag: str) -> Response:
    response = Response(body, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language, HX-Request"
    response.set_etag(etag)
    response.make_conditional(request)
    return response
