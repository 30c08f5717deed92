"""A person's account: made, changed, closed and opened again."""

import re
import zoneinfo

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.settings import LOCALES
from portal.directory.enums import Event
from portal.directory.models import User
from portal.directory.passwords import NewPassword
from portal.directory.services.rights import refuse_without_administrator

_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\.]+(\.[^@\s<>,;:\"()\[\]\\.]+)*")
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,119}")


class AccountRefused(Refused):
    """An account cannot be made or changed like this."""


def create_user(
    username: str,
    *,
    email: str,
    display_name: str,
    actor: User | None,
    password: NewPassword | None = None,
    must_change_password: bool = False,
    locale: str = "en",
    time_zone: str = "UTC",
) -> User:
    """Make an account. Without a password nobody can sign in with it until one is set.

    Raises:
        AccountRefused: the name or address is malformed or taken, or language or time zone is unknown.
    """
    user = User(username=_checked_username(username), display_name=display_name.strip(), session_generation=1)
    user.email = _checked_email(email)
    _set_place(user, locale, time_zone)
    _refuse_taken(user)
    if password is not None:
        user.password_hash, user.password_changed_at = password.password_hash, clock.now()
    user.must_change_password = must_change_password
    db.session.add(user)
    db.session.flush()
    record(
        Event.USER_CREATED,
        user,
        actor=actor,
        after={"username": user.username, "email": user.email, "display_name": user.display_name},
    )
    return user


def change_user(user: User, *, username: str, email: str, display_name: str, actor: User) -> None:
    """Change what an administrator may change of an account: names and address.

    Raises:
        AccountRefused: the name or address is malformed or taken.
    """
    with db.session.no_autoflush:
        wanted = User(username=_checked_username(username), email=_checked_email(email))
        _refuse_taken(wanted, besides=user)
        user.username, user.email, user.display_name = wanted.username, wanted.email, display_name.strip()
    _record_changes(user, actor)


def change_profile(user: User, *, display_name: str, locale: str, time_zone: str, actor: User) -> None:
    """Change what a person may change of the own account.

    Raises:
        AccountRefused: the language or time zone is unknown.
    """
    user.display_name = display_name.strip()
    _set_place(user, locale, time_zone)
    _record_changes(user, actor)


def deactivate_user(user: User, *, actor: User | None, reason: str = "") -> None:
    """Close an account and end its sessions; what it did stays.

    Raises:
        LastAdministrator: nobody would be left who can give rights.
        AccountRefused: people cannot close their own account.
    """
    if not user.is_active:
        raise AccountRefused(gettext("This account is closed already."))
    if actor is not None and actor.id == user.id:
        raise AccountRefused(gettext("You cannot close your own account. Ask another administrator."))
    refuse_without_administrator(without_user=user.id)
    user.is_active = False
    user.session_generation += 1
    user.forget_rights()
    record(Event.USER_DEACTIVATED, user, actor=actor, reason=reason)
    db.session.flush()


def reactivate_user(user: User, *, actor: User | None, reason: str = "") -> None:
    """Open a closed account again, with the roles it had."""
    if user.is_active:
        raise AccountRefused(gettext("This account is open already."))
    user.is_active = True
    user.forget_rights()
    record(Event.USER_REACTIVATED, user, actor=actor, reason=reason)
    db.session.flush()


def unlock_user(user: User, *, actor: User | None) -> None:
    """End the pause after wrong passwords."""
    user.failed_sign_ins, user.locked_until = 0, None
    record(Event.UNLOCKED, user, actor=actor)
    db.session.flush()


def _record_changes(user: User, actor: User) -> None:
    before, after = changes(user)
    if after:
        record(Event.USER_CHANGED, user, actor=actor, before=before, after=after)
    db.session.flush()


def _checked_username(username: str) -> str:
    name = username.strip().lower()
    if not _USERNAME.fullmatch(name):
        raise AccountRefused(
            gettext("Use 2 to 120 letters, digits and . _ @ + - and begin with a letter or digit."), field="username"
        )
    return name


def _checked_email(email: str) -> str:
    # Whether mail arrives is found out by sending it; a company's own domain need not be public.
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address) or len(address) > 320:
        raise AccountRefused(gettext("Enter an address like name@example.org."), field="email")
    return address


def _set_place(user: User, locale: str, time_zone: str) -> None:
    if locale not in LOCALES:
        raise AccountRefused(gettext("Choose one of the languages."), field="locale")
    if time_zone not in zoneinfo.available_timezones():
        raise AccountRefused(gettext("Choose one of the time zones."), field="time_zone")
    user.locale, user.time_zone = locale, time_zone


def _refuse_taken(wanted: User, *, besides: User | None = None) -> None:
    # People may sign in with either, so no name may be somebody else's address.
    names = (wanted.username, wanted.email)
    taken = sa.select(User).where(sa.or_(User.username.in_(names), User.email.in_(names)))
    if besides is not None:
        taken = taken.where(User.id != besides.id)
    for other in db.session.scalars(taken):
        if wanted.username in (other.username, other.email):
            raise AccountRefused(gettext("Somebody has this user name already. Choose another."), field="username")
        raise AccountRefused(gettext("Another account uses this address. Use a different one."), field="email")
