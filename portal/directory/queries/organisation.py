"""The organisation the portal belongs to."""

from typing import Any

from portal.core.db import db
from portal.directory.models import Organisation

DEFAULT_NAME = "Portico"


def get_organisation() -> Organisation:
    """Return the single row, or what stands for it until an administrator saves one."""
    found = db.session.get(Organisation, 1)
    return found if found is not None else Organisation(id=1, name=DEFAULT_NAME, accent="")


def organisation_for_templates() -> dict[str, Any]:
    """Give every page the name and the colour of the organisation."""
    return {"organisation": get_organisation()}
