"""What a change of a section's policy would mean, told before it is made."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from knowledge.enums import OPEN_REQUESTS, READABLE_STATES, Permission
from knowledge.models import Article, ChangeRequest, ChangeRequestItem, Review, Section
from knowledge.queries.sections import ids_below
from knowledge.services.policy import DEFAULT_APPROVALS, policy_for, policy_of
from knowledge.services.reviewing import approvals
from portal.core.db import db
from portal.directory.api import Role, RoleAssignment, RolePermission, User


@dataclass(frozen=True)
class PolicyEffect:
    """What follows for open reviews and articles, and who could approve and publish."""

    # Open reviews that are approved now and would not be any more, and those that would be.
    lacking: int
    enough: int
    approvals_before: int
    approvals_after: int
    articles: int
    other_readers: int
    other_reviews: int
    approvers: Sequence[str]
    publishers: Sequence[str]

    @property
    def too_few(self) -> bool:
        """Whether not even one author besides would find enough people to approve."""
        return len(self.approvers) < self.approvals_after


def effect_of_policy(
    section: Section,
    *,
    min_approvals: int | None,
    approver_team_id: int | None,
    publisher_team_id: int | None,
    owner_team_id: int | None,
    audience: Sequence[str],
    review_months: int | None,
) -> PolicyEffect:
    """Tell what a policy would change in a section and beneath it; changes nothing."""
    now = policy_of(section)
    above = policy_of(section.parent) if section.parent else None
    wanted = min_approvals if min_approvals is not None else above.min_approvals if above else DEFAULT_APPROVALS
    inherited = above.approver_teams if above else frozenset()
    approver_teams = frozenset([approver_team_id]) if approver_team_id else inherited
    inherited = above.publisher_teams if above else frozenset()
    publisher_teams = frozenset([publisher_team_id]) if publisher_team_id else inherited
    within = [section.id, *ids_below(section.id)]
    lacking = enough = 0
    for request in _open_requests(within):
        before, has = policy_for(request).min_approvals, len(approvals(request))
        after = max([wanted, *(_elsewhere(request, set(within)))])
        lacking += has < after and after > before
        enough += has >= after and has < before
    here = db.session.scalar(
        sa.select(sa.func.count(Article.id)).where(Article.section_id.in_(within), Article.state.in_(READABLE_STATES))
    )
    return PolicyEffect(
        lacking,
        enough,
        now.min_approvals,
        wanted,
        here or 0,
        (here or 0) if sorted(set(audience)) != sorted(section.audience) else 0,
        (here or 0) if review_months != section.review_months else 0,
        _holders(Permission.ARTICLE_REVIEW, owner_team_id, approver_teams),
        _holders(Permission.ARTICLE_PUBLISH, owner_team_id, publisher_teams),
    )


def _open_requests(section_ids: Sequence[int]) -> Sequence[ChangeRequest]:
    within = sa.select(ChangeRequestItem.change_request_id).join(Article).where(Article.section_id.in_(section_ids))
    query = (
        sa.select(ChangeRequest)
        .where(ChangeRequest.state.in_(OPEN_REQUESTS), ChangeRequest.id.in_(within))
        .options(
            selectinload(ChangeRequest.items).joinedload(ChangeRequestItem.article).joinedload(Article.section),
            selectinload(ChangeRequest.reviews).joinedload(Review.reviewer),
        )
    )
    return db.session.scalars(query).all()


def _elsewhere(request: ChangeRequest, within: set[int]) -> list[int]:
    """Return what the other sections of a request ask."""
    sections = {item.article.section for item in request.items if item.article.section_id not in within}
    return [policy_of(section).min_approvals for section in sections]


def _holders(permission: Permission, team_id: int | None, named: frozenset[int]) -> list[str]:
    query = (
        sa.select(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .join(RolePermission, RolePermission.role_id == Role.id)
        .where(RolePermission.permission == permission.value, User.is_active)
        .where(sa.or_(RoleAssignment.team_id.is_(None), RoleAssignment.team_id == team_id))
        .order_by(User.display_name, User.id)
    )
    people = dict.fromkeys(db.session.scalars(query))
    return [person.display_name for person in people if not named or named <= person.team_ids]
