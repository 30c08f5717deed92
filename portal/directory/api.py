"""What other packages may use of the directory."""

from collections.abc import Sequence

from flask import current_app

from portal.core.errors import PorticoError
from portal.directory import roles as role_keys
from portal.directory.business_time import (
    NeverOpen,
    Schedule,
    add_business_time,
    business_time_between,
    is_open,
    next_opening,
    schedule_of,
)
from portal.directory.enums import Criticality, Event, Permission
from portal.directory.models import (
    BusinessCalendar,
    BusinessHours,
    Holiday,
    Membership,
    Organisation,
    Role,
    RoleAssignment,
    RolePermission,
    Service,
    ServiceDependency,
    Team,
    User,
)
from portal.directory.passwords import NewPassword, PasswordRefused, choose
from portal.directory.queries.people import find_user, holders_of
from portal.directory.queries.rights import find_role, list_roles
from portal.directory.queries.services import find_service, get_service, list_services, services_of_teams
from portal.directory.queries.teams import find_team, list_calendars, list_teams
from portal.directory.services.accounts import AccountRefused, create_user, deactivate_user
from portal.directory.services.calendars import CalendarFacts, create_calendar
from portal.directory.services.it_services import ServiceFacts, change_service, create_service
from portal.directory.services.organisation import change_organisation
from portal.directory.services.rights import grant_role
from portal.directory.services.teams import add_member, create_team
from portal.directory.session import signed_in_user

__all__ = [
    "AccountRefused",
    "BusinessCalendar",
    "BusinessHours",
    "CalendarFacts",
    "Criticality",
    "Event",
    "Holiday",
    "Membership",
    "NeverOpen",
    "NewPassword",
    "Organisation",
    "PasswordRefused",
    "Permission",
    "Role",
    "RoleAssignment",
    "RolePermission",
    "Schedule",
    "Service",
    "ServiceDependency",
    "ServiceFacts",
    "Team",
    "UnknownName",
    "User",
    "add_business_time",
    "add_member",
    "business_time_between",
    "change_organisation",
    "change_service",
    "choose",
    "create_calendar",
    "create_person",
    "create_service",
    "create_team",
    "create_user",
    "deactivate_user",
    "find_role",
    "find_service",
    "find_team",
    "find_user",
    "get_service",
    "get_user_by_name",
    "grant_role",
    "holders_of",
    "is_open",
    "list_calendars",
    "list_roles",
    "list_services",
    "list_teams",
    "next_opening",
    "role_keys",
    "services_of_teams",
    "schedule_of",
    "signed_in_user",
]


class UnknownName(PorticoError):
    """A user name, role or team that was named does not exist."""


def get_user_by_name(username: str) -> User:
    """Return the account with this user name or address; raises ``UnknownName`` with a sentence when there is none."""
    user = find_user(username)
    if user is None:
        raise UnknownName(f"There is no account {username}. See `portico user list`.")
    return user


def create_person(
    username: str,
    *,
    email: str,
    display_name: str,
    actor: User | None,
    roles: Sequence[str] = (),
    team_key: str | None = None,
    tier: int | None = None,
    locale: str = "en",
    time_zone: str | None = None,
    password: NewPassword | None = None,
    must_change_password: bool = False,
) -> User:
    """Make an account together with its roles and team, named by their keys; audited as each step would be.

    With a team the roles are limited to it and the person becomes its member at ``tier``. ``password`` comes from
    ``choose``.

    Raises:
        UnknownName: a role or the team does not exist.
        AccountRefused: the user name or address is malformed or taken.
    """
    team = find_team(team_key) if team_key else None
    if team_key and team is None:
        raise UnknownName(f"There is no team {team_key}.")
    if tier is not None and team is None:
        raise UnknownName("A support tier belongs to a team. Name the team too.")
    user = create_user(
        username,
        email=email,
        display_name=display_name,
        actor=actor,
        password=password,
        must_change_password=must_change_password,
        locale=locale,
        time_zone=time_zone or current_app.extensions["portico_settings"].default_time_zone,
    )
    for key in roles:
        role = find_role(key)
        if role is None:
            raise UnknownName(f"There is no role {key}. The built-in ones are {', '.join(_builtin_keys())}.")
        grant_role(user, role, team=team, actor=actor, reason="")
    if team is not None:
        add_member(team, user, tier=tier, actor=actor)
    return user


def _builtin_keys() -> list[str]:
    return [role.key for role in role_keys.BUILTIN_ROLES]
