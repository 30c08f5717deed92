"""Opening a ticket."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.sql.dml import ReturningUpdate

from knowledge.api import solved_lately
from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db, writing_apart
from portal.core.files.models import StoredFile
from portal.directory.api import Service, Team, User
from triage.tickets import routing
from triage.tickets.enums import Action, ArticleUse, EntryKind, Event, Impact, TicketKind, TicketState, Urgency
from triage.tickets.errors import IncompleteStep
from triage.tickets.models import Category, Ticket, TicketArticle, TicketAttachment, TicketEntry, TicketSequence
from triage.tickets.priority import priority_for
from triage.tickets.queries import list_agents
from triage.tickets.services.history import add_entry
from triage.tickets.services.linking import tell_came_back
from triage.tickets.services.telling import send_receipt, tell_these_agents

TITLE_LENGTH = 200
_FACTS = ("kind", "title", "requester_id", "team_id", "service_id", "category_id")
_AUDITED = (*_FACTS, "impact", "urgency", "priority", "state")


def open_ticket(
    *,
    actor: User,
    title: str,
    description: str,
    impact: Impact,
    urgency: Urgency,
    requester: User | None = None,
    kind: TicketKind = TicketKind.INCIDENT,
    service: Service | None = None,
    category: Category | None = None,
    team: Team | None = None,
    files: Iterable[StoredFile] = (),
    articles: Mapping[int, ArticleUse] | None = None,
    packet: dict[str, Any] | None = None,
    form_token: str | None = None,
    follows: Ticket | None = None,
) -> Ticket:
    """Open a ticket, send it to a team's queue, and tell the requester and the team.

    A later call with the same ``form_token`` by the same person changes nothing and returns the ticket that the
    first one made; one at the same moment is refused by the database. ``team`` is a choice by hand that goes before
    the rules of routing. ``articles`` says what was offered while the person asked and what came of it.

    Raises:
        IncompleteStep: title or description is empty.
        NobodyToAsk: the portal has no team.
    """
    title, description = " ".join(title.split())[:TITLE_LENGTH], description.strip()
    if not title or not description:
        raise IncompleteStep(gettext("Say in a few words what this is about."))
    sent_before = find_by_token(form_token, actor)
    if sent_before is not None:
        return sent_before
    requester = requester or actor
    # Whoever writes next waits from the first line of the history to the commit: what can be asked before stands here.
    decision, priority = routing.choose_team(service, chosen=team), priority_for(impact, urgency)
    agents, solved = list_agents(decision.team.id), solved_lately(requester.id)
    ticket = Ticket(
        number=_next_number(),
        kind=kind,
        title=title,
        description=description,
        requester=requester,
        opened_by=actor,
        team=decision.team,
        routing=decision.as_data(),
        service=service,
        category=category,
        impact=impact,
        urgency=urgency,
        priority=priority,
        state=TicketState.NEW,
        packet=packet,
        form_token=form_token,
        follows=follows,
        last_activity_at=clock.now(),
    )
    entry = _begin_history(ticket, actor)
    _attach(ticket, files)
    for article_id, use in (articles or {}).items():
        db.session.add(TicketArticle(ticket_id=ticket.id, article_id=article_id, use=use))
    tell_came_back(ticket, solved, tuple(articles or ()))
    send_receipt(ticket, entry)
    tell_these_agents(agents, ticket, "new_in_queue", entry, actor=actor)
    return ticket


def find_by_token(form_token: str | None, actor: User) -> Ticket | None:
    """Return the ticket this person already made with a form, if any."""
    if not form_token:
        return None
    return db.session.scalars(_sent_before(), {"form_token": form_token, "actor_id": actor.id}).first()


@cache
def _sent_before() -> sa.Select[Ticket]:
    return sa.select(Ticket).where(
        Ticket.form_token == sa.bindparam("form_token"), Ticket.opened_by_id == sa.bindparam("actor_id")
    )


def _next_number() -> int:
    """Take a number: nobody else gets it, and it stays unused when the ticket is not opened after all."""
    with writing_apart() as connection:
        return int(connection.execute(_number_moved()).scalar_one())


@cache
def _number_moved() -> ReturningUpdate[int]:
    table = TicketSequence.metadata.tables[TicketSequence.__tablename__]
    statement = sa.update(table).where(table.c.id == 1).values(last_number=table.c.last_number + 1)
    return statement.returning(table.c.last_number)


def _attach(ticket: Ticket, files: Iterable[StoredFile]) -> None:
    for file in files:
        db.session.add(TicketAttachment(ticket_id=ticket.id, file_id=file.id))


def _begin_history(ticket: Ticket, actor: User) -> TicketEntry:
    """Write the ticket with the first line of its history."""
    entry = add_entry(
        ticket,
        EntryKind.EVENT,
        author=actor,
        action=Action.OPENED,
        to_state=TicketState.NEW,
        team_id=ticket.team.id,
        priority=ticket.priority,
        routing=ticket.routing,
        at=ticket.last_activity_at,
    )
    record(Event.OPENED, ticket, actor=actor, after={name: getattr(ticket, name) for name in _AUDITED})
    return entry
