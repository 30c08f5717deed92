"""What a section asks of a change before readers see it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from knowledge.models import Article, ChangeRequest, Section
from portal.core.db import db

DEFAULT_APPROVALS = 1
DEEPEST = 20


@dataclass(frozen=True)
class Policy:
    """How many others must approve, and whether somebody else must publish."""

    min_approvals: int
    separate_publisher: bool


def policy_of(section: Section) -> Policy:
    """Return the policy of a section: how many approvals the nearest one says that says so, a separate
    publisher when it or any above asks for one; one query."""
    above = aliased(Section)
    columns = (Section.parent_id, Section.min_approvals, Section.separate_publisher)
    path = sa.select(*columns, sa.literal(0).label("depth")).where(Section.id == section.id).cte("path", recursive=True)
    path = path.union_all(
        sa.select(above.parent_id, above.min_approvals, above.separate_publisher, path.c.depth + 1).where(
            above.id == path.c.parent_id, path.c.depth < DEEPEST
        )
    )
    rows = db.session.execute(sa.select(path.c.min_approvals, path.c.separate_publisher).order_by(path.c.depth)).all()
    wanted = next((number for number, _ in rows if number is not None), DEFAULT_APPROVALS)
    return Policy(wanted, any(separate for _, separate in rows))


def strictest(articles: Sequence[Article]) -> Policy:
    """Return what all sections of some articles ask together."""
    policies = [policy_of(article.section) for article in articles]
    return Policy(
        max(policy.min_approvals for policy in policies), any(policy.separate_publisher for policy in policies)
    )


def policy_for(request: ChangeRequest) -> Policy:
    return strictest([item.article for item in request.items])
