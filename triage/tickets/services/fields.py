"""What is written on a ticket: its title, kind, service, category, impact, urgency and priority."""

from flask_babel import gettext

from portal.core.db import db
from portal.directory.api import Service, User
from triage.tickets.enums import Action, Event, Impact, TicketKind, Urgency
from triage.tickets.errors import ChangedMeanwhile, IllegalStep
from triage.tickets.models import Category, Ticket
from triage.tickets.priority import priority_for
from triage.tickets.services.history import audited_changes, record_step
from triage.tickets.services.rules import require_active, require_agent, require_text

_FIELDS = ("title", "kind", "service_id", "category_id", "impact", "urgency", "priority")


def change_fields(
    ticket: Ticket,
    *,
    actor: User,
    title: str,
    kind: TicketKind,
    service: Service | None,
    category: Category | None,
    impact: Impact,
    urgency: Urgency,
    version: int | None = None,
    reason: str = "",
) -> None:
    """Correct what a ticket says; the matrix gives the priority anew unless an agent has set it.

    ``version`` is the one the form was made from. Service and team are apart on purpose: a corrected service does
    not take the ticket away from whoever has it.

    Raises:
        ChangedMeanwhile: somebody changed the ticket since the form was shown.
        IncompleteStep: the kind changes without a reason.
    """
    require_agent(ticket, actor)
    require_active(ticket)
    if version is not None and version != ticket.version:
        raise ChangedMeanwhile(
            gettext("Somebody else changed ticket #%(number)s first. Look at it again.", number=ticket.number)
        )
    title = require_text(" ".join(title.split()), gettext("A ticket needs a title."))
    if kind is not ticket.kind:
        reason = require_text(reason, gettext("Say why the ticket is of another kind."))
    # Asked before anything changes: a query would write the changes, and the audit trail would miss them.
    state, priority = ticket.state, priority_for(impact, urgency)
    ticket.title, ticket.kind = title, kind
    ticket.service, ticket.service_id = service, service.id if service else None
    ticket.category, ticket.category_id = category, category.id if category else None
    ticket.impact, ticket.urgency = impact, urgency
    if not ticket.priority_reason:
        ticket.priority = priority
    before, after = audited_changes(ticket)
    changed = {name: [before.get(name), after[name]] for name in _FIELDS if name in after}
    if changed:
        record_step(
            ticket,
            Event.CHANGED,
            Action.CHANGED,
            actor=actor,
            from_state=state,
            reason=reason.strip(),
            is_internal=True,
            changed=changed,
        )
        db.session.flush()


def set_priority(ticket: Ticket, priority: int, *, actor: User, reason: str) -> None:
    """Set another priority than the matrix gives, and say why."""
    require_agent(ticket, actor)
    require_active(ticket)
    reason = require_text(reason, gettext("Say why the priority differs from the matrix."))
    if not 1 <= priority <= 5:
        raise IllegalStep(gettext("Priorities go from 1 to 5."))
    _store_priority(ticket, priority, actor, reason, kept=reason)


def reset_priority(ticket: Ticket, *, actor: User) -> None:
    """Let the matrix decide again."""
    require_agent(ticket, actor)
    require_active(ticket)
    _store_priority(ticket, priority_for(ticket.impact, ticket.urgency), actor, "", kept="")


def _store_priority(ticket: Ticket, priority: int, actor: User, reason: str, *, kept: str) -> None:
    state, was = ticket.state, ticket.priority
    ticket.priority, ticket.priority_reason = priority, kept
    record_step(
        ticket,
        Event.PRIORITY_SET,
        Action.PRIORITY_SET,
        actor=actor,
        from_state=state,
        reason=reason,
        is_internal=True,
        changed={"priority": [was, priority]},
    )
    db.session.flush()
