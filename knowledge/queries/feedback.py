"""Readers' complaints for those who answer them."""

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from knowledge.enums import FeedbackState
from knowledge.models import Article, ArticleFeedback
from knowledge.permissions import workable_by
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


def get_feedback(feedback_id: int, user: User) -> ArticleFeedback:
    """Return a remark on an article somebody works on, else answer 404."""
    query = (
        sa.select(ArticleFeedback)
        .join(ArticleFeedback.article)
        .where(ArticleFeedback.id == feedback_id, workable_by(user))
        .options(joinedload(ArticleFeedback.user), joinedload(ArticleFeedback.answered_by))
    )
    feedback = db.session.scalars(query).first()
    if feedback is None:
        abort(404)
    return feedback


def page_of_open_feedback(user: User) -> Page[ArticleFeedback]:
    """Return the complaints that wait for an answer, the one due first on top."""
    query = (
        sa.select(ArticleFeedback)
        .join(ArticleFeedback.article)
        .where(ArticleFeedback.state == FeedbackState.OPEN, workable_by(user))
        .options(joinedload(ArticleFeedback.article).joinedload(Article.owner), joinedload(ArticleFeedback.user))
        .order_by(ArticleFeedback.due_at, ArticleFeedback.id)
    )
    return paginate(query)
