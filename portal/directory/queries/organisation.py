"""The organisation the portal belongs to."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from portal.core.db import db
from portal.core.web.remembering import remembered
from portal.directory.models import Organisation

DEFAULT_NAME = "Portico"


@dataclass(frozen=True)
class Emblem:
    """What every page shows of the organisation."""

    name: str
    accent: str


def get_organisation() -> Organisation:
    """Return the single row, or what stands for it until an administrator saves one."""
    found = db.session.get(Organisation, 1)
    return found if found is not None else Organisation(id=1, name=DEFAULT_NAME, accent="")


def organisation_for_templates() -> dict[str, Any]:
    """Give every page the name and the colour of the organisation."""
    return {"organisation": remembered(_emblem, "organisation")}


def _emblem() -> Emblem:
    found = db.session.execute(_name_and_accent()).one_or_none()
    return Emblem(*found) if found else Emblem(DEFAULT_NAME, "")


@cache
def _name_and_accent() -> sa.Select[str, str]:
    # Made once: every message asks for it.
    return sa.select(Organisation.name, Organisation.accent).where(Organisation.id == 1)
