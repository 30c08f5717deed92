"""The priority matrix: impact by urgency."""

from functools import cache

import sqlalchemy as sa

from portal.core.db import db
from triage.tickets.enums import Impact, Urgency
from triage.tickets.models import PriorityRule

Matrix = dict[tuple[Impact, Urgency], int]
# Used where the matrix has a hole, which only a damaged database can show.
MIDDLE = 3


def load_matrix() -> Matrix:
    return {(rule.impact, rule.urgency): rule.priority for rule in db.session.scalars(sa.select(PriorityRule))}


def priority_for(impact: Impact, urgency: Urgency) -> int:
    """Return the priority the matrix gives, 1 (highest) to 5."""
    return db.session.scalars(_one_field(), {"impact": impact, "urgency": urgency}).first() or MIDDLE


@cache
def _one_field() -> sa.Select[int]:
    return sa.select(PriorityRule.priority).where(
        PriorityRule.impact == sa.bindparam("impact"), PriorityRule.urgency == sa.bindparam("urgency")
    )
