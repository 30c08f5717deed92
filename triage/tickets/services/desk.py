"""What an administrator decides for the desk: the priority matrix, the default team, the time to open again."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.directory.api import Team, User
from triage.tickets.enums import Action, EntryKind, Event, Impact, Urgency
from triage.tickets.errors import IllegalStep
from triage.tickets.models import PriorityRule, Ticket, TicketEntry
from triage.tickets.priority import Matrix
from triage.tickets.services.rules import desk_settings


@dataclass(frozen=True)
class MatrixChange:
    """One field of the matrix that would change, and how many open tickets it moves."""

    impact: Impact
    urgency: Urgency
    before: int
    after: int
    tickets: int


def preview_matrix(wanted: Matrix) -> list[MatrixChange]:
    """Return what another matrix would change; tickets with a priority set by hand keep theirs."""
    rules = db.session.scalars(sa.select(PriorityRule).order_by(PriorityRule.id)).all()
    counted = _count_open_by_field()
    return [
        MatrixChange(rule.impact, rule.urgency, rule.priority, after, counted.get((rule.impact, rule.urgency), 0))
        for rule in rules
        if (after := wanted[rule.impact, rule.urgency]) != rule.priority
    ]


def change_matrix(wanted: Matrix, *, actor: User) -> int:
    """Put another matrix in place and give open tickets their new priority. Returns how many tickets changed.

    Raises:
        IllegalStep: a priority is not from 1 to 5.
    """
    if any(not 1 <= priority <= 5 for priority in wanted.values()):
        raise IllegalStep(gettext("Priorities go from 1 to 5."))
    moved = 0
    for rule in db.session.scalars(sa.select(PriorityRule).order_by(PriorityRule.id)).all():
        if wanted[rule.impact, rule.urgency] != rule.priority:
            rule.priority = wanted[rule.impact, rule.urgency]
            before, after = changes(rule)
            touched = _reprioritise(rule, before["priority"], actor)
            record(Event.MATRIX_CHANGED, rule, actor=actor, before=before, after={**after, "tickets": touched})
            moved += touched
    db.session.flush()
    return moved


def change_desk(*, actor: User, default_team: Team | None, reopen_days: int) -> None:
    """Say which team receives tickets without a service, and how long a solved ticket can be opened again."""
    if not 0 <= reopen_days <= 365:
        raise IllegalStep(gettext("Choose between 0 and 365 days."))
    settings = desk_settings()
    settings.default_team, settings.default_team_id = default_team, default_team.id if default_team else None
    settings.reopen_days = reopen_days
    before, after = changes(settings)
    if after:
        record(Event.DESK_CHANGED, settings, actor=actor, before=before, after=after)
    db.session.flush()


def _count_open_by_field() -> dict[tuple[Impact, Urgency], int]:
    query = (
        sa.select(Ticket.impact, Ticket.urgency, sa.func.count())
        .where(Ticket.resolved_at.is_(None), Ticket.priority_reason == "")
        .group_by(Ticket.impact, Ticket.urgency)
    )
    return {(impact, urgency): count for impact, urgency, count in db.session.execute(query)}


def _reprioritise(rule: PriorityRule, was: int, actor: User) -> int:
    affected = sa.and_(
        Ticket.resolved_at.is_(None),
        Ticket.priority_reason == "",
        Ticket.impact == rule.impact,
        Ticket.urgency == rule.urgency,
        Ticket.priority != rule.priority,
    )
    names = ("ticket_id", "kind", "is_internal", "author_id", "body", "action", "from_state", "to_state", "data")
    line = sa.select(
        Ticket.id,
        sa.literal(EntryKind.EVENT.value, sa.Text),
        sa.true(),
        sa.literal(actor.id, sa.Integer),
        sa.literal("", sa.Text),
        sa.literal(Action.PRIORITY_SET.value, sa.Text),
        Ticket.state,
        Ticket.state,
        sa.literal({"matrix": True, "changed": {"priority": [was, rule.priority]}}, sa.JSON),
        sa.literal(clock.now(), TicketEntry.created_at.type),
    ).where(affected)
    db.session.execute(sa.insert(TicketEntry).from_select([*names, "created_at"], line, include_defaults=False))
    statement = (
        sa.update(Ticket)
        .where(affected)
        .values(priority=rule.priority, version=Ticket.version + 1)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]
