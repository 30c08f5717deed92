"""A person's subscriptions, as far as they may still know what they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort

from knowledge.models import Article, Section, Subscription
from knowledge.permissions import section_visible_to, visible_to
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


@dataclass(frozen=True)
class Subscribed:
    """One line of the list; without article and section it is about something the person may no longer read."""

    id: int
    article: Article | None
    section: Section | None


def find_subscription(user: User, to: Article | Section) -> Subscription | None:
    column = Subscription.article_id if isinstance(to, Article) else Subscription.section_id
    return db.session.scalars(
        sa.select(Subscription).where(Subscription.user_id == user.id, column == to.id)
    ).one_or_none()


def get_subscription(subscription_id: int, user: User) -> Subscription:
    """Return one of the person's own subscriptions, or answer 404."""
    query = sa.select(Subscription).where(Subscription.id == subscription_id, Subscription.user_id == user.id)
    found = db.session.scalars(query).one_or_none()
    if found is None:
        abort(404)
    return found


def page_of_subscriptions(user: User) -> tuple[Page[Subscription], list[Subscribed]]:
    """Return a page of the person's subscriptions, the latest first; a constant number of queries."""
    query = sa.select(Subscription).where(Subscription.user_id == user.id)
    rows = paginate(query.order_by(Subscription.id.desc()))
    return rows, what_they_are_about(rows.items, user)


def what_they_are_about(subscriptions: Sequence[Subscription], user: User) -> list[Subscribed]:
    """Return what subscriptions are about, without what the person may no longer read."""
    of_articles = [item.article_id for item in subscriptions if item.article_id]
    of_sections = [item.section_id for item in subscriptions if item.section_id]
    articles = db.session.scalars(sa.select(Article).where(Article.id.in_(of_articles), visible_to(user)))
    sections = db.session.scalars(sa.select(Section).where(Section.id.in_(of_sections), section_visible_to(user)))
    known, open_sections = {row.id: row for row in articles}, {row.id: row for row in sections}
    return [
        Subscribed(item.id, known.get(item.article_id or 0), open_sections.get(item.section_id or 0))
        for item in subscriptions
    ]
