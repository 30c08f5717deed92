"""Who has a ticket: claim, release, assign, move to another team."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import record
from portal.core.db import db
from portal.directory.api import Team, User
from triage.tickets import routing
from triage.tickets.enums import ACTIVE_STATES, Action, EntryKind, Event, Permission, TicketState
from triage.tickets.errors import AlreadyClaimed, IllegalStep, IncompleteStep
from triage.tickets.models import Ticket
from triage.tickets.services.history import add_entry, record_step
from triage.tickets.services.rules import require_active, require_agent
from triage.tickets.services.telling import tell_agents


def claim_ticket(ticket: Ticket, *, actor: User) -> None:
    """Take a ticket that nobody has. Of several who claim at once exactly one gets it.

    Raises:
        AlreadyClaimed: somebody else was faster; the sentence says who.
        IllegalStep: the ticket is solved or closed.
    """
    require_agent(ticket, actor)
    require_active(ticket)
    if ticket.assignee_id == actor.id:
        return
    _take(ticket, actor, Event.CLAIMED, Action.CLAIMED, actor=actor)


def take_if_free(ticket: Ticket, *, actor: User) -> None:
    """Give a ticket nobody has to the agent who begins to work on it."""
    if ticket.assignee_id is None and ticket.is_active:
        claim_ticket(ticket, actor=actor)


def release_ticket(ticket: Ticket, *, actor: User, reason: str = "") -> None:
    """Put a ticket back into the queue of its team."""
    require_agent(ticket, actor)
    require_active(ticket)
    if ticket.assignee_id is None:
        raise IllegalStep(gettext("Nobody has this ticket, so there is nothing to put back."))
    left, state = ticket.assignee_id, ticket.state
    ticket.assignee, ticket.assignee_id = None, None
    if state is TicketState.OPEN:
        ticket.state = TicketState.NEW
    entry = record_step(
        ticket,
        Event.RELEASED,
        Action.RELEASED,
        actor=actor,
        from_state=state,
        reason=reason,
        is_internal=True,
        left=left,
    )
    tell_agents(ticket, "new_in_queue", entry, actor=actor)
    db.session.flush()


def assign_ticket(ticket: Ticket, agent: User, *, actor: User) -> None:
    """Give a ticket to an agent of its team, also away from somebody who has it."""
    require_agent(ticket, actor)
    require_active(ticket)
    if not (agent.is_active and agent.can(Permission.WORK, team_id=ticket.team_id)):
        raise IllegalStep(
            gettext(
                "%(agent)s does not work on the tickets of %(team)s.", agent=agent.display_name, team=ticket.team.name
            )
        )
    if ticket.assignee_id == agent.id:
        return
    if ticket.assignee_id is None:
        _take(ticket, agent, Event.ASSIGNED, Action.ASSIGNED, actor=actor)
    else:
        state, left = ticket.state, ticket.assignee_id
        ticket.assignee, ticket.assignee_id = agent, agent.id
        entry = record_step(
            ticket, Event.ASSIGNED, Action.ASSIGNED, actor=actor, from_state=state, left=left, **_named(agent)
        )
        tell_agents(ticket, "assigned", entry, actor=actor)
    db.session.flush()


def move_ticket(ticket: Ticket, team: Team, *, actor: User, reason: str) -> None:
    """Send a ticket to another team's queue; nobody has it there yet, and work begins anew.

    Raises:
        IncompleteStep: without a reason the other team would have to guess.
    """
    require_agent(ticket, actor)
    require_active(ticket)
    reason = reason.strip()
    if not reason:
        raise IncompleteStep(gettext("Say why the ticket belongs to the other team."))
    if team.id == ticket.team_id or not team.is_active:
        raise IllegalStep(gettext("Choose another team than the one that has the ticket."))
    state, left = ticket.state, ticket.team
    ticket.team, ticket.team_id = team, team.id
    ticket.assignee, ticket.assignee_id = None, None
    ticket.state, ticket.hold_reason = TicketState.NEW, None
    ticket.routing = routing.by_hand(team, reason)
    entry = record_step(
        ticket,
        Event.MOVED,
        Action.MOVED,
        actor=actor,
        from_state=state,
        reason=reason,
        is_internal=True,
        from_team_id=left.id,
        to_team_id=team.id,
        from_team=left.name,
        to_team=team.name,
    )
    tell_agents(ticket, "new_in_queue", entry, actor=actor)
    db.session.flush()


def _take(ticket: Ticket, agent: User, event: Event, action: Action, *, actor: User) -> None:
    # The condition stands in the statement itself, so the database decides who was first.
    db.session.flush()
    state = ticket.state
    statement = (
        sa.update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.assignee_id.is_(None), Ticket.state.in_(ACTIVE_STATES))
        .values(
            assignee_id=agent.id,
            state=sa.case((Ticket.state == TicketState.NEW, TicketState.OPEN.value), else_=Ticket.state),
            version=Ticket.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    taken = db.session.execute(statement).rowcount  # type: ignore[attr-defined]
    db.session.refresh(ticket)
    if not taken:
        raise _refusal(ticket)
    record(
        event,
        ticket,
        actor=actor,
        before={"assignee_id": None, "state": state},
        after={"assignee_id": agent.id, "state": ticket.state},
    )
    entry = add_entry(
        ticket,
        EntryKind.EVENT,
        author=actor,
        action=action,
        from_state=state,
        to_state=ticket.state,
        **_named(agent),
    )
    tell_agents(ticket, "assigned", entry, actor=actor)
    db.session.flush()


def _refusal(ticket: Ticket) -> AlreadyClaimed:
    if ticket.assignee is None:
        return AlreadyClaimed(gettext("The ticket was solved before you could take it."))
    return AlreadyClaimed(
        gettext(
            "%(agent)s was faster and has taken ticket #%(number)s. Nothing was changed.",
            agent=ticket.assignee.display_name,
            number=ticket.number,
        )
    )


def _named(agent: User) -> dict[str, Any]:
    return {"assignee_id": agent.id, "assignee": agent.display_name}
