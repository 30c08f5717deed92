"""A new edit withdraws what was approved before it: nobody approved these words."""

import sqlalchemy as sa

from knowledge.enums import OPEN_REQUESTS, Event, RequestState, WorkState
from knowledge.models import Article, ArticleVersion, ChangeRequest, ChangeRequestItem
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.notifications.services import notify


def find_open_request(article: Article) -> ChangeRequest | None:
    """Return the change request an article is in, if it is in one that is not finished."""
    query = (
        sa.select(ChangeRequest)
        .join(ChangeRequestItem)
        .where(ChangeRequestItem.article_id == article.id, ChangeRequest.state.in_(OPEN_REQUESTS))
    )
    return db.session.scalars(query).first()


def carry_into_request(version: ArticleVersion, *, actor: Actor | None) -> None:
    """Put a new version into the open change request of its article, withdraw the approvals and tell who gave them."""
    article = version.article
    request = find_open_request(article)
    if request is None:
        return
    article.work_state = WorkState.IN_REVIEW
    for item in request.items:
        if item.article_id == article.id:
            item.version_number = version.number
        else:
            item.article.work_state = WorkState.IN_REVIEW
    withdrawn = [review for review in request.reviews if review.withdrawn_at is None]
    for review in withdrawn:
        review.withdrawn_at = clock.now()
    request.state = RequestState.IN_REVIEW
    if withdrawn:
        audit.record(
            Event.APPROVALS_WITHDRAWN,
            request,
            actor=actor,
            after={"article_id": article.id, "version": version.number, "reviews": len(withdrawn)},
        )
    for reviewer in {review.reviewer_id: review.reviewer for review in withdrawn}.values():
        notify(
            reviewer,
            "knowledge/email/review_again",
            key=f"review-again-{request.id}-{article.id}-{version.number}",
            path=f"/reviews/{request.id}",
            about=request,
            request=request,
            article=article,
        )
