"""Change requests for those who ask and those who decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from knowledge.enums import OPEN_REQUESTS, Permission, WorkState
from knowledge.models import (
    Article,
    ArticleVersion,
    ChangeRequest,
    ChangeRequestItem,
    PassageComment,
    Review,
    ReviewerAssignment,
)
from knowledge.permissions import workable_by
from knowledge.queries.work import lock_articles
from portal.core import clock
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User

VIEWS = ("mine", "team", "all")
_LAG_WITHIN = timedelta(days=90)
_MOST_MEASURED = 500


@dataclass(frozen=True)
class ItemVersions:
    """One article of a request with both versions."""

    item: ChangeRequestItem
    old: ArticleVersion | None
    new: ArticleVersion


def get_request(request_id: int, user: User, *, for_change: bool = False) -> ChangeRequest:
    """Return a change request all of whose articles somebody works on, else answer 404."""
    query = (
        sa.select(ChangeRequest)
        .where(ChangeRequest.id == request_id, request_visible_to(user))
        .options(
            joinedload(ChangeRequest.author),
            selectinload(ChangeRequest.items).joinedload(ChangeRequestItem.article).joinedload(Article.section),
            selectinload(ChangeRequest.reviews).joinedload(Review.reviewer),
            selectinload(ChangeRequest.reviewers).joinedload(ReviewerAssignment.user),
            selectinload(ChangeRequest.comments).joinedload(PassageComment.author),
        )
    )
    if for_change:
        lock_request(request_id)
        query = query.with_for_update(of=ChangeRequest).execution_options(populate_existing=True)
    request = db.session.scalars(query).first()
    if request is None:
        abort(404)
    return request


def lock_request(request_id: int) -> ChangeRequest | None:
    """Lock a change request and its articles, these first as everybody does who changes one of them."""
    items = sa.select(ChangeRequestItem.article_id).where(ChangeRequestItem.change_request_id == request_id)
    lock_articles(db.session.scalars(items).all())
    return db.session.get(ChangeRequest, request_id, with_for_update=True, populate_existing=True)


def page_of_requests(user: User, view: str) -> Page[ChangeRequest]:
    """Return open requests, the oldest first: those somebody is named in or wrote, their teams', or all they may see."""
    query = (
        sa.select(ChangeRequest)
        .where(ChangeRequest.state.in_(OPEN_REQUESTS), request_visible_to(user))
        .options(
            joinedload(ChangeRequest.author),
            selectinload(ChangeRequest.items).joinedload(ChangeRequestItem.article),
        )
        .order_by(ChangeRequest.submitted_at, ChangeRequest.id)
    )
    if view == "mine":
        named = sa.select(ReviewerAssignment.change_request_id).where(ReviewerAssignment.user_id == user.id)
        query = query.where(sa.or_(ChangeRequest.id.in_(named), ChangeRequest.author_id == user.id))
    elif view == "team":
        query = query.where(ChangeRequest.id.in_(_of_teams(user)))
    return paginate(query)


def review_lag() -> timedelta | None:
    """Return the median time from asking for a review to its first decision, of the last 90 days."""
    first = sa.func.min(Review.at)
    query = (
        sa.select(ChangeRequest.submitted_at, first)
        .join(Review, Review.change_request_id == ChangeRequest.id)
        .where(ChangeRequest.submitted_at >= clock.now() - _LAG_WITHIN)
        .group_by(ChangeRequest.id, ChangeRequest.submitted_at)
        .order_by(ChangeRequest.submitted_at.desc())
        .limit(_MOST_MEASURED)
    )
    lags = [(decided - asked).total_seconds() for asked, decided in db.session.execute(query)]
    return timedelta(seconds=median(lags)) if lags else None


def versions_of(request: ChangeRequest) -> list[ItemVersions]:
    """Return both versions of every article with their texts; one query."""
    wanted = [
        sa.and_(
            ArticleVersion.article_id == item.article_id,
            ArticleVersion.number.in_([item.version_number, item.base_number or 0]),
        )
        for item in request.items
    ]
    query = sa.select(ArticleVersion).where(sa.or_(*wanted)).options(sa.orm.undefer(ArticleVersion.body_markdown))
    found = {(version.article_id, version.number): version for version in db.session.scalars(query)}
    return [
        ItemVersions(
            item,
            found.get((item.article_id, item.base_number or 0)),
            found[item.article_id, item.version_number],
        )
        for item in request.items
    ]


def drafts_of(user: User, article: Article) -> Sequence[Article]:
    """Return other articles with something new that somebody wrote, to publish together with one."""
    wrote = sa.select(ArticleVersion.article_id).where(ArticleVersion.author_id == user.id)
    query = (
        sa.select(Article)
        .where(
            Article.work_state == WorkState.DRAFT, Article.id.in_(wrote), Article.id != article.id, workable_by(user)
        )
        .order_by(Article.title)
        .limit(50)
    )
    return db.session.scalars(query).all()


def request_visible_to(user: User) -> sa.ColumnElement[bool]:
    """Return the condition that somebody works on every article of a change request."""
    hidden = (
        sa.select(sa.literal(1))
        .select_from(ChangeRequestItem)
        .join(Article, Article.id == ChangeRequestItem.article_id)
        .where(ChangeRequestItem.change_request_id == ChangeRequest.id, ~workable_by(user))
        .exists()
    )
    return ~hidden


def _of_teams(user: User) -> sa.Select[int]:
    teams = set(user.team_ids) | (user.teams_where(Permission.ARTICLE_REVIEW) or set())
    return (
        sa.select(ChangeRequestItem.change_request_id)
        .join(Article, Article.id == ChangeRequestItem.article_id)
        .where(Article.owner_team_id.in_(sorted(teams)))
    )
