"""Each request is counted, timed and logged once, with what is known about it anyway."""

import logging
from time import perf_counter

from flask import Flask, Response, g, request

from portal.core.health.metrics import count_request

logger = logging.getLogger("portico.request")

# Machines ask for these all the time; they are counted and not logged.
_QUIET = {"static", "health.alive", "health.ready", "health.metrics"}


def init_app(app: Flask) -> None:
    """Register first of all: what is registered first is timed from the beginning and to the end."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = perf_counter()


def _finish(response: Response) -> Response:
    seconds = perf_counter() - g.get("started", perf_counter())
    endpoint = request.endpoint or "none"
    method = request.method if request.method in ("GET", "POST", "HEAD") else "other"
    count_request(endpoint, method, response.status_code, seconds)
    if endpoint not in _QUIET and logger.isEnabledFor(logging.INFO):
        # The rule and not the path: a path may hold a token, a query string what somebody searched for.
        rule = request.url_rule.rule if request.url_rule else "(no such page)"
        user = g.get("_login_user")
        extra = {
            "endpoint": endpoint,
            "method": method,
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "user_id": getattr(user, "id", None),
        }
        logger.info(rule, extra=extra)
    return response
