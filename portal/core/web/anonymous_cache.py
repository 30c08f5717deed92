"""Finished pages for people who are not signed in.

Every visitor without a session sees the same page, and every change of state moves the audit trail on. A page is
therefore kept together with the position of the trail at which it was made, and given out only while the trail still
stands there: no page outlives a change, on any node, and checking costs one small query.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from flask import Response, current_app, make_response, request, session
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.core.audit.services import chain_position

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
MOST_PAGES = 512
LARGEST_PAGE = 256 * 1024
# Words such as "two minutes ago" on a page must not grow old with it.
LONGEST_SECONDS = 60.0


class PageCache:
    """A small least-recently-used store of finished pages, one for each process."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, tuple[int, float, bytes, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, position: int) -> tuple[bytes, str] | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept is None or kept[0] != position or monotonic() - kept[1] > LONGEST_SECONDS:
                return None
            self._pages.move_to_end(key)
            return kept[2], kept[3]

    def put(self, key: str, position: int, body: bytes, etag: str) -> None:
        with self._lock:
            self._pages[key] = (position, monotonic(), body, etag)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)


def cached_for_anonymous(view: View) -> View:
    """Give visitors without a session the finished page while nothing has changed; others pass straight through.

    Only for views whose page depends on nothing but URL, language and stored data, and that change nothing.
    """

    @wraps(view)
    def cached(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if current_app.config["SESSION_COOKIE_NAME"] in request.cookies or request.headers.get("HX-Request"):
            return view(*args, **kwargs)
        pages: PageCache = current_app.extensions.setdefault("portico_page_cache", PageCache())
        position = chain_position()
        key = f"{get_locale()} {chosen_theme()} {request.full_path}"
        kept = pages.get(key, position)
        if kept is None:
            response = make_response(view(*args, **kwargs))
            body = response.get_data()
            if response.status_code != 200 or len(body) > LARGEST_PAGE or session.modified:
                return response
            kept = body, blake2b(body, digest_size=12).hexdigest()
            pages.put(key, position, *kept)
        return _answer(*kept)

    return cached  # type: ignore[return-value]


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
