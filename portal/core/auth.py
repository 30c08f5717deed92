"""Who may: permissions on endpoints and one question for everything else.

An endpoint carries exactly one mark, ``@requires(permission)`` or ``@public``; the application refuses to start when
one has neither. Which role holds which permission is data (``portal.directory``).
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol, TypeVar

from flask import Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, LoginManager, current_user

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

login_manager = LoginManager()
login_manager.session_protection = None

_NO_MARK_NEEDED = {"static"}


class Principal(Protocol):
    """What the foundation needs to know of whoever makes a request."""

    @property
    def is_authenticated(self) -> bool: ...
    def can(self, permission: StrEnum, *, team_id: int | None = None) -> bool: ...
    def can_everywhere(self, permission: StrEnum) -> bool: ...


class Anonymous(AnonymousUserMixin):
    """Somebody who is not signed in: holds no permission and sees what is public."""

    id = None
    locale = None
    time_zone = None
    audience_tokens = frozenset({"public"})

    def can(self, permission: StrEnum, *, team_id: int | None = None) -> bool:
        return False

    def can_everywhere(self, permission: StrEnum) -> bool:
        return False


login_manager.anonymous_user = Anonymous


# Until the directory says how people are found, nobody is signed in.
@login_manager.user_loader
def _nobody(user_id: str) -> None:
    return None


def public(view: View) -> View:
    """Mark an endpoint as open to anyone."""
    view.portico_permission = None  # type: ignore[attr-defined]
    return view


def requires(permission: StrEnum, *, everywhere: bool = False) -> Callable[[View], View]:
    """Let only those in who hold ``permission`` for anything; whether for this object is asked of a predicate.

    ``everywhere`` is for pages about the whole portal: a right that is limited to the things of one team does not
    open them.

    Somebody not signed in is led to the sign-in page and back; somebody without the right gets 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return _to_sign_in()
            if not (current_user.can_everywhere(permission) if everywhere else current_user.can(permission)):
                abort(403)
            return view(*args, **kwargs)

        guarded.portico_permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def permission_of(view: Callable[..., Any]) -> StrEnum | None:
    """Return the permission an endpoint requires, None when it is public; raises LookupError when it has no mark."""
    try:
        permission: StrEnum | None = view.portico_permission  # type: ignore[attr-defined]
    except AttributeError:
        raise LookupError("The endpoint has neither @requires nor @public.") from None
    return permission


def init_app(app: Flask) -> None:
    login_manager.init_app(app)


def refuse_unmarked_endpoints(app: Flask) -> None:
    """Raise when an endpoint carries neither mark: a forgotten permission must not reach production."""
    for endpoint, view in app.view_functions.items():
        if endpoint not in _NO_MARK_NEEDED:
            try:
                permission_of(view)
            except LookupError as error:
                raise RuntimeError(f"{endpoint}: {error}") from None


def _to_sign_in() -> ResponseReturnValue:
    # Imported here because the web layer stands on this module.
    from portal.core.web.kept_forms import kept_form, kept_form_page

    if request.method != "GET" and (kept := kept_form()) is not None:
        return kept_form_page(kept, status=401)
    wanted = request.full_path if request.method == "GET" else request.referrer or ""
    target = url_for("directory.sign_in", next=_own_path(wanted))
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": target}
    return redirect(target, 303)


def _own_path(wanted: str) -> str | None:
    # Imported here because the web layer stands on this module.
    from portal.core.web.redirects import own_path

    path = own_path(wanted)
    return None if path == "/" else path
