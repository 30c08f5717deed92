"""Reading teams, their members and their calendars."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from portal.core.db import db
from portal.directory.models import BusinessCalendar, Membership, Service, Team


def find_team(key: str) -> Team | None:
    return db.session.scalars(sa.select(Team).where(Team.key == key)).one_or_none()


def list_teams(*, with_closed: bool = False) -> list[Team]:
    query = sa.select(Team).order_by(Team.name, Team.id)
    return list(db.session.scalars(query if with_closed else query.where(Team.is_active)))


def list_teams_with_counts() -> Sequence[sa.Row[tuple[Team, int, int]]]:
    """Return every team with its number of members and of services in use."""
    members = sa.select(sa.func.count()).where(Membership.team_id == Team.id).correlate(Team).scalar_subquery()
    services = (
        sa.select(sa.func.count())
        .where(Service.owner_team_id == Team.id, ~Service.is_retired)
        .correlate(Team)
        .scalar_subquery()
    )
    return db.session.execute(
        sa.select(Team, members, services)
        .options(joinedload(Team.calendar))
        .order_by(Team.is_active.desc(), Team.name, Team.id)
    ).all()


def get_team(team_id: int) -> Team:
    """Return a team with its members, or answer 404."""
    found = db.session.scalars(
        sa.select(Team)
        .where(Team.id == team_id)
        .options(joinedload(Team.calendar), selectinload(Team.memberships).joinedload(Membership.user))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        abort(404)
    return found


def get_membership(team_id: int, user_id: int) -> Membership:
    found = db.session.get(Membership, (team_id, user_id))
    if found is None:
        abort(404)
    return found


def list_services_of(team_id: int) -> list[Service]:
    return list(
        db.session.scalars(
            sa.select(Service).where(Service.owner_team_id == team_id, ~Service.is_retired).order_by(Service.name)
        )
    )


def list_calendars() -> list[BusinessCalendar]:
    return list(db.session.scalars(sa.select(BusinessCalendar).order_by(BusinessCalendar.name, BusinessCalendar.id)))


def list_calendars_with_teams() -> Sequence[sa.Row[tuple[BusinessCalendar, int]]]:
    """Return every calendar with how many teams work by it."""
    teams = (
        sa.select(sa.func.count())
        .where(Team.calendar_id == BusinessCalendar.id)
        .correlate(BusinessCalendar)
        .scalar_subquery()
    )
    return db.session.execute(
        sa.select(BusinessCalendar, teams)
        .options(selectinload(BusinessCalendar.holidays), selectinload(BusinessCalendar.hours))
        .order_by(BusinessCalendar.name, BusinessCalendar.id)
    ).all()


def get_calendar(calendar_id: int) -> BusinessCalendar:
    found = db.session.get(
        BusinessCalendar,
        calendar_id,
        options=[selectinload(BusinessCalendar.hours), selectinload(BusinessCalendar.holidays)],
    )
    if found is None:
        abort(404)
    return found
