"""Who may read what of the status page. Every read of a reader starts from these."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from status_page.enums import Publication
from status_page.models import (
    Component,
    ComponentAudience,
    Incident,
    IncidentAudience,
    IncidentUpdate,
    UpdateImpact,
)

PUBLIC = frozenset({"public"})


def component_visible_to(tokens: Collection[str]) -> ColumnElement[bool]:
    """The components that readers with these tokens may know of."""
    return sa.exists().where(
        ComponentAudience.component_id == Component.id, ComponentAudience.token.in_(sorted(tokens))
    )


def incident_visible_to(tokens: Collection[str]) -> ColumnElement[bool]:
    """The published incidents that readers with these tokens may know of.

    One that is only about components they may not know of is not shown to them, whatever its own audience says.
    """
    impact = (
        sa.select(UpdateImpact.component_id)
        .join(IncidentUpdate, IncidentUpdate.id == UpdateImpact.update_id)
        .where(IncidentUpdate.incident_id == Incident.id, IncidentUpdate.publication == Publication.PUBLISHED)
        .correlate(Incident)
    )
    seen = sa.exists().where(ComponentAudience.component_id.in_(impact), ComponentAudience.token.in_(sorted(tokens)))
    return sa.and_(
        Incident.published_at.is_not(None),
        sa.exists().where(IncidentAudience.incident_id == Incident.id, IncidentAudience.token.in_(sorted(tokens))),
        sa.or_(~impact.exists(), seen),
    )
