from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa

from portal.core.db import db
from portal.directory.models import (
    BusinessCalendar,
    BusinessHours,
    Membership,
    Role,
    RoleAssignment,
    Service,
    Team,
    User,
)
from portal.directory.passwords import hash_password

_numbers = count(1)


PASSWORD = "correct horse on the moon"


@cache
def _password_hash() -> str:
    # Hashing is slow on purpose, so all share one.
    return hash_password(PASSWORD)


def make_user(
    *roles: str, team: Team | None = None, tier: int | None = None, with_password: bool = False, **values: Any
) -> User:
    """A person with roles; with ``team`` the roles are limited to it and the person is its member.

    ``with_password`` lets the person sign in with ``PASSWORD``; most tests use ``client.sign_in`` instead.
    """
    number = next(_numbers)
    if with_password:
        values["password_hash"] = _password_hash()
    username = values.pop("username", f"user{number}")
    user = User(
        username=username,
        email=values.pop("email", f"{username}@portico.example"),
        display_name=values.pop("display_name", f"User {number}"),
        **values,
    )
    db.session.add(user)
    db.session.flush()
    for key in roles:
        role = db.session.scalars(sa.select(Role).where(Role.key == key)).one()
        db.session.add(RoleAssignment(user_id=user.id, role_id=role.id, team_id=team.id if team else None))
    if team:
        db.session.add(Membership(user_id=user.id, team_id=team.id, tier=tier))
    db.session.commit()
    return user


def make_team(name: str | None = None, **values: Any) -> Team:
    number = next(_numbers)
    team = Team(key=values.pop("key", f"team{number}"), name=name or f"Team {number}", **values)
    db.session.add(team)
    db.session.commit()
    return team


def make_service(name: str | None = None, *, owner_team: Team | None = None, **values: Any) -> Service:
    number = next(_numbers)
    service = Service(
        key=values.pop("key", f"service{number}"),
        name=name or f"Service {number}",
        owner_team=owner_team or make_team(),
        **values,
    )
    db.session.add(service)
    db.session.commit()
    return service


def make_calendar(time_zone: str = "UTC", *, hours: tuple[tuple[int, int], ...] = ((540, 1020),)) -> BusinessCalendar:
    """A calendar with the same hours, in minutes since midnight, from Monday to Friday."""
    number = next(_numbers)
    calendar = BusinessCalendar(key=f"calendar{number}", name=f"Calendar {number}", time_zone=time_zone)
    calendar.hours = [
        BusinessHours(weekday=day, opens_minute=opens, closes_minute=closes)
        for day in range(5)
        for opens, closes in hours
    ]
    db.session.add(calendar)
    db.session.commit()
    return calendar
