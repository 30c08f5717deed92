"""Signing in and out with a password of the portal's own.

Verifying a password takes a tenth of a second on purpose. It therefore happens before the transaction that writes,
so that nobody waits for the database meanwhile: ``check_password`` only reads, ``sign_in`` only writes.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db, reading
from portal.core.errors import Refused
from portal.directory import passwords
from portal.directory.enums import Event
from portal.directory.models import User

TRIES = 5
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=24)


class SignInRefused(Refused):
    """User name and password do not belong together, or the account may not sign in now; it is not said which."""


@dataclass(frozen=True)
class Check:
    """What came of comparing a password: for whom, against which hash, and a new hash when the old is outdated."""

    user_id: int | None
    matches: bool
    checked_hash: str | None = None
    new_hash: str | None = None


@dataclass(frozen=True)
class UnknownAccount:
    """Stands in the audit trail for a name nobody has. The name is not kept: people type passwords into the field."""

    id: str = ""
    __tablename__ = User.__tablename__

    def __str__(self) -> str:
        return "unknown"


def check_password(name: str, password: str) -> Check:
    """Compare a password with the one kept for a user name or e-mail address; reads only, on a connection of its own."""
    with reading() as connection:
        wanted = name.strip().lower()
        found = connection.execute(
            sa.select(User.id, User.password_hash)
            .where(sa.or_(User.username == wanted, User.email == wanted))
            .order_by(sa.case((User.username == wanted, 0), else_=1))
            .limit(1)
        ).first()
    user_id, password_hash = found or (None, None)
    matches = passwords.matches(password_hash, password)
    outdated = matches and password_hash is not None and passwords.is_outdated(password_hash)
    new_hash = passwords.hash_password(password) if outdated else None
    return Check(user_id, matches, password_hash, new_hash)


def sign_in(check: Check) -> User:
    """Let a person in whose password was checked, or record the failure.

    Raises:
        SignInRefused: always with the same sentence. What was recorded must be committed nevertheless.
    """
    user = db.session.get(User, check.user_id, with_for_update=True, populate_existing=True) if check.user_id else None
    if user is None:
        record(Event.SIGN_IN_FAILED, UnknownAccount(), actor=None, after={"cause": "unknown account"}, daily_work=True)
        raise _refusal()
    cause = _cause(user, check)
    if cause:
        _count_failure(user, cause)
        raise _refusal()
    user.failed_sign_ins, user.locked_until = 0, None
    user.last_sign_in_at = clock.now()
    user.password_hash = check.new_hash or user.password_hash
    record(Event.SIGNED_IN, user, actor=user, daily_work=True)
    db.session.flush()
    return user


def sign_out(user: User) -> None:
    """Record that a person ended a session."""
    record(Event.SIGNED_OUT, user, actor=user, daily_work=True)


def sign_out_everywhere(user: User, *, actor: User) -> None:
    """End every session of a person, on every device."""
    user.session_generation += 1
    record(Event.SIGNED_OUT_EVERYWHERE, user, actor=actor, daily_work=True)
    db.session.flush()


def pause_after(failures: int) -> timedelta | None:
    """Return how long the account pauses after this many failures in a row: 15 minutes after 5, twice that after 10."""
    if failures == 0 or failures % TRIES:
        return None
    doublings = min(failures // TRIES - 1, 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _cause(user: User, check: Check) -> str:
    if not user.is_active:
        return "account deactivated"
    if user.locked_until is not None and user.locked_until > clock.now():
        return "account paused"
    # Somebody may have changed the password since it was compared.
    if not check.matches or user.password_hash != check.checked_hash:
        return "wrong password"
    return ""


def _count_failure(user: User, cause: str) -> None:
    record(Event.SIGN_IN_FAILED, user, actor=None, after={"cause": cause}, daily_work=True)
    if cause == "wrong password":
        user.failed_sign_ins += 1
        pause = pause_after(user.failed_sign_ins)
        if pause:
            user.locked_until = clock.now() + pause
            record(Event.LOCKED_OUT, user, actor=None, after={"locked_until": user.locked_until}, daily_work=True)
    db.session.flush()


def _refusal() -> SignInRefused:
    return SignInRefused(
        gettext(
            "We could not sign you in with this user name and password. Check both and try again. "
            "After five wrong passwords an account pauses for 15 minutes."
        )
    )
