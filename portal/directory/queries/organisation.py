"""The organisation the portal belongs to."""

from dataclasses import dataclass
from typing import Any

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
    row = get_organisation()
    return Emblem(row.name, row.accent)
