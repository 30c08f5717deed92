"""Which team receives a ticket, and why: the one place that decides.

A decision is a value that names its rule and what it went by. It is kept on the ticket and said in the language of
whoever reads it, so that a rule added later explains itself in the same way.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext, lazy_gettext

from portal.core.db import db
from portal.directory.api import Service, Team
from triage.tickets.errors import NobodyToAsk
from triage.tickets.models import DeskSettings

SERVICE_DESK = "service-desk"


@dataclass(frozen=True)
class Decision:
    """A team and the reason for it."""

    team: Team
    rule: str
    facts: dict[str, str]

    def as_data(self) -> dict[str, Any]:
        return {"rule": self.rule, "team": self.team.name, **self.facts}


def choose_team(service: Service | None, *, chosen: Team | None = None) -> Decision:
    """Return the team for a new ticket: the one chosen by hand, else the service's owner, else the service desk.

    Raises:
        NobodyToAsk: the portal has no active team.
    """
    if chosen is not None:
        return Decision(chosen, "chosen", {})
    if service is not None and service.owner_team.is_active:
        return Decision(service.owner_team, "service_owner", {"service": service.name})
    found = db.session.execute(_default_team()).first()
    if found is None:
        raise NobodyToAsk(gettext("No team can receive tickets yet. Ask your administrator to set one up."))
    team, is_set = found
    return Decision(team, "default_team" if is_set or team.key == SERVICE_DESK else "first_team", {})


def by_hand(team: Team, reason: str) -> dict[str, Any]:
    """Return the reason kept on a ticket that a person moved."""
    return {"rule": "by_hand", "team": team.name, "reason": reason}


def sentence(routing: dict[str, Any]) -> str:
    """Say in the reader's language why the ticket is where it is."""
    words = {
        "service_owner": lazy_gettext("Went to %(team)s because that team answers for “%(service)s”."),
        "chosen": lazy_gettext("Went to %(team)s because whoever opened it chose that team."),
        "default_team": lazy_gettext("Went to %(team)s because no service was named; that team sorts such tickets."),
        "first_team": lazy_gettext("Went to %(team)s because no service desk is set up."),
        "by_hand": lazy_gettext("Moved to %(team)s by hand: %(reason)s"),
    }.get(routing.get("rule", ""))
    return str(words) % routing if words else ""


@cache
def _default_team() -> sa.Select[Team, bool]:
    """The team the administrator set, else the service desk, else the first; and whether it was set."""
    is_set = sa.func.coalesce(
        Team.id == sa.select(DeskSettings.default_team_id).where(DeskSettings.id == 1).scalar_subquery(), sa.false()
    )
    wanted = (is_set.desc(), (Team.key == SERVICE_DESK).desc(), Team.id)
    return sa.select(Team, is_set).where(Team.is_active).order_by(*wanted).limit(1)
