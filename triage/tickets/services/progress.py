"""The steps of a ticket: hold, resume, resolve, confirm, reopen."""

from collections.abc import Iterable

from flask_babel import gettext

from portal.core import clock
from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.directory.api import User
from triage.tickets.enums import Action, Event, HoldReason, TicketState
from triage.tickets.errors import IllegalStep, TooLateToReopen
from triage.tickets.models import Ticket, TicketEntry
from triage.tickets.permissions import can_confirm, can_work_on
from triage.tickets.services.assigning import take_if_free
from triage.tickets.services.history import record_step
from triage.tickets.services.linking import link_named, refuse_hidden_links, tell_reopened, tell_solved
from triage.tickets.services.opening import open_ticket
from triage.tickets.services.rules import can_still_reopen, require_active, require_agent, require_own, require_text
from triage.tickets.services.telling import tell_agents, tell_requester


def put_on_hold(ticket: Ticket, reason: HoldReason, *, actor: User, note: str = "", tell: bool = True) -> None:
    """Let a ticket wait for somebody or something; the requester hears when it waits for them.

    ``tell=False`` is for a hold that comes with a reply, which says it already.
    """
    require_agent(ticket, actor)
    require_active(ticket)
    if ticket.hold_reason is reason:
        return
    refuse_hidden_links(ticket, note)
    take_if_free(ticket, actor=actor)
    state = ticket.state
    ticket.state, ticket.hold_reason = TicketState.ON_HOLD, reason
    entry = record_step(
        ticket, Event.HELD, Action.HELD, actor=actor, from_state=state, reason=note.strip(), hold_reason=reason.value
    )
    link_named(ticket, note, actor=actor)
    if tell and reason is HoldReason.REQUESTER:
        tell_requester(ticket, "waiting", entry, actor=actor)
    db.session.flush()


def resume_ticket(ticket: Ticket, *, actor: User) -> None:
    """Go on with a ticket that waited."""
    require_agent(ticket, actor)
    if ticket.state is not TicketState.ON_HOLD:
        raise IllegalStep(gettext("The ticket does not wait for anything."))
    mark_resumed(ticket, actor=actor)
    db.session.flush()


def resolve_ticket(
    ticket: Ticket,
    *,
    actor: User,
    resolution: str,
    cause_code: str | None = None,
    files: Iterable[StoredFile] = (),
) -> None:
    """Say that it is solved and how; the requester is asked to confirm.

    Raises:
        IncompleteStep: without words on how it was solved nobody can learn from it.
        HiddenFromRequester: the words lead to an article that the requester may not read.
    """
    require_agent(ticket, actor)
    require_active(ticket)
    resolution = require_text(resolution, gettext("Say how it was solved, in words the requester understands."))
    refuse_hidden_links(ticket, resolution)
    take_if_free(ticket, actor=actor)
    state, now = ticket.state, clock.now()
    ticket.state, ticket.hold_reason = TicketState.RESOLVED, None
    ticket.resolution, ticket.cause_code, ticket.resolved_at = resolution, cause_code, now
    ticket.first_response_at = ticket.first_response_at or now
    ticket.awaits_answer = False
    entry = record_step(
        ticket,
        Event.RESOLVED,
        Action.RESOLVED,
        actor=actor,
        from_state=state,
        reason=resolution,
        files=files,
        cause_code=cause_code,
    )
    link_named(ticket, resolution, actor=actor)
    tell_requester(ticket, "resolved", entry, actor=actor)
    db.session.flush()


def confirm_ticket(ticket: Ticket, *, actor: User, comment: str = "") -> None:
    """Close a solved ticket: only those whose ticket it is can say that it is."""
    require_own(ticket, actor)
    if ticket.state is not TicketState.RESOLVED:
        raise IllegalStep(gettext("Only a ticket that is marked as solved can be confirmed."))
    state = ticket.state
    ticket.state, ticket.closed_at = TicketState.CLOSED, clock.now()
    entry = record_step(
        ticket, Event.CONFIRMED, Action.CONFIRMED, actor=actor, from_state=state, reason=comment.strip()
    )
    tell_solved(ticket)
    tell_agents(ticket, "confirmed", entry, actor=actor)
    db.session.flush()


def reopen_ticket(ticket: Ticket, *, actor: User, reason: str) -> None:
    """Open a solved or closed ticket again, within the time the desk allows; the agent or the team hears of it.

    Raises:
        IncompleteStep: without a reason.
        IllegalStep: the ticket is not solved.
        TooLateToReopen: the time is over; ``open_follow_up`` makes a linked ticket instead.
    """
    if not can_confirm(actor, ticket):
        require_agent(ticket, actor)
    if ticket.is_active:
        raise IllegalStep(gettext("The ticket is not solved, so there is nothing to open again."))
    reason = require_text(reason, gettext("Say what still does not work."))
    entry = mark_reopened(ticket, actor=actor, reason=reason)
    tell_agents(ticket, "reopened", entry, actor=actor)
    if not can_confirm(actor, ticket):
        tell_requester(ticket, "reopened", entry, actor=actor)
    db.session.flush()


def open_follow_up(ticket: Ticket, *, actor: User, description: str) -> Ticket:
    """Open a new ticket that goes on from one which can no longer be opened again."""
    if not can_confirm(actor, ticket):
        require_agent(ticket, actor)
    if ticket.is_active or can_still_reopen(ticket):
        raise IllegalStep(gettext("This ticket is still open or can be opened again; write on it instead."))
    return open_ticket(
        actor=actor,
        requester=ticket.requester,
        title=ticket.title,
        description=require_text(description, gettext("Say what still does not work.")),
        kind=ticket.kind,
        service=ticket.service,
        category=ticket.category,
        impact=ticket.impact,
        urgency=ticket.urgency,
        follows=ticket,
    )


def mark_resumed(ticket: Ticket, *, actor: User) -> TicketEntry:
    """Change a waiting ticket back to work, and say so in its history."""
    state, reason = ticket.state, ticket.hold_reason
    ticket.state, ticket.hold_reason = _working_state(ticket), None
    held_for = reason.value if reason else None
    return record_step(ticket, Event.RESUMED, Action.RESUMED, actor=actor, from_state=state, hold_reason=held_for)


def mark_reopened(ticket: Ticket, *, actor: User, reason: str) -> TicketEntry:
    """Change a solved ticket back to work, and say so in its history; raises TooLateToReopen."""
    if not can_still_reopen(ticket):
        raise TooLateToReopen(
            gettext("Too much time has passed to open this ticket again. Open a new one; we link it to this one.")
        )
    state, was = ticket.state, ticket.resolution
    if ticket.assignee is not None and not can_work_on(ticket.assignee, ticket):
        # Whoever solved it may have left the team since.
        ticket.assignee, ticket.assignee_id = None, None
    ticket.state = _working_state(ticket)
    ticket.resolution, ticket.cause_code, ticket.resolved_at, ticket.closed_at = "", None, None, None
    ticket.awaits_answer = True
    entry = record_step(
        ticket, Event.REOPENED, Action.REOPENED, actor=actor, from_state=state, reason=reason, resolution=was
    )
    tell_reopened(ticket)
    return entry


def _working_state(ticket: Ticket) -> TicketState:
    return TicketState.NEW if ticket.assignee_id is None else TicketState.OPEN
