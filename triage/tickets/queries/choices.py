"""What the desk's forms offer for choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from flask import abort

from portal.core.db import db
from portal.core.web.remembering import remembered
from portal.directory.api import Membership, Service, Team, User, holders_of
from triage.tickets.enums import Permission
from triage.tickets.models import Category


@dataclass(frozen=True)
class Choice:
    """A service or a category as forms offer it and texts are compared with it: plain, so that it can be remembered."""

    id: int
    key: str
    name: str
    description: str
    keywords: tuple[str, ...]
    translations: Mapping[str, Mapping[str, str]]
    """By language: name and description, where somebody has written them."""
    parent_id: int | None = None
    service_id: int | None = None

    def name_in(self, locale: str) -> str:
        return self.translations.get(locale, {}).get("name") or self.name


class Offered(NamedTuple):
    """What a ticket can be about."""

    services: tuple[Choice, ...]
    categories: tuple[Choice, ...]


def offered() -> Offered:
    """Return the services and categories in use, as the forms for tickets offer them."""
    return remembered(_offered, "offered for tickets")


def _offered() -> Offered:
    return Offered(tuple(map(_choice, list_services())), tuple(map(_choice, list_categories())))


def _choice(row: Service | Category) -> Choice:
    return Choice(
        id=row.id,
        key=row.key,
        name=row.name,
        description=row.description,
        keywords=tuple(row.keywords),
        translations=row.translations,
        parent_id=row.parent_id if isinstance(row, Category) else None,
        service_id=row.service_id if isinstance(row, Category) else None,
    )


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
    return sa.select(Service).where(Service.is_retired.is_(False)).order_by(Service.name, Service.id)


@cache
def _categories() -> sa.Select[Category]:
    return sa.select(Category).order_by(Category.name, Category.id)


@cache
def _agents_of_team() -> sa.Select[User]:
    team_id: sa.BindParameter[int] = sa.bindparam("team_id")
    return holders_of(Permission.WORK, team_id=team_id).join(Membership).where(Membership.team_id == team_id)
