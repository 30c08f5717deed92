"""What people write on a ticket: public replies and internal notes."""

from collections.abc import Iterable

from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.directory.api import User
from triage.tickets.enums import EntryKind, Event, HoldReason, TicketState
from triage.tickets.errors import IllegalStep
from triage.tickets.models import Ticket, TicketEntry
from triage.tickets.permissions import can_work_on, is_own
from triage.tickets.services.assigning import take_if_free
from triage.tickets.services.history import add_entry, audited_changes
from triage.tickets.services.linking import link_named, refuse_hidden_links
from triage.tickets.services.progress import mark_reopened, mark_resumed
from triage.tickets.services.rules import require_agent, require_part_in, require_text
from triage.tickets.services.telling import tell_agents, tell_requester


def reply(
    ticket: Ticket, *, actor: User, body: str, files: Iterable[StoredFile] = (), as_agent: bool | None = None
) -> TicketEntry:
    """Write a public reply.

    An agent's reply is the answer the requester gets by e-mail; the agent takes a ticket nobody has. A requester's
    reply resumes a ticket that waits for them and opens a solved one again, within the time for it; the agent or
    the team hears of it. ``as_agent`` settles on which side somebody writes who is on both; by default the asker's.

    Raises:
        IncompleteStep: the text is empty.
        IllegalStep: an agent writes on a closed ticket.
        HiddenFromRequester: an agent's words lead to an article that the requester may not read.
        TooLateToReopen: the requester writes on a ticket that can no longer be opened again.
    """
    require_part_in(ticket, actor)
    body = require_text(body, gettext("Write something before you send it."))
    if as_agent if as_agent is not None else not is_own(actor, ticket):
        return _reply_as_agent(ticket, actor, body, files)
    return _reply_as_requester(ticket, actor, body, files)


def add_note(ticket: Ticket, *, actor: User, body: str, files: Iterable[StoredFile] = ()) -> TicketEntry:
    """Write an internal note: for agents only, never told to the requester."""
    require_agent(ticket, actor)
    body = require_text(body, gettext("Write something before you send it."))
    entry = add_entry(ticket, EntryKind.NOTE, author=actor, body=body, is_internal=True, files=files)
    record(Event.NOTED, ticket, actor=actor, after={"entry_id": entry.id})
    link_named(ticket, body, actor=actor)
    db.session.flush()
    return entry


def _reply_as_agent(ticket: Ticket, actor: User, body: str, files: Iterable[StoredFile]) -> TicketEntry:
    if not can_work_on(actor, ticket):
        require_agent(ticket, actor)
    if ticket.state is TicketState.CLOSED:
        raise IllegalStep(gettext("The ticket is closed. Open it again first."))
    refuse_hidden_links(ticket, body)
    take_if_free(ticket, actor=actor)
    if ticket.first_response_at is None:
        ticket.first_response_at = clock.now()
    ticket.awaits_answer = False
    entry = _add_reply(ticket, actor, body, files)
    link_named(ticket, body, actor=actor)
    tell_requester(ticket, "replied", entry, actor=actor)
    db.session.flush()
    return entry


def _reply_as_requester(ticket: Ticket, actor: User, body: str, files: Iterable[StoredFile]) -> TicketEntry:
    # Whether it may be opened again is asked before anything is written.
    if not ticket.is_active:
        mark_reopened(ticket, actor=actor, reason="")
    elif ticket.hold_reason is HoldReason.REQUESTER:
        mark_resumed(ticket, actor=actor)
    ticket.awaits_answer = True
    entry = _add_reply(ticket, actor, body, files)
    tell_agents(ticket, "requester_replied", entry, actor=actor)
    db.session.flush()
    return entry


def _add_reply(ticket: Ticket, actor: User, body: str, files: Iterable[StoredFile]) -> TicketEntry:
    before, after = audited_changes(ticket)
    entry = add_entry(ticket, EntryKind.REPLY, author=actor, body=body, files=files)
    record(Event.REPLIED, ticket, actor=actor, before=before, after={**after, "entry_id": entry.id})
    return entry
