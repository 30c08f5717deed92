"""The queue: what an agent may work on, filtered by the URL, in a stable order, and counted only as far as it helps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, load_only
from sqlalchemy.orm.interfaces import ORMOption

from portal.core.db import db
from portal.core.web import Page, paginate, sort_choice
from portal.directory.api import Service, Team, User
from triage.tickets.enums import TicketState
from triage.tickets.models import Ticket
from triage.tickets.permissions import in_queues_of

# Beyond this a number says no more than "many", and counting it would read the whole table.
MOST_COUNTED = 500
PER_PAGE = 25
VIEWS = ("all", "unassigned", "mine", "answer")
SORTS: dict[str, Any] = {
    "priority": Ticket.priority,
    "created": Ticket.created_at,
    "changed": Ticket.last_activity_at,
    "number": Ticket.number,
}


@dataclass(frozen=True)
class QueueFilter:
    """What the URL asks for; anything it does not understand is left out."""

    view: str = "all"
    team_id: int | None = None
    service_id: int | None = None
    priority: int | None = None
    state: TicketState | None = None

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "QueueFilter":
        priority, state = _number(args.get("priority")), args.get("state", "")
        return cls(
            view=args.get("view", "") if args.get("view") in VIEWS else "all",
            team_id=_number(args.get("team")),
            service_id=_number(args.get("service")),
            priority=priority if priority in range(1, 6) else None,
            state=TicketState(state) if state in set(TicketState) else None,
        )

    @property
    def is_narrowed(self) -> bool:
        return self != QueueFilter(view=self.view)

    def conditions(self, user: User) -> list[sa.ColumnElement[bool]]:
        chosen: list[sa.ColumnElement[bool]] = [in_queues_of(user), *_view(self.view, user)]
        if self.state is None:
            chosen.append(Ticket.resolved_at.is_(None))
        else:
            chosen.append(Ticket.state == self.state)
            if self.state in (TicketState.NEW, TicketState.OPEN, TicketState.ON_HOLD):
                chosen.append(Ticket.resolved_at.is_(None))
        wanted = {Ticket.team_id: self.team_id, Ticket.service_id: self.service_id, Ticket.priority: self.priority}
        return chosen + [column == value for column, value in wanted.items() if value is not None]


def list_queue(user: User, wanted: QueueFilter, *, found: int) -> tuple[Page[Ticket], str]:
    """Return the page of the URL of the queue, and the order it is in: by default the most urgent and oldest first.

    ``found`` is how many there are, as ``count_views`` counted them.
    """
    sort, order = sort_choice(SORTS, default="priority")
    query = sa.select(Ticket).where(*wanted.conditions(user)).order_by(*order)
    if sort.removeprefix("-") == "priority":
        query = query.order_by(Ticket.created_at)
    query = query.order_by(Ticket.id).options(*for_rows())
    return paginate(query, per_page=PER_PAGE, count_up_to=MOST_COUNTED, found=found), sort


def count_views(user: User, wanted: QueueFilter) -> dict[str, int]:
    """Return how many tickets each view has within the other filters, at most one more than ``MOST_COUNTED``."""
    counts = []
    for view in VIEWS:
        narrowed = QueueFilter(view, wanted.team_id, wanted.service_id, wanted.priority, wanted.state)
        some = sa.select(sa.literal(1)).select_from(Ticket).where(*narrowed.conditions(user)).limit(MOST_COUNTED + 1)
        counts.append(sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery().label(view))
    return dict(db.session.execute(sa.select(*counts)).one()._mapping)  # noqa: SLF001 (SQLAlchemy's public name)


def list_selected(user: User, numbers: Iterable[int]) -> Sequence[Ticket]:
    """Return those of the tickets with these numbers that are in the person's queues."""
    query = sa.select(Ticket).where(Ticket.number.in_(sorted(set(numbers))), in_queues_of(user))
    return db.session.scalars(query.order_by(Ticket.priority, Ticket.created_at, Ticket.id).options(*for_rows())).all()


def for_rows() -> list[ORMOption]:
    """Return what a row of the queue shows, and nothing more: the long texts stay in the database."""
    columns = (
        Ticket.number,
        Ticket.title,
        Ticket.kind,
        Ticket.state,
        Ticket.hold_reason,
        Ticket.priority,
        Ticket.awaits_answer,
        Ticket.created_at,
        Ticket.last_activity_at,
        Ticket.team_id,
        Ticket.assignee_id,
        Ticket.requester_id,
        Ticket.opened_by_id,
        Ticket.service_id,
        Ticket.resolved_at,
        Ticket.version,
    )
    name = load_only(User.display_name, User.is_active)
    return [
        load_only(*columns),
        joinedload(Ticket.requester).options(name),
        joinedload(Ticket.assignee).options(name),
        joinedload(Ticket.team).load_only(Team.name),
        joinedload(Ticket.service).load_only(Service.name, Service.translations),
    ]


def _view(view: str, user: User) -> list[sa.ColumnElement[bool]]:
    match view:
        case "mine":
            return [Ticket.assignee_id == user.id]
        case "unassigned":
            return [Ticket.assignee_id.is_(None)]
        case "answer":
            return [Ticket.awaits_answer.is_(True)]
        case _:
            return []


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None
