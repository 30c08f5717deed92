"""Keys of the write API: shown once, kept as a digest, limited to scopes, and acting for a person."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.directory.api import User
from status_page.enums import Event, TokenScope
from status_page.models import WriteToken

PREFIX = "portico_status_"
_NOTE_USE_AFTER = timedelta(minutes=10)


def create_write_token(
    name: str, *, scopes: Iterable[TokenScope], actor: User, expires_at: datetime | None = None
) -> tuple[WriteToken, str]:
    """Make a key that acts for ``actor``; returns it with its text, which nobody can read again."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = WriteToken(name=name, digest=_digest(text), scopes=sorted(scopes), user_id=actor.id, expires_at=expires_at)
    db.session.add(token)
    db.session.flush()
    record(Event.TOKEN_CREATED, token, actor=actor, after={"name": name, "scopes": token.scopes})
    return token, text


def revoke_write_token(token: WriteToken, *, actor: User) -> None:
    """Make a key worthless at once."""
    token.revoked_at = clock.now()
    record(Event.TOKEN_REVOKED, token, actor=actor)


def find_holder(text: str, scope: TokenScope) -> User | None:
    """Return for whom a key acts, or None when it is unknown, revoked, expired or not for this scope."""
    now = clock.now()
    token = db.session.scalars(sa.select(WriteToken).where(WriteToken.digest == _digest(text))).one_or_none()
    if token is None or token.revoked_at or (token.expires_at and token.expires_at <= now):
        return None
    user = db.session.get(User, token.user_id)
    if scope not in token.scopes or user is None or not user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > _NOTE_USE_AFTER:
        token.last_used_at = now
    return user


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
