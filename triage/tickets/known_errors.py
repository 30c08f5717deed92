"""Tickets beside articles, known errors above all: how many there are, and who works on them."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from knowledge.api import Article, ArticleType, Beside
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.core.texts import gettext, ngettext
from portal.core.web import Page, paginate
from portal.directory.api import User
from triage.tickets.enums import ArticleUse, Permission
from triage.tickets.models import Ticket, TicketArticle
from triage.tickets.permissions import in_queues_of
from triage.tickets.queries import list_agents


def tickets_beside(article_ids: Collection[int], user: User) -> Mapping[int, Beside]:
    """Return the link to the tickets of each article, with their number, for those who read queues; one query."""
    if not user.can(Permission.READ):
        return {}
    query = (
        sa.select(TicketArticle.article_id, sa.func.count())
        .join(Ticket, Ticket.id == TicketArticle.ticket_id)
        .where(
            TicketArticle.article_id.in_(sorted(article_ids)),
            TicketArticle.use == ArticleUse.LINKED,
            in_queues_of(user),
        )
        .group_by(TicketArticle.article_id)
    )
    counts: dict[int, int] = dict(db.session.execute(query).all())
    act = gettext("Link a ticket") if user.can(Permission.WORK) else ""
    return {
        number: Beside(
            ngettext("%(num)s ticket", "%(num)s tickets", counts.get(number, 0)),
            url_for("tickets.tickets_of_article", article_id=number),
            is_empty=number not in counts,
            act=act,
        )
        for number in article_ids
    }


def page_of_tickets(article: Article, user: User) -> Page[Ticket]:
    """Return the tickets linked to an article in the queues a person reads, unsolved ones first."""
    query = (
        sa.select(Ticket)
        .where(Ticket.id.in_(_linked(article.id)), in_queues_of(user))
        .order_by(Ticket.resolved_at.is_not(None), Ticket.last_activity_at.desc(), Ticket.id.desc())
        .options(joinedload(Ticket.assignee), joinedload(Ticket.team))
    )
    return paginate(query)


def tell_agents_of_change(article: Article, actor: Actor | None) -> None:
    """Tell those who work on unsolved tickets of a known error that it changed: one message a person."""
    if article.type is not ArticleType.KNOWN_ERROR:
        return
    query = sa.select(Ticket).where(Ticket.id.in_(_linked(article.id)), Ticket.resolved_at.is_(None))
    told: dict[int, tuple[User, list[Ticket]]] = {}
    for ticket in db.session.scalars(query.options(joinedload(Ticket.assignee)).order_by(Ticket.number)):
        for person in _working_on(ticket):
            told.setdefault(person.id, (person, []))[1].append(ticket)
    tokens = {item.token for item in article.audiences}
    for person, tickets in told.values():
        if (actor is None or person.id != actor.id) and person.audience_tokens & tokens:
            notify(
                person,
                "tickets/email/known_error",
                key=f"known-error-{article.id}-{article.revision}",
                path=f"/articles/{article.id}/tickets",
                about=article,
                article=article,
                tickets=tickets,
            )


def _working_on(ticket: Ticket) -> Sequence[User]:
    return [ticket.assignee] if ticket.assignee else list_agents(ticket.team_id)


def _linked(article_id: int) -> sa.Select[int]:
    return sa.select(TicketArticle.ticket_id).where(
        TicketArticle.article_id == article_id, TicketArticle.use == ArticleUse.LINKED
    )
