"""The page's own rules, and the mark that something a reader sees has changed."""

import secrets
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.audit.services import Actor, changes, record
from portal.core.db import db
from status_page.enums import Event
from status_page.models import StatusPage
from status_page.queries import get_page
from status_page.tasks import write_snapshot


def touch() -> None:
    """Raise the page's revision and have the finished pages written after the commit."""
    # Waiting changes go first, so that whoever reads the new revision reads them too.
    db.session.flush()
    db.session.execute(
        sa.update(StatusPage)
        .values(revision=StatusPage.revision + 1, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    write_snapshot.after_commit()


def change_policy(*, actor: Actor, **values: Any) -> StatusPage:
    """Change the rules of the page: second check, cadence, reminders and the weights of uptime."""
    page = get_page()
    for name, value in values.items():
        setattr(page, name, value)
    before, after = changes(page)
    if after:
        record(Event.POLICY_CHANGED, page, actor=actor, before=before, after=after)
        touch()
    return page


def new_public_id() -> str:
    """Return a name for links and the API: twelve characters that tell nothing and cannot be guessed."""
    return secrets.token_hex(6)
