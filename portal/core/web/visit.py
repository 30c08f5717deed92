"""A random name for one visit of one browser, so that counts of one sitting can be told from those of another.

It says nothing about who is there: it is made by chance, ends after half an hour of silence, and is never stored
beside a person or an address. Its cookie is its own, so that visitors still get the finished pages.
"""

import re
import secrets
from datetime import timedelta

from flask import Flask, Response, g, request

from portal.core.settings import Settings

COOKIE = "visit"
LASTS = timedelta(minutes=30)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16}")


def visit_token(*, begin: bool = False) -> str:
    """Return the name of the current visit; ``begin`` makes one when there is none, else it is empty.

    Only a page that begins or continues a visit by ``begin=True`` sends the cookie.
    """
    token: str = g.get("visit_token") or request.cookies.get(COOKIE, "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(12) if begin else ""
    if begin:
        g.visit_token = token
    return token


def init_app(app: Flask, settings: Settings) -> None:
    """Send the cookie of a visit that a request begins or continues."""

    @app.after_request
    def keep(response: Response) -> Response:
        if token := g.get("visit_token"):
            response.set_cookie(COOKIE, token, max_age=LASTS, httponly=True, samesite="Lax", secure=settings.uses_https)
        return response
