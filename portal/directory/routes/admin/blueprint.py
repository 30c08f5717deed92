from flask import Blueprint, url_for
from flask_babel import gettext

bp = Blueprint("admin", "portal.directory", url_prefix="/admin", template_folder="templates")


def trail(*more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the way from the administration to a page."""
    return [(gettext("Administration"), url_for("admin.index")), *more]
