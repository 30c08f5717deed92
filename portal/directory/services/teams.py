"""Teams and who is in them."""

import re

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.directory.enums import Event
from portal.directory.models import BusinessCalendar, Membership, Service, Team, User

_KEY = re.compile(r"[a-z][a-z0-9-]{1,59}")


class TeamRefused(Refused):
    """A team cannot be made or changed like this."""


class MembershipRefused(Refused):
    """Somebody cannot be added to a team like this."""


def create_team(
    key: str, *, name: str, description: str = "", calendar: BusinessCalendar | None = None, actor: User | None
) -> Team:
    """Make a team.

    Raises:
        TeamRefused: the key is malformed or taken.
    """
    key = key.strip().lower()
    if not _KEY.fullmatch(key):
        raise TeamRefused(gettext("Use small letters, digits and - and begin with a letter."), field="key")
    if db.session.scalar(sa.select(Team.id).where(Team.key == key)) is not None:
        raise TeamRefused(gettext("Another team has this key. Choose a different one."), field="key")
    team = Team(key=key, name=name.strip(), description=description.strip(), calendar=calendar)
    db.session.add(team)
    db.session.flush()
    record(Event.TEAM_CREATED, team, actor=actor, after={"key": key, "name": team.name})
    return team


def change_team(
    team: Team, *, name: str, description: str, calendar: BusinessCalendar | None, is_active: bool, actor: User | None
) -> None:
    """Change what a team is called and when it works, or close it.

    Raises:
        TeamRefused: the team still answers for services, so it cannot be closed.
    """
    if team.is_active and not is_active:
        owned = sa.select(Service.name).where(Service.owner_team_id == team.id, ~Service.is_retired)
        names = list(db.session.scalars(owned.order_by(Service.name).limit(3)))
        if names:
            raise TeamRefused(
                gettext(
                    "This team still answers for %(services)s. Give them to another team first.",
                    services=", ".join(names),
                ),
                field="is_active",
            )
    team.name, team.description, team.is_active = name.strip(), description.strip(), is_active
    team.calendar_id = calendar.id if calendar else None
    before, after = changes(team)
    if after:
        record(Event.TEAM_CHANGED, team, actor=actor, before=before, after=after)
    db.session.flush()
    db.session.expire(team, ["calendar"])


def add_member(team: Team, user: User, *, tier: int | None, is_lead: bool = False, actor: User | None) -> Membership:
    """Put a person into a team, at a support tier or none.

    Raises:
        MembershipRefused: the person is in the team already.
    """
    if db.session.get(Membership, (team.id, user.id)) is not None:
        raise MembershipRefused(
            gettext("%(person)s is in the team %(team)s already.", person=user.display_name, team=team.name)
        )
    membership = Membership(team_id=team.id, user_id=user.id, tier=tier, is_lead=is_lead)
    db.session.add(membership)
    record(Event.MEMBER_ADDED, team, actor=actor, after=_told(user, tier, is_lead))
    user.forget_rights()
    db.session.flush()
    return membership


def change_member(membership: Membership, *, tier: int | None, is_lead: bool, actor: User | None) -> None:
    """Change a member's support tier, or whether the member leads the team."""
    membership.tier, membership.is_lead = tier, is_lead
    before, after = changes(membership)
    if after:
        who = {"user": membership.user.username}
        record(Event.MEMBER_CHANGED, membership.team, actor=actor, before=who | before, after=who | after)
    db.session.flush()


def remove_member(membership: Membership, *, actor: User | None) -> None:
    """Take a person out of a team."""
    user = membership.user
    record(
        Event.MEMBER_REMOVED,
        membership.team,
        actor=actor,
        before=_told(user, membership.tier, membership.is_lead),
    )
    db.session.delete(membership)
    user.forget_rights()
    db.session.flush()


def refuse_unknown(person: User | None) -> None:
    """Raise ``MembershipRefused`` for somebody who has no open account."""
    if person is None or not person.is_active:
        raise MembershipRefused(gettext("Nobody with an open account has this user name or address."), field="person")


def _told(user: User, tier: int | None, is_lead: bool) -> dict[str, str | int | None]:
    return {"user": user.username, "tier": tier, "is_lead": is_lead}
