"""A form that came when nobody was signed in any more: what was typed goes along through signing in.

Nothing is stored. The answer itself carries what was sent, sealed, and the person looks at it and sends it again. Only
what a page of this portal sent is kept: another site could otherwise put words into somebody's mouth. A form with a
password is never kept.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, render_template, request
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException

from portal.core.auth import permission_of
from portal.core.sent_forms.services import FIELD
from portal.core.web.redirects import own_path

_CSRF = "csrf_token"
_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class KeptForm:
    """What a form sent and where to; files do not go along."""

    path: str
    fields: list[tuple[str, str]]
    had_files: bool

    @property
    def texts(self) -> list[str]:
        """What somebody typed, as far as it is worth showing: chosen values are mostly names of the program."""
        return [value for name, value in self.fields if name != FIELD and " " in value.strip()]


def kept_form() -> KeptForm | None:
    """Return the form of this request, None when it holds nothing to keep or may not be kept."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if not name.endswith(_CSRF)]
    entered = [name for name, value in fields if name != FIELD and value.strip()]
    if not entered or any("password" in name for name in entered) or not _from_own_page():
        return None
    return KeptForm(_path(), fields, any(file.filename for file in request.files.values()))


def seal(kept: KeptForm) -> str:
    return str(_sealer().dumps([kept.path, kept.fields, kept.had_files]))


def unseal(sealed: str | None) -> KeptForm | None:
    """Return what ``seal`` was given within a day, None for anything else."""
    try:
        path, fields, had_files = _sealer().loads(sealed or "", max_age=_SECONDS)
    except BadSignature:
        return None
    return KeptForm(path, [(name, value) for name, value in fields], had_files)


def kept_form_page(kept: KeptForm, *, status: int) -> Response:
    """Answer the page that shows what is kept: to be sent again, or to sign in first where that is needed."""
    view = current_app.view_functions.get(request.endpoint or "")
    sign_in_first = not current_user.is_authenticated and view is not None and permission_of(view) is not None
    text = render_template("kept_form.html", kept=kept, sealed=seal(kept) if sign_in_first else None)
    response = make_response(text, status)
    response.headers["Cache-Control"] = "no-store"
    if request.headers.get("HX-Request"):
        # A fragment's place on the page is no place for a whole page.
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _from_own_page() -> bool:
    page = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(page).netloc == request.host


def _path() -> str:
    """Where the form goes: a part of a page that asks by itself, as while somebody types, belongs to the page's form."""
    page = own_path(request.headers.get("HX-Current-URL"))
    if request.headers.get("HX-Request") and _takes_forms(page):
        return page
    return request.full_path.rstrip("?")


def _takes_forms(path: str) -> bool:
    try:
        current_app.url_map.bind_to_environ(request.environ).match(path.partition("?")[0], method="POST")
    except HTTPException:
        return False
    return True


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="kept-form")
