"""Name and look of the portal."""

from flask_babel import gettext

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.design.theme import is_colour
from portal.directory.enums import Event
from portal.directory.models import Organisation, User


class OrganisationRefused(Refused):
    """The organisation cannot be changed like this."""


def change_organisation(*, name: str, accent: str, actor: User | None) -> Organisation:
    """Set the organisation's name and its accent colour, written as #rrggbb, or none for the product's own.

    Raises:
        OrganisationRefused: the colour is none.
    """
    accent = accent.strip().lower()
    if accent and not is_colour(accent):
        raise OrganisationRefused(gettext("Write the colour as # and six digits or letters a to f."), field="accent")
    accent = f"#{accent.removeprefix('#')}" if accent else ""
    organisation = db.session.get(Organisation, 1)
    if organisation is None:
        organisation = Organisation(id=1, name=name.strip(), accent=accent)
        db.session.add(organisation)
        before, after = None, {"name": organisation.name, "accent": accent}
    else:
        organisation.name, organisation.accent = name.strip(), accent
        before, after = changes(organisation)
    if after:
        record(Event.ORGANISATION_CHANGED, organisation, actor=actor, before=before, after=after)
    db.session.flush()
    return organisation
