from itertools import count
from typing import Any

from portal.core.db import db
from portal.directory.models import Service, Team, User
from tests.factories.directory import make_team, make_user
from triage.tickets import services
from triage.tickets.enums import HoldReason, Impact, TicketState, Urgency
from triage.tickets.models import Category, Ticket

_numbers = count(1)


def make_agent(team: Team, *roles: str, **values: Any) -> User:
    return make_user("agent", *roles, team=team, tier=values.pop("tier", 1), **values)


def make_category(name: str | None = None, **values: Any) -> Category:
    number = next(_numbers)
    category = services.create_category(
        actor=None, key=values.pop("key", f"category{number}"), name=name or f"Category {number}", **values
    )
    db.session.commit()
    return category


def make_ticket(
    *,
    requester: User | None = None,
    team: Team | None = None,
    assignee: User | None = None,
    state: TicketState = TicketState.NEW,
    service: Service | None = None,
    **values: Any,
) -> Ticket:
    """A ticket brought to a state by the same steps people take."""
    number = next(_numbers)
    person = requester or make_user()
    ticket = services.open_ticket(
        actor=person,
        title=values.pop("title", f"Ticket {number}"),
        description=values.pop("description", f"Description of ticket {number}"),
        impact=values.pop("impact", Impact.MINOR),
        urgency=values.pop("urgency", Urgency.MEDIUM),
        service=service,
        team=team or (None if service else make_team()),
        **values,
    )
    db.session.commit()
    if assignee or state is not TicketState.NEW:
        bring_to(ticket, state, assignee or make_agent(ticket.team))
    return ticket


def bring_to(ticket: Ticket, state: TicketState, agent: User) -> None:
    services.claim_ticket(ticket, actor=agent)
    if state is TicketState.ON_HOLD:
        services.put_on_hold(ticket, HoldReason.REQUESTER, actor=agent)
    if state in (TicketState.RESOLVED, TicketState.CLOSED):
        services.resolve_ticket(ticket, actor=agent, resolution="Done.")
    if state is TicketState.CLOSED:
        services.confirm_ticket(ticket, actor=ticket.requester)
    db.session.commit()
