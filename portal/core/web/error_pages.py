"""Every error as a page in plain words with a request id."""

import logging
from datetime import timedelta
from math import ceil
from time import time

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import format_timedelta, gettext
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal.core.auth import login_manager
from portal.core.db import db
from portal.core.errors import Conflict, NotAllowed, PorticoError
from portal.core.web.kept_forms import kept_form, kept_form_page
from portal.core.web.redirects import own_path
from portal.core.web.security import limiter

logger = logging.getLogger(__name__)

# Signed-in pages are not stored, so the browser's way back may lead to an empty form.
_SHOWS_WHAT_WAS_SENT = {409, 429, 500, 503}


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotAllowed, lambda error: error_page(403, str(error)))
    app.register_error_handler(Conflict, lambda error: error_page(409, str(error)))
    app.register_error_handler(PorticoError, lambda error: error_page(409, str(error)))
    app.register_error_handler(OperationalError, _database_down)
    app.register_error_handler(Exception, _unexpected)


def error_page(
    status: int, sentence: str = "", *, retry_after: int | None = None, sign_in_for: str | None = None
) -> Response:
    """Answer an error; ``sentence`` replaces the general words for what happened.

    ``sign_in_for`` is the path of ours to come back to when signing in is what helps.
    """
    db.session.rollback()
    if _wants_text():
        return make_response(f"{sentence or status}\n", status, {"Content-Type": "text/plain; charset=utf-8"})
    page = render_template(
        "errors/error.html",
        code=status,
        description=sentence,
        retry_in=_in_words(retry_after) if retry_after else None,
        sign_in_for=sign_in_for,
        kept=kept_form() if status in _SHOWS_WHAT_WAS_SENT and request.method == "POST" else None,
    )
    response = make_response(page, status)
    if request.headers.get("HX-Request"):
        # A fragment's place on the page is no place for a whole error page.
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _wants_text() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "text/plain"], "text/html") == "text/plain"


def _csrf(error: CSRFError) -> Response:
    logger.info("CSRF check refused a form: %s", error.description)
    if (kept := kept_form()) is not None:
        db.session.rollback()
        return kept_form_page(kept, status=400)
    if not current_user.is_authenticated:
        # Mostly a session that ended while somebody was writing.
        return error_page(
            400,
            gettext(
                "You are not signed in, or no longer: the form could not be checked, so nothing was sent or saved."
            ),
            sign_in_for=own_path(request.referrer),
        )
    return error_page(
        400,
        gettext("The form is too old or came from another site, so nothing was saved. Go back, reload and send again."),
    )


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    response = error_page(error.code, retry_after=_seconds(error))
    for name, value in error.get_headers():
        if name.lower() in ("retry-after", "allow"):
            response.headers[name] = value
    return response


def _seconds(error: HTTPException) -> int | None:
    if isinstance(error, RateLimitExceeded) and limiter.current_limit is not None:
        # The moment is rounded up to a second, the window is not longer for it.
        left = ceil(limiter.current_limit.reset_at - time())
        return max(1, min(left, limiter.current_limit.limit.get_expiry()))
    waiting = getattr(error, "retry_after", None)
    return waiting if isinstance(waiting, int) else None


def _in_words(seconds: int) -> str:
    # Never too early: what is longer than a minute is told in whole minutes.
    rounded = seconds if seconds < 60 else -(-seconds // 60) * 60
    return str(format_timedelta(timedelta(seconds=rounded), add_direction=True, threshold=1))


def _database_down(error: OperationalError) -> Response:
    logger.error("The database did not answer.", exc_info=error)
    # The error page must not ask it again for the organisation's name or who is signed in.
    g.database_failed = True
    login_manager._update_request_context_with_user()  # noqa: SLF001 (without a user: nobody is signed in)
    response = error_page(503)
    response.headers["Retry-After"] = "30"
    return response


def _unexpected(error: Exception) -> Response:
    logger.error("An unexpected error reached the edge.", exc_info=error)
    return error_page(500)
