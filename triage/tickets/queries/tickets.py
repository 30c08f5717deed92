from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from portal.core import clock
from portal.core.db import db
from portal.core.web import Page, paginate
from portal.directory.api import Service, User
from triage.tickets.enums import ArticleUse, HoldReason, TicketState
from triage.tickets.models import DeskSettings, Ticket, TicketArticle, TicketAttachment, TicketEntry
from triage.tickets.permissions import entries_visible_to, visible_to

# Nobody pages through their own tickets; whoever has more filters.
MOST_COUNTED = 1000
# What somebody used half a year ago tells little of what they use today.
RECENTLY = timedelta(days=180)
MOST_SERVICES = 20


def get_ticket(number: int, user: User) -> Ticket:
    """Return a ticket the person may see, with what its page shows, or answer 404."""
    query = (
        sa.select(Ticket)
        .where(Ticket.number == number, visible_to(user))
        .options(
            *(
                joinedload(relation)
                for relation in (
                    Ticket.requester,
                    Ticket.opened_by,
                    Ticket.assignee,
                    Ticket.team,
                    Ticket.service,
                    Ticket.category,
                    Ticket.follows,
                )
            ),
        )
    )
    ticket = db.session.scalars(query).one_or_none()
    if ticket is None:
        abort(404)
    return ticket


def list_entries(ticket: Ticket, user: User) -> list[TicketEntry]:
    """Return the lines of a ticket that the person may see, oldest first."""
    query = (
        sa.select(TicketEntry)
        .where(TicketEntry.ticket_id == ticket.id, entries_visible_to(user, ticket))
        .order_by(TicketEntry.created_at, TicketEntry.id)
        .options(joinedload(TicketEntry.author).load_only(User.display_name))
    )
    return list(db.session.scalars(query))


def list_files(ticket: Ticket, user: User) -> dict[int | None, list[TicketAttachment]]:
    """Return the files of a ticket that the person may see, by the line they belong to (None: the description)."""
    files: dict[int | None, list[TicketAttachment]] = {}
    for attachment in db.session.scalars(_visible_files(ticket, user).order_by(TicketAttachment.id)):
        files.setdefault(attachment.entry_id, []).append(attachment)
    return files


def get_attachment(ticket: Ticket, attachment_id: int, user: User) -> TicketAttachment:
    """Return a file of a ticket, or answer 404: also for a file of an internal note the person must not see."""
    query = _visible_files(ticket, user).where(TicketAttachment.id == attachment_id)
    attachment = db.session.scalars(query).one_or_none()
    if attachment is None:
        abort(404)
    return attachment


def list_own(user: User, view: str) -> Page[Ticket]:
    """Return the page of the URL of a person's own tickets: open ones first, then by what happened last."""
    query = (
        sa.select(Ticket)
        .where(_own(user), *_OWN_VIEWS.get(view, ()))
        .order_by(Ticket.resolved_at.is_not(None), Ticket.last_activity_at.desc(), Ticket.id.desc())
        .options(joinedload(Ticket.assignee), joinedload(Ticket.team), joinedload(Ticket.service))
    )
    return paginate(query, count_up_to=MOST_COUNTED)


def list_own_open(user: User, *, limit: int) -> Sequence[Ticket]:
    """Return a person's own tickets that are not solved, the latest news first."""
    query = (
        sa.select(Ticket)
        .where(_own(user), *_OWN_VIEWS["open"])
        .order_by(Ticket.last_activity_at.desc(), Ticket.id.desc())
        .limit(limit)
        .options(joinedload(Ticket.assignee), joinedload(Ticket.team), joinedload(Ticket.service))
    )
    return db.session.scalars(query).all()


def services_used_by(user: User) -> list[str]:
    """Return the names of the services a person's own tickets of the last months are about."""
    query = (
        sa.select(Service.name)
        .join(Ticket, Ticket.service_id == Service.id)
        .where(_own(user), Ticket.created_at >= clock.now() - RECENTLY)
        .distinct()
        .limit(MOST_SERVICES)
    )
    return list(db.session.scalars(query))


def count_waiting_for(user: User) -> int:
    """Return how many of the person's tickets wait for a word of theirs."""
    waiting = sa.select(sa.literal(1)).where(_own(user), *_OWN_VIEWS["waiting"]).limit(100)
    return db.session.scalar(sa.select(sa.func.count()).select_from(waiting.subquery())) or 0


def list_articles_offered(ticket: Ticket) -> Sequence[TicketArticle]:
    query = sa.select(TicketArticle).where(TicketArticle.ticket_id == ticket.id).order_by(TicketArticle.id)
    return db.session.scalars(query).all()


def list_linked_ids(ticket: Ticket) -> list[int]:
    """Return the numbers of the articles that agents linked to a ticket, in the order in which they did."""
    query = (
        sa.select(TicketArticle.article_id)
        .where(TicketArticle.ticket_id == ticket.id, TicketArticle.use == ArticleUse.LINKED)
        .order_by(TicketArticle.id)
    )
    return list(db.session.scalars(query))


def reopen_until(ticket: Ticket) -> datetime | None:
    """Return until when a solved ticket can be opened again, None while it is not solved."""
    if ticket.resolved_at is None:
        return None
    return ticket.resolved_at + timedelta(days=db.session.get_one(DeskSettings, 1).reopen_days)


def _visible_files(ticket: Ticket, user: User) -> sa.Select[TicketAttachment]:
    return (
        sa.select(TicketAttachment)
        .outerjoin(TicketEntry, TicketEntry.id == TicketAttachment.entry_id)
        .where(
            TicketAttachment.ticket_id == ticket.id,
            sa.or_(TicketAttachment.entry_id.is_(None), entries_visible_to(user, ticket)),
        )
        .options(joinedload(TicketAttachment.file))
    )


def _own(user: User) -> sa.ColumnElement[bool]:
    return sa.or_(Ticket.requester_id == user.id, Ticket.opened_by_id == user.id)


_OWN_VIEWS: dict[str, tuple[sa.ColumnElement[bool], ...]] = {
    "open": (Ticket.resolved_at.is_(None),),
    "waiting": (sa.or_(Ticket.hold_reason == HoldReason.REQUESTER, Ticket.state == TicketState.RESOLVED),),
    "done": (Ticket.resolved_at.is_not(None),),
}
