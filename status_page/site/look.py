"""The style sheet and script of the public page, and the names of its present look."""

import base64
from functools import cache
from pathlib import Path

from flask import current_app

from status_page.site.items import digest

_FOLDER = Path(__file__).parent.parent


@cache
def _read(path: Path) -> str:
    return path.read_text()


def style_sheet() -> bytes:
    """Return the design's tokens and the page's own rules as one file."""
    tokens = Path(current_app.static_folder or "") / "css" / "tokens.css"
    return (_read(tokens) + _read(_FOLDER / "static" / "status.css")).encode()


def script() -> bytes:
    """Return the script that says how old the page is."""
    return _read(_FOLDER / "static" / "status.js").encode()


@cache
def script_version() -> str:
    return digest(script())[:8]


@cache
def css_version() -> str:
    return digest(style_sheet())[:8]


@cache
def look_version() -> str:
    """Return a name that changes with style sheet and templates: then every page is made anew."""
    templates = sorted((_FOLDER / "templates" / "status_page" / "public").glob("*.html"))
    return digest(css_version(), script_version(), [path.read_text() for path in templates])


@cache
def icon_data() -> str:
    """Return the icon of the page as a data address, so that a phone needs no further file."""
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#0b6376" '
        'd="M3 20h18v2H3zm1-2h3V9H4zm6.5 0h3V9h-3zM17 18h3V9h-3zM2 7l10-5 10 5z"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()
