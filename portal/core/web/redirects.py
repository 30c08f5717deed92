from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse


def own_path(wanted: str | None) -> str:
    """Return the path and query of ``wanted`` when it leads to this site, else the front page."""
    if not wanted or "\\" in wanted or any(ord(character) < 32 for character in wanted):
        return "/"
    target = urlsplit(urljoin(request.host_url, wanted))
    if target.scheme not in ("http", "https") or target.netloc != request.host:
        return "/"
    path = "/" + target.path.lstrip("/")
    query = target.query.rstrip("&")
    return f"{path}?{query}" if query else path


def wanted_path() -> str | None:
    """Return what the request itself names as the place to go to afterwards; pass it through ``own_path``."""
    return request.form.get("next") or request.args.get("next")


def see_other(endpoint: str, **values: Any) -> WerkzeugResponse:
    """Send the browser to another page after a change: 303, and for HTMX 204 with ``HX-Redirect``."""
    return go_to(url_for(endpoint, **values))


def go_to(path: str) -> WerkzeugResponse:
    """Send the browser to a path of ours, as ``own_path`` answers it."""
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": path})
    return redirect(path, 303)
