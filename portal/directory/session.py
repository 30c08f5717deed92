"""Who is behind a session: it is begun at sign-in, kept in a signed cookie, and ended here."""

from functools import cache

import sqlalchemy as sa
from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from portal.core.audit.services import Position, position_columns
from portal.core.auth import login_manager
from portal.core.db import db
from portal.core.web.remembering import note_position
from portal.directory.models import User

# What somebody may still reach who must first choose a new password.
_OPEN_BEFORE_CHANGE = {
    "static",
    "design.theme",
    "home.language",
    "directory.own_password",
    "directory.change_own_password",
    "directory.sign_out",
}


def init_app(app: Flask) -> None:
    login_manager.user_loader(load_user)
    app.before_request(insist_on_new_password)


def load_user(session_id: str) -> User | None:
    """Return the person a session was made for, or None when it was ended or the account is closed.

    ``session_id`` is what ``User.get_id`` gave: the id and the generation of sessions it belongs to.
    """
    user_id, _, generation = session_id.partition(".")
    if not (user_id.isdigit() and generation.isdigit()):
        return None
    found = db.session.execute(
        _person_of_session(), {"user_id": int(user_id), "generation": int(generation)}
    ).one_or_none()
    if found is None:
        return None
    note_position(Position(*found[1:]))
    return found[0]


@cache
def _person_of_session() -> sa.Select[User, int, int]:
    # Made once, because every page of somebody signed in begins with it. Where the audit trail stands comes along:
    # every page asks for it, and this spares it a question of its own.
    return sa.select(User, *position_columns()).where(
        User.id == sa.bindparam("user_id"),
        User.session_generation == sa.bindparam("generation"),
        User.is_active.is_(True),
    )


def signed_in_user() -> User:
    """Return the person making this request, itself and not the proxy; only for endpoints that require a permission."""
    user: User = current_user._get_current_object()  # noqa: SLF001 (the documented way to the object)
    return user


def start_session(user: User) -> None:
    """Begin a session for a person: a new one, so that nothing set before sign-in lives on in it."""
    session.clear()
    # A page of this same answer that holds a form must get a token of the new session.
    g.pop("csrf_token", None)
    # A permanent session is renewed with each request and ends when none came for `session_hours`.
    session.permanent = True
    login_user(user)


def end_session() -> None:
    logout_user()
    session.clear()


def insist_on_new_password() -> ResponseReturnValue | None:
    """Lead somebody whose password was set by another person to the page where it is changed, from every page."""
    # Without a session there is nobody to ask for, and public pages must not cost a query.
    if "_user_id" not in session or request.endpoint in _OPEN_BEFORE_CHANGE or request.endpoint is None:
        return None
    if not current_user.is_authenticated or not current_user.must_change_password:
        return None
    target = url_for("directory.own_password")
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": target}
    return redirect(target, 303)
