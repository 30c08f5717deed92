"""What the desk's forms offer for choice."""

from collections.abc import Sequence
from functools import cache

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from portal.core.db import db
from portal.directory.api import Membership, Service, Team, User, holders_of
from triage.tickets.enums import Permission
from triage.tickets.models import Category


def list_teams() -> Sequence[Team]:
    return db.session.scalars(sa.select(Team).where(Team.is_active).order_by(Team.name, Team.id)).all()


def list_teams_read_by(user: User) -> Sequence[Team]:
    """Return the teams whose queues the person reads."""
    teams = user.teams_where(Permission.READ)
    query = sa.select(Team).where(Team.is_active).order_by(Team.name, Team.id)
    return db.session.scalars(query if teams is None else query.where(Team.id.in_(sorted(teams)))).all()


def list_services() -> Sequence[Service]:
    return db.session.scalars(_services_in_use()).all()


def list_categories(*, with_retired: bool = False) -> list[Category]:
    """Return the categories as a tree flattened: each parent before its children, siblings by name."""
    rows = db.session.scalars(_categories()).all()
    children: dict[int | None, list[Category]] = {}
    for row in rows:
        if row.is_active or with_retired:
            children.setdefault(row.parent_id, []).append(row)
    ordered: list[Category] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        category = waiting.pop()
        ordered.append(category)
        waiting.extend(reversed(children.get(category.id, [])))
    return ordered


def get_category(category_id: int) -> Category:
    category = db.session.get(Category, category_id)
    if category is None:
        abort(404)
    return category


def list_agents(team_id: int) -> Sequence[User]:
    """Return the members of a team who may work on its tickets."""
    return db.session.scalars(_agents_of_team(), {"team_id": team_id}).all()


# Made once: each form and each message to a team asks for them, and making them takes longer than the answer.


@cache
def _services_in_use() -> sa.Select[Service]:
    in_use = sa.select(Service).where(Service.is_retired.is_(False)).order_by(Service.name, Service.id)
    return in_use.options(joinedload(Service.owner_team))


@cache
def _categories() -> sa.Select[Category]:
    return sa.select(Category).order_by(Category.name, Category.id)


@cache
def _agents_of_team() -> sa.Select[User]:
    team_id: sa.BindParameter[int] = sa.bindparam("team_id")
    return holders_of(Permission.WORK, team_id=team_id).join(Membership).where(Membership.team_id == team_id)
