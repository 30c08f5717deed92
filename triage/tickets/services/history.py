"""Writing a ticket's history: every step leaves one line on the ticket and one in the audit trail."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portal.core import clock
from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.directory.api import User
from triage.tickets.enums import Action, EntryKind, Event, TicketState
from triage.tickets.models import Ticket, TicketAttachment, TicketEntry

# Moves with every line and says nothing the line itself does not.
_NOT_AUDITED = ("last_activity_at", "updated_at", "version")


def add_entry(
    ticket: Ticket,
    kind: EntryKind,
    *,
    author: User | None,
    body: str = "",
    action: Action | None = None,
    is_internal: bool = False,
    from_state: TicketState | None = None,
    to_state: TicketState | None = None,
    files: Iterable[StoredFile] = (),
    at: datetime | None = None,
    **data: Any,
) -> TicketEntry:
    """Add a line to the history and let the ticket show that something happened, now or ``at`` another moment."""
    at = at or clock.now()
    entry = TicketEntry(
        ticket=ticket,
        kind=kind,
        is_internal=is_internal,
        author_id=author.id if author else None,
        body=body,
        action=action,
        from_state=from_state,
        to_state=to_state,
        data=data,
        created_at=at,
    )
    ticket.last_activity_at = at
    db.session.add(entry)
    db.session.flush()
    for file in files:
        db.session.add(TicketAttachment(ticket_id=ticket.id, entry_id=entry.id, file_id=file.id))
    return entry


def record_step(
    ticket: Ticket,
    event: Event,
    action: Action,
    *,
    actor: User | None,
    from_state: TicketState,
    reason: str = "",
    is_internal: bool = False,
    files: Iterable[StoredFile] = (),
    **data: Any,
) -> TicketEntry:
    """Write a change already made on ``ticket`` to the audit trail and to its history."""
    before, after = audited_changes(ticket)
    record(event, ticket, actor=actor, before=before, after=after, reason=reason)
    return add_entry(
        ticket,
        EntryKind.EVENT,
        author=actor,
        body=reason,
        action=action,
        is_internal=is_internal,
        from_state=from_state,
        to_state=ticket.state,
        files=files,
        **data,
    )


def audited_changes(ticket: Ticket) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = changes(ticket)
    return (
        {name: value for name, value in before.items() if name not in _NOT_AUDITED},
        {name: value for name, value in after.items() if name not in _NOT_AUDITED},
    )
