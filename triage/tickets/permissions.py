"""Who may do what with a ticket: as predicates, and the same rule as a WHERE."""

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from portal.directory.api import User
from triage.tickets.enums import Permission
from triage.tickets.models import Ticket, TicketEntry


def visible_to(user: User) -> ColumnElement[bool]:
    """Return the condition for tickets a person may see: their own, and those of teams they read for."""
    own = sa.or_(Ticket.requester_id == user.id, Ticket.opened_by_id == user.id)
    teams = user.teams_where(Permission.READ)
    if teams is None:
        return sa.true()
    return sa.or_(own, Ticket.team_id.in_(sorted(teams))) if teams else own


def in_queues_of(user: User) -> ColumnElement[bool]:
    """Return the condition for tickets in the queues a person reads, whoever asked."""
    teams = user.teams_where(Permission.READ)
    return sa.true() if teams is None else Ticket.team_id.in_(sorted(teams))


def entries_visible_to(user: User, ticket: Ticket) -> ColumnElement[bool]:
    """Return the condition for the lines of a ticket a person may see: internal ones are for agents only."""
    return sa.true() if reads_internally(user, ticket) else TicketEntry.is_internal.is_(False)


def reads_internally(user: User, ticket: Ticket) -> bool:
    """Whether the person sees the agents' side of the ticket, notes included."""
    return user.can(Permission.READ, team_id=ticket.team_id)


def can_work_on(user: User, ticket: Ticket) -> bool:
    return user.can(Permission.WORK, team_id=ticket.team_id)


def is_own(user: User, ticket: Ticket) -> bool:
    return ticket.concerns(user.id)


def can_reply(user: User, ticket: Ticket) -> bool:
    return can_work_on(user, ticket) or (is_own(user, ticket) and user.can(Permission.REPLY_OWN))


def can_confirm(user: User, ticket: Ticket) -> bool:
    """Whether the person may say that it is solved: only those whose ticket it is."""
    return is_own(user, ticket) and user.can(Permission.REPLY_OWN)
