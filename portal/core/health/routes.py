from hmac import compare_digest
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request

from portal.core.auth import public
from portal.core.feature import Remark
from portal.core.health.checks import run_checks
from portal.core.health.metrics import exposition
from portal.core.settings import Settings

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> Response:
    response = Response("ok\n", mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    checks = run_checks()
    fine = {name: not said or isinstance(said, Remark) for name, said in checks.items()}
    well = all(fine.values())
    body = {"ready": well, "checks": {name: {"ok": fine[name], "sentence": said} for name, said in checks.items()}}
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response, 200 if well else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    if not _may_read_metrics(current_app.extensions["portico_settings"]):
        abort(403)
    response = Response(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _may_read_metrics(settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value()
    if token:
        return compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    # Behind a proxy that nobody told us of, everyone would seem to come from this machine.
    if "X-Forwarded-For" in request.headers and not settings.trusted_proxies:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
