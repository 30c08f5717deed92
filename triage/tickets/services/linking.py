"""Articles that agents link to tickets, and what tickets tell the knowledge base about them."""

import re
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext

from knowledge.api import Outcome, Solved, list_readable, record_outcome, solved_lately, withdraw_outcome
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.settings import Settings
from portal.directory.api import User
from triage.tickets.enums import ArticleUse, Event
from triage.tickets.errors import HiddenFromRequester, IncompleteStep
from triage.tickets.models import Ticket, TicketArticle
from triage.tickets.queries import list_linked_ids
from triage.tickets.services.rules import require_agent

_MOST_LINKS = 50


def link_article(ticket: Ticket, article_id: int, *, actor: User) -> None:
    """Link an article to a ticket; it counts as a use of the article, once a ticket.

    Raises:
        IncompleteStep: the agent may not read it, or there is no such article.
    """
    require_agent(ticket, actor)
    if article_id not in list_readable([article_id], actor):
        raise IncompleteStep(gettext("There is no such article, or you may not read it."))
    if article_id in list_linked_ids(ticket):
        return
    db.session.add(TicketArticle(ticket_id=ticket.id, article_id=article_id, use=ArticleUse.LINKED))
    record_outcome(article_id, Outcome.LINKED, user=actor, subject=ticket)
    record(Event.ARTICLE_LINKED, ticket, actor=actor, after={"article_id": article_id})
    db.session.flush()


def unlink_article(ticket: Ticket, article_id: int, *, actor: User) -> None:
    """Take a link back, and what it counted for."""
    require_agent(ticket, actor)
    wanted = {"ticket_id": ticket.id, "article_id": article_id, "use": ArticleUse.LINKED}
    row = db.session.scalars(sa.select(TicketArticle).filter_by(**wanted)).one_or_none()
    if row is None:
        return
    db.session.delete(row)
    for outcome in (Outcome.LINKED, Outcome.SOLVED):
        withdraw_outcome(article_id, outcome, subject=ticket)
    record(Event.ARTICLE_UNLINKED, ticket, actor=actor, before={"article_id": article_id})
    db.session.flush()


def refuse_hidden_links(ticket: Ticket, text: str) -> None:
    """Refuse words for the requester that lead to an article they may not read.

    Raises:
        HiddenFromRequester: with a sentence that says which link and what to do.
    """
    named = articles_named(text)
    hidden = [number for number in named if number not in list_readable(named, ticket.requester)]
    if hidden:
        raise HiddenFromRequester(
            gettext(
                "%(person)s may not read this article: %(link)s. Take the link out, or write an internal note.",
                person=ticket.requester.display_name,
                link=f"/articles/{hidden[0]}",
            )
        )


def link_named(ticket: Ticket, text: str, *, actor: User) -> None:
    """Link the articles that an agent's words lead to."""
    for article_id in sorted(list_readable(articles_named(text), actor)):
        link_article(ticket, article_id, actor=actor)


def articles_named(text: str) -> list[int]:
    """Return the numbers of our articles that a text leads to, by a full address or by the path alone."""
    settings: Settings = current_app.extensions["portico_settings"]
    address = re.compile(rf"(?:{re.escape(settings.base_url)}|(?<![\w/.:-]))/articles/([1-9][0-9]{{0,8}})(?![0-9])")
    return list(dict.fromkeys(int(number) for number in address.findall(text)))[:_MOST_LINKS]


def tell_solved(ticket: Ticket) -> None:
    """Tell the knowledge base that the requester confirmed a ticket to which agents had linked articles."""
    for article_id in list_linked_ids(ticket):
        record_outcome(article_id, Outcome.SOLVED, user=ticket.requester, subject=ticket)


def tell_came_back(ticket: Ticket, solved: Sequence[Solved], shown: Collection[int] = ()) -> None:
    """Tell the knowledge base which articles had solved the same for the requester, of those that lately solved any.

    The same is: an article shown on the way to this ticket, an article about the ticket's service, or an article of a
    solved ticket with the same service or category. Each "solved" comes back once.
    """
    earlier = _tickets(
        item.subject_id for item in solved if item.subject_type == Ticket.__tablename__ and item.subject_id
    )
    back = {
        item.article_id
        for item in solved
        if item.article_id in shown
        or ticket.service_id in item.service_ids
        or (item.subject_type == Ticket.__tablename__ and _alike(ticket, earlier.get(item.subject_id or 0)))
    }
    _record_back(ticket, back)


def tell_reopened(ticket: Ticket) -> None:
    """Tell the knowledge base that what was confirmed as solved in this ticket within the last 7 days was not."""
    own = (Ticket.__tablename__, ticket.id)
    _record_back(ticket, {item.article_id for item in solved_lately(ticket.requester_id) if own == _subject(item)})


def _record_back(ticket: Ticket, article_ids: set[int]) -> None:
    for article_id in sorted(article_ids):
        record_outcome(article_id, Outcome.CAME_BACK, user=ticket.requester, subject=ticket)


def _subject(item: Solved) -> tuple[str, int | None]:
    return item.subject_type, item.subject_id


def _alike(ticket: Ticket, other: Ticket | None) -> bool:
    if other is None:
        return False
    same_service = ticket.service_id is not None and ticket.service_id == other.service_id
    same_category = ticket.category_id is not None and ticket.category_id == other.category_id
    return ticket.follows_id == other.id or same_service or same_category


def _tickets(ids: Iterable[int]) -> dict[int, Ticket]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {ticket.id: ticket for ticket in db.session.scalars(sa.select(Ticket).where(Ticket.id.in_(wanted)))}
