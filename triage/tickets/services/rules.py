"""Rules that several steps share."""

from datetime import timedelta

from flask_babel import gettext

from portal.core import clock
from portal.core.db import db
from portal.directory.api import User
from triage.tickets.errors import IllegalStep, IncompleteStep, NotYourTicket
from triage.tickets.models import DeskSettings, Ticket
from triage.tickets.permissions import can_confirm, can_reply, can_work_on

DEFAULT_REOPEN_DAYS = 14


def require_agent(ticket: Ticket, actor: User) -> None:
    if not can_work_on(actor, ticket):
        raise NotYourTicket(gettext("Only agents of %(team)s can do this.", team=ticket.team.name))


def require_own(ticket: Ticket, actor: User) -> None:
    if not can_confirm(actor, ticket):
        raise NotYourTicket(gettext("Only the person who asked can do this."))


def require_part_in(ticket: Ticket, actor: User) -> None:
    if not can_reply(actor, ticket):
        raise NotYourTicket(gettext("You cannot write on this ticket."))


def require_active(ticket: Ticket) -> None:
    if not ticket.is_active:
        raise IllegalStep(gettext("The ticket is solved. Open it again first."))


def require_text(text: str, sentence: str) -> str:
    text = text.strip()
    if not text:
        raise IncompleteStep(sentence)
    return text


def desk_settings() -> DeskSettings:
    """Return the desk's settings; a portal always has the row."""
    return db.session.get_one(DeskSettings, 1)


def can_still_reopen(ticket: Ticket) -> bool:
    """Whether the time in which a solved ticket can be opened again is not over."""
    if ticket.resolved_at is None:
        return False
    return clock.now() <= ticket.resolved_at + timedelta(days=desk_settings().reopen_days)
