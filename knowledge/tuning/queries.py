"""Synonyms and promoted answers for those who look after them."""

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from knowledge.enums import READABLE_STATES
from knowledge.models import Article
from knowledge.permissions import workable_by
from knowledge.tuning.models import PromotedAnswer, SynonymGroup
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


def page_of_synonyms() -> Page[SynonymGroup]:
    query = sa.select(SynonymGroup).options(joinedload(SynonymGroup.updated_by))
    return paginate(query.order_by(SynonymGroup.updated_at.desc(), SynonymGroup.id.desc()))


def get_synonyms(group_id: int, *, for_change: bool = False) -> SynonymGroup:
    query = sa.select(SynonymGroup).where(SynonymGroup.id == group_id)
    if for_change:
        query = query.with_for_update().execution_options(populate_existing=True)
    group = db.session.scalars(query).first()
    if group is None:
        abort(404)
    return group


def page_of_promotions(user: User) -> Page[PromotedAnswer]:
    """Return the promoted answers whose article somebody may work on."""
    query = (
        sa.select(PromotedAnswer)
        .join(PromotedAnswer.article)
        .where(workable_by(user))
        .options(joinedload(PromotedAnswer.article), joinedload(PromotedAnswer.updated_by))
    )
    return paginate(query.order_by(PromotedAnswer.updated_at.desc(), PromotedAnswer.id.desc()))


def get_promotion(promotion_id: int, user: User, *, for_change: bool = False) -> PromotedAnswer:
    query = (
        sa.select(PromotedAnswer)
        .join(PromotedAnswer.article)
        .where(PromotedAnswer.id == promotion_id, workable_by(user))
        .options(joinedload(PromotedAnswer.article))
    )
    if for_change:
        query = query.with_for_update(of=PromotedAnswer).execution_options(populate_existing=True)
    promotion = db.session.scalars(query).first()
    if promotion is None:
        abort(404)
    return promotion


def find_promotable(article_id: int, user: User) -> Article | None:
    """Return an article that readers get and that somebody works on."""
    query = sa.select(Article).where(Article.id == article_id, Article.state.in_(READABLE_STATES), workable_by(user))
    return db.session.scalars(query).first()
