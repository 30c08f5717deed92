"""Recognising a form that came before.

Each rendering of a form carries a token. What is remembered is a digest over that token, the session, the address and
all that was entered: the same page sent again with other words, as after the back button, is something new.
"""

import json
import secrets
from datetime import timedelta
from functools import cache
from hashlib import sha256

import sqlalchemy as sa
from flask import request, session

from portal.core import clock
from portal.core.db import db, plain_insert, reading
from portal.core.sent_forms.models import SentForm

FIELD = "form_token"
KEPT = timedelta(days=2)


def new_form_token() -> str:
    return secrets.token_urlsafe(12)


def digest_of_request() -> str | None:
    """Return what tells the form of this request from every other; None for what carries no token or has no session."""
    if not request.form.get(FIELD) or "csrf_token" not in session:
        return None
    entered = [(name, values) for name, values in request.form.lists() if name != "csrf_token"]
    files = [(name, file.filename) for name, file in request.files.items(multi=True)]
    content = [session["csrf_token"], request.path, sorted(entered), sorted(files, key=str)]
    return sha256(json.dumps(content).encode()).hexdigest()


def find_location(digest: str) -> str | None:
    """Return where the form led when it was taken before."""
    # On a connection of its own: some views begin with slow work and must not hold a transaction meanwhile.
    with reading() as connection:
        return connection.scalar(_location(), {"digest": digest})


@cache
def _location() -> sa.Select[str]:
    return sa.select(SentForm.location).where(SentForm.digest == sa.bindparam("digest"))


def remember(digest: str, location: str) -> None:
    """Remember the form in the current transaction; an ``IntegrityError`` when somebody took the same one meanwhile."""
    db.session.execute(plain_insert(SentForm), {"digest": digest, "location": location, "at": clock.now()})


def forget_old() -> None:
    db.session.execute(sa.delete(SentForm).where(SentForm.at < clock.now() - KEPT))
