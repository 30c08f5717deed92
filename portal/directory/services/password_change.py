"""Setting and changing passwords."""

from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.errors import Conflict
from portal.directory.enums import Event
from portal.directory.models import User
from portal.directory.passwords import NewPassword, PasswordRefused
from portal.directory.services.sign_in import Check


class CurrentPasswordWrong(PasswordRefused):
    """Whoever changes a password must know the current one."""


def change_password(user: User, check: Check, *, password: NewPassword) -> None:
    """Change the own password and end every other session.

    ``check`` is the comparison of the current password, made before this transaction.

    Raises:
        CurrentPasswordWrong: with a sentence that says what to do.
    """
    if not check.matches or check.user_id != user.id:
        raise CurrentPasswordWrong(gettext("This is not your current password."))
    if user.password_hash != check.checked_hash:
        raise Conflict(gettext("Your password was changed a moment ago. Sign in again."))
    _set(user, password)
    user.must_change_password = False
    record(Event.PASSWORD_CHANGED, user, actor=user)
    db.session.flush()


def set_password(user: User, *, password: NewPassword, must_change: bool, actor: User | None) -> None:
    """Give somebody a password; all sessions end and a pause after wrong passwords too."""
    _set(user, password)
    user.must_change_password = must_change
    user.failed_sign_ins, user.locked_until = 0, None
    record(Event.PASSWORD_SET, user, actor=actor, after={"must_change_password": must_change})
    db.session.flush()


def _set(user: User, password: NewPassword) -> None:
    user.password_hash = password.password_hash
    user.password_changed_at = clock.now()
    user.session_generation += 1
