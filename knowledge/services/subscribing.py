"""Hearing of changes: whoever subscribed to an article or a section gets one message for each published version.

And one when a known error is resolved, which is no new version.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeSerializer

from knowledge.enums import ErrorState, Event
from knowledge.errors import LinkInvalid
from knowledge.models import Article, ArticleVersion, ResolvedNews, Section, SubscriberNews, Subscription
from knowledge.services.addresses import article_path
from knowledge.tasks import tell_subscribers
from portal.core.audit import services as audit
from portal.core.audit.services import Actor
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.core.settings import Settings
from portal.directory.api import User

TOLD_AT_ONCE = 50


def subscribe(user: User, to: Article | Section) -> Subscription:
    """Let somebody hear of changes from now on; a second time changes nothing."""
    column = "article_id" if isinstance(to, Article) else "section_id"
    known = db.session.scalars(sa.select(Subscription).filter_by(user_id=user.id, **{column: to.id})).one_or_none()
    if known is not None:
        return known
    subscription = Subscription(user_id=user.id, **{column: to.id})
    db.session.add(subscription)
    db.session.flush()
    audit.record(Event.SUBSCRIBED, to, actor=user)
    return subscription


def unsubscribe(subscription: Subscription, *, actor: User | None) -> None:
    """Tell somebody no more; ``actor`` is empty for the link in a message, which says who it is."""
    audit.record(Event.UNSUBSCRIBED, subscription.article or subscription.section, actor=actor or subscription.user)
    db.session.delete(subscription)
    db.session.flush()


def queue_news(version: ArticleVersion, *, actor: Actor | None) -> None:
    """Note with the current transaction that subscribers are to hear of a published version."""
    db.session.add(SubscriberNews(version_id=version.id, actor_id=actor.id if actor else None))
    tell_subscribers.after_commit()


def queue_resolved(article: Article, *, actor: Actor | None) -> None:
    """Note with the current transaction that subscribers are to hear that a known error is resolved."""
    db.session.merge(ResolvedNews(article_id=article.id, actor_id=actor.id if actor else None, told_up_to=0))
    tell_subscribers.after_commit()


def tell_some(news: SubscriberNews) -> bool:
    """Tell the next subscribers of a version and return whether others are left.

    Rights are those of this moment, and a version that readers no longer see is told to nobody.
    """
    version = db.session.get_one(ArticleVersion, news.version_id)
    article = version.article
    if not article.is_readable or article.published_number != version.number:
        return False
    return _tell_next(
        news,
        article,
        "knowledge/email/article_changed",
        key=f"article-{article.id}-version-{version.number}",
        since=article.published_at,
        but=(news.actor_id, version.author_id),
        version=version,
    )


def tell_some_resolved(news: ResolvedNews) -> bool:
    """Tell the next subscribers that a known error is resolved and return whether others are left.

    Nobody is told of one that was opened again in the meantime, or that readers no longer see.
    """
    article = db.session.get_one(Article, news.article_id)
    resolved_at = article.error_state_at
    if not article.is_readable or article.error_state is not ErrorState.RESOLVED or resolved_at is None:
        return False
    return _tell_next(
        news,
        article,
        "knowledge/email/error_resolved",
        key=f"article-{article.id}-resolved-{resolved_at:%Y%m%d%H%M%S}",
        since=resolved_at,
        but=(news.actor_id,),
    )


def token_of(subscription: Subscription) -> str:
    """Return what the link in a message ends a subscription with; it is good for nothing else."""
    return str(_serializer().dumps([subscription.id, subscription.user_id]))


def find_by_token(token: str) -> Subscription | None:
    """Return the subscription of a link, None when it has ended.

    Raises:
        LinkInvalid: nobody was ever sent this link, or a part of it is missing.
    """
    try:
        number, user_id = _serializer().loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise LinkInvalid(
            gettext("Nothing was changed. Copy the whole link from the message, or sign in and look at your profile.")
        ) from error
    return db.session.scalars(sa.select(Subscription).filter_by(id=number, user_id=user_id)).one_or_none()


def _tell_next(
    news: SubscriberNews | ResolvedNews,
    article: Article,
    template: str,
    *,
    key: str,
    since: datetime | None,
    but: tuple[int | None, ...],
    **context: Any,
) -> bool:
    subscriptions = _next_subscriptions(article, after=news.told_up_to, since=since)
    tokens = {item.token for item in article.audiences}
    for subscription in subscriptions:
        person = subscription.user
        news.told_up_to = person.id
        if person.id not in but and person.audience_tokens & tokens:
            notify(
                person,
                template,
                key=key,
                path=article_path(article.id, article.slug),
                about=article,
                article=article,
                leave_url=f"{_settings().base_url}/subscriptions/leave/{token_of(subscription)}",
                **context,
            )
    db.session.flush()
    return len(subscriptions) == TOLD_AT_ONCE


def _next_subscriptions(article: Article, *, after: int, since: datetime | None) -> list[Subscription]:
    """Return one subscription for each of the next people, that to the article itself if there is one."""
    # What happened before somebody subscribed is no news.
    wanted = sa.and_(
        Subscription.created_at <= since,
        sa.or_(Subscription.article_id == article.id, Subscription.section_id.in_(_sections(article))),
    )
    people = (
        sa.select(Subscription.user_id)
        .join(Subscription.user)
        .where(wanted, Subscription.user_id > after, User.is_active)
        .distinct()
        .order_by(Subscription.user_id)
        .limit(TOLD_AT_ONCE)
    )
    ids = list(db.session.scalars(people))
    query = sa.select(Subscription).where(wanted, Subscription.user_id.in_(ids))
    # The last one of a person wins: that to the article.
    found = db.session.scalars(query.order_by(Subscription.article_id.is_not(None), Subscription.id)).all()
    chosen = {subscription.user_id: subscription for subscription in found}
    return [chosen[number] for number in ids]


def _sections(article: Article) -> list[int]:
    """Return the ids of the article's section and of those above it."""
    found: list[int] = []
    section: Section | None = article.section
    while section is not None:
        found.append(section.id)
        section = section.parent
    return found


def _settings() -> Settings:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(_settings().secret_key.get_secret_value(), salt="knowledge-subscription")
