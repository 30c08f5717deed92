"""The priority matrix: impact by urgency."""

import sqlalchemy as sa

from portal.core.db import db
from portal.core.web.remembering import remembered
from triage.tickets.enums import Impact, Urgency
from triage.tickets.models import PriorityRule

Matrix = dict[tuple[Impact, Urgency], int]
# Used where the matrix has a hole, which only a damaged database can show.
MIDDLE = 3


def load_matrix() -> Matrix:
    return {(rule.impact, rule.urgency): rule.priority for rule in db.session.scalars(sa.select(PriorityRule))}


def priority_for(impact: Impact, urgency: Urgency) -> int:
    """Return the priority the matrix gives, 1 (highest) to 5."""
    return remembered(load_matrix, "priority matrix").get((impact, urgency), MIDDLE)
