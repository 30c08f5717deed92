"""What a section asks of a change before readers see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from knowledge.models import Article, ChangeRequest, Section
from portal.core.db import db

DEFAULT_APPROVALS = 1
DEEPEST = 20


@dataclass(frozen=True)
class Policy:
    """How many others must approve, whether somebody else must publish, and of which teams they must be."""

    min_approvals: int
    separate_publisher: bool
    # One must be in all of them; none means that the right alone is enough.
    approver_teams: frozenset[int] = frozenset()
    publisher_teams: frozenset[int] = frozenset()


def policy_of(section: Section) -> Policy:
    """Return the policy of a section; one query.

    Of approvals and teams the nearest section counts that says something; a separate publisher is asked for when any
    section on the way up asks for one.
    """
    above = aliased(Section)
    path = _row(Section, sa.literal(0).label("depth")).where(Section.id == section.id).cte("path", recursive=True)
    path = path.union_all(_row(above, path.c.depth + 1).where(above.id == path.c.parent_id, path.c.depth < DEEPEST))
    rows = db.session.execute(sa.select(path).order_by(path.c.depth)).all()

    def nearest(name: str) -> int | None:
        return next((value for row in rows if (value := getattr(row, name)) is not None), None)

    approvals, approvers, publishers = map(nearest, ("min_approvals", "approver_team_id", "publisher_team_id"))
    return Policy(
        DEFAULT_APPROVALS if approvals is None else approvals,
        any(row.separate_publisher for row in rows),
        frozenset([approvers] if approvers else []),
        frozenset([publishers] if publishers else []),
    )


def strictest(articles: Sequence[Article]) -> Policy:
    """Return what all sections of some articles ask together."""
    sections = {article.section.id: article.section for article in articles}
    policies = [policy_of(section) for section in sections.values()]
    return Policy(
        max(policy.min_approvals for policy in policies),
        any(policy.separate_publisher for policy in policies),
        frozenset().union(*(policy.approver_teams for policy in policies)),
        frozenset().union(*(policy.publisher_teams for policy in policies)),
    )


def policy_for(request: ChangeRequest) -> Policy:
    return strictest([item.article for item in request.items])


def _row(table: type[Section], depth: Any) -> sa.Select[Any]:
    return sa.select(
        table.parent_id,
        table.min_approvals,
        table.separate_publisher,
        table.approver_team_id,
        table.publisher_team_id,
        depth,
    )
