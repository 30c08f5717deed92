"""Who is told what, in their language. Nobody is told of their own act; only the receipt goes to whoever asked."""

from collections.abc import Iterable
from typing import Any

from portal.core.db import db
from portal.core.notifications.services import notify
from portal.directory.api import User
from triage.tickets.models import Ticket, TicketEntry
from triage.tickets.queries.choices import list_agents


def tell_requester(ticket: Ticket, template: str, entry: TicketEntry, *, actor: User | None, **context: Any) -> None:
    """Tell those whose ticket it is."""
    _tell({ticket.requester, ticket.opened_by}, ticket, template, entry, actor=actor, **context)


def send_receipt(ticket: Ticket, entry: TicketEntry) -> None:
    """Send the number and the link to those whose ticket it is, also when they opened it themselves."""
    _tell({ticket.requester, ticket.opened_by}, ticket, "received", entry, actor=None)


def tell_agents(ticket: Ticket, template: str, entry: TicketEntry, *, actor: User | None, **context: Any) -> None:
    """Tell the agent who has the ticket; while nobody has it, the team whose queue it is in."""
    # Who is in the team does not depend on what is in hand, which is then written at once and not in pieces.
    with db.session.no_autoflush:
        people = [ticket.assignee] if ticket.assignee else list_agents(ticket.team_id)
    tell_these_agents(people, ticket, template, entry, actor=actor, **context)


def tell_these_agents(
    people: Iterable[User], ticket: Ticket, template: str, entry: TicketEntry, *, actor: User | None, **context: Any
) -> None:
    """Tell agents who are known already, except those whose ticket it is."""
    _tell(set(people) - {ticket.requester, ticket.opened_by}, ticket, template, entry, actor=actor, **context)


def _tell(
    people: Iterable[User],
    ticket: Ticket,
    template: str,
    entry: TicketEntry,
    *,
    actor: User | None,
    **context: Any,
) -> None:
    for person in sorted(people, key=lambda person: person.id):
        if actor is None or person.id != actor.id:
            notify(
                person,
                f"tickets/email/{template}",
                key=f"ticket.{ticket.number}.{template}.{entry.id}",
                path=f"/tickets/{ticket.number}",
                about=ticket,
                thread=f"ticket-{ticket.number}",
                ticket=ticket,
                entry=entry,
                **context,
            )
