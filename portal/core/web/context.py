"""What every template can use."""

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from jinja2.utils import urlize
from markupsafe import Markup, escape
from werkzeug.local import LocalProxy

from portal.core.feature import NavigationEntry, registered_features
from portal.core.sent_forms.services import new_form_token

MOST_ENTRIES = 7
_OWN_PATH = "portico.own_path"
_MAY_HAVE_ADDRESS = re.compile(r"[:@]|\w\.\w")


def init_app(app: Flask) -> None:
    app.jinja_env.globals |= {"url_with": url_with, "asset": asset, "new_form_token": new_form_token}
    app.jinja_env.filters["linked"] = linked
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_context)


def linked(text: str) -> Markup:
    """Return plain text with the addresses in it as links; nothing in it is taken for markup."""
    # Taking a text apart word by word takes long, and most have no address.
    return Markup(urlize(text)) if _MAY_HAVE_ADDRESS.search(text) else escape(text)  # noqa: S704 (escapes)


def url_with(**changes: Any) -> str:
    """Return the current URL with query arguments replaced; None removes one."""
    arguments: dict[str, Any] = {**request.args.to_dict(flat=False), **changes}
    query = urlencode({name: value for name, value in arguments.items() if value is not None}, doseq=True)
    # A list has dozens of links to itself, and its own path costs more than all that follows it. What somebody writes
    # into the address stands in the query and nowhere else: a name like "_external" would mean something to url_for.
    path: str | None = request.environ.get(_OWN_PATH)
    if path is None:
        path = request.environ[_OWN_PATH] = url_for(request.endpoint or "home.index", **(request.view_args or {}))
    return f"{path}?{query}" if query else path


def asset(name: str) -> str:
    """Return the URL of a static file that browsers may keep for ever: it changes with the file."""
    urls: dict[tuple[str, str], str] = current_app.extensions.setdefault("portico_asset_urls", {})
    # Kept whole: a page has a hundred icons, and making their URL each time takes longer than the rest of them.
    key = request.script_root, name
    if key not in urls or current_app.debug:
        path = Path(current_app.static_folder or "") / name
        version = format(path.stat().st_mtime_ns & 0xFFFFFFFF, "x") if path.exists() else "0"
        urls[key] = url_for("static", filename=name, v=version)
    return urls[key]


def _context() -> dict[str, Any]:
    navigation = cache(_navigation)
    context: dict[str, Any] = {
        "request_id": g.get("request_id", ""),
        "locale": str(get_locale()),
        # Made when a template uses it, and once a page: a proxy alone would ask again at each use.
        "navigation": LocalProxy(navigation),
        # The way back from a page to the place it belongs to, for those who may go there.
        "place_trail": lambda: [(place["label"], place["url"]) for place in navigation() if place["current"]],
    }
    for feature in registered_features(current_app):
        if feature.template_context and not g.get("database_failed"):
            context |= feature.template_context()
    return context


def _navigation() -> list[dict[str, Any]]:
    """Return the places the current user may go, at most seven, with the current one marked."""
    entries = [entry for feature in registered_features(current_app) for entry in feature.navigation]
    places = [(entry, _endpoint_of(entry)) for entry in sorted(entries, key=lambda entry: entry.order)]
    return [_place(entry, endpoint) for entry, endpoint in places if endpoint][:MOST_ENTRIES]


def _endpoint_of(entry: NavigationEntry) -> str:
    allowed = entry.permission is None or current_user.can(entry.permission)
    return entry.endpoint if allowed else entry.otherwise


def _place(entry: NavigationEntry, endpoint: str) -> dict[str, Any]:
    url = url_for(endpoint)
    return {
        "label": entry.label,
        "url": url,
        "icon": entry.icon,
        # A place is where its pages are: a person's page under /admin marks the administration. A page that belongs
        # elsewhere than its address says so in ``g.place``.
        "current": endpoint == g.place
        if "place" in g
        else request.path == url or (url != "/" and request.path.startswith(f"{url}/")),
        "count": entry.count() if entry.count else None,
    }
