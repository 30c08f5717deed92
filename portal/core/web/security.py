"""What every answer carries and every request passes: headers, cookies, CSRF, request ids, rate limits."""

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from threading import Timer
from typing import TypeVar

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf import CSRFProtect
from limits.storage import MemoryStorage
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.core import db as database
from portal.core.origin import Origin, set_origin
from portal.core.settings import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# A form may carry several attachments and its text.
FORM_OVERHEAD = 2 * 1024 * 1024
# Seconds; until then a count that has ended takes memory, and is not counted.
SWEPT_EVERY = 10.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

csrf = CSRFProtect()


def _who_is_limited() -> str:
    user_id = current_user.get_id() if current_user else None
    return f"user:{user_id}" if user_id else get_remote_address()


limiter = Limiter(key_func=_who_is_limited, headers_enabled=True)


class CountsInMemory(MemoryStorage):
    """Counts of this process. What has ended is swept away every few seconds, not by a new thread at each request."""

    STORAGE_SCHEME = ["counts"]  # noqa: RUF012 (as the library declares it)
    _timer: Timer

    @property
    def timer(self) -> Timer:
        """Whoever is to sweep next."""
        return self._timer

    @timer.setter
    def timer(self, timer: Timer) -> None:
        timer.interval, timer.daemon = SWEPT_EVERY, True
        self._timer = timer


def init_app(app: Flask, settings: Settings) -> None:
    app.secret_key = settings.secret_key.get_secret_value()
    app.config.update(
        SESSION_COOKIE_NAME="__Host-portico" if settings.uses_https else "portico",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.uses_https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024 + FORM_OVERHEAD,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        # The token lives as long as the session: a form left open over lunch must still be accepted.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "counts://",
        # When Redis is away, each process counts by itself: nobody may be kept from signing in by that.
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 2, "socket_timeout": 2} if settings.redis_url else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_ENABLED=True,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    # First of all: whoever is refused gets a number to name, and no transaction begins before it is known to write.
    app.before_request(_begin)
    # Before the CSRF check, which reads the form.
    app.before_request(_allow_import)
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_finish)
    app.teardown_request(_end)


def takes_imports(view: View) -> View:
    """Let people who are signed in send more to an endpoint than an attachment may have: ``max_import_mb``."""
    view.portico_takes_imports = True  # type: ignore[attr-defined]
    return view


def _allow_import() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "portico_takes_imports", False) and current_user.is_authenticated:
        settings: Settings = current_app.extensions["portico_settings"]
        request.max_content_length = settings.max_import_mb * 1024 * 1024 + FORM_OVERHEAD


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    set_origin(Origin(request.remote_addr or "", g.request_id))
    view = current_app.view_functions.get(request.endpoint or "")
    database.set_writing(bool(getattr(view, "portico_commits", False)))


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if current_user and current_user.is_authenticated and "Cache-Control" not in response.headers:
        # A shared machine's back button must not show what the person before has read.
        response.headers["Cache-Control"] = "no-store"
    return response


def _end(error: BaseException | None) -> None:
    database.set_writing(False)
    set_origin(Origin())
