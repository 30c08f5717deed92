"""Keeping articles right: who answers for them, when they are looked at again, and what happens when nobody does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.enums import READABLE_STATES, ArticleState, Event
from knowledge.errors import WrongState
from knowledge.models import Article, ArticleService
from knowledge.permissions import works_on_knowledge
from knowledge.services.live import queue_search_change
from knowledge.services.review_periods import next_review, review_months
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.audit.services import Actor, changes
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.directory.api import Membership, Service, Team, User

# After the day a review is due: the owner is reminded at once, the team lead hears after two weeks, and after six
# the article leaves search and suggestions and carries a warning.
ESCALATE_AFTER = timedelta(days=14)
EXPIRE_AFTER = timedelta(days=42)
# Changes of a service after which what is written about it may be wrong.
TELLING_CHANGES = {"name", "needs"}
REMINDED, ESCALATED, EXPIRED = 1, 2, 3


def confirm_article(article: Article, *, actor: Actor | None, note: str = "") -> None:
    """Record that somebody looked and the article is still right; the next period begins, an expired one returns.

    Raises:
        WrongState: readers do not have it.
    """
    if not article.is_readable:
        raise WrongState(gettext("Only a published article can be confirmed."))
    was_expired = article.state is ArticleState.EXPIRED
    article.reviewed_at, article.reviewed_by_id = clock.now(), actor.id if actor else None
    article.review_due_at = next_review(article.reviewed_at, review_months(article))
    article.review_stage, article.expired_at, article.state = 0, None, ArticleState.PUBLISHED
    before, after = changes(article)
    audit.record(Event.ARTICLE_REVIEWED, article, actor=actor, before=before, after=after, reason=note)
    if was_expired:
        queue_search_change(article.id)
    db.session.flush()


def set_ownership(
    article: Article,
    *,
    actor: Actor | None,
    owner_team: Team | None,
    owner: User | None,
    review_months_wanted: int | None,
    is_restricted: bool,
) -> None:
    """Say who answers for an article, how often it is reviewed, and whether only few may edit it."""
    # Reading first loads the row, so that the change is seen as one.
    reviewed_at = article.reviewed_at
    article.owner_team_id, article.owner_id = owner_team.id if owner_team else None, owner.id if owner else None
    article.review_months, article.is_restricted = review_months_wanted, is_restricted
    before, after = changes(article)
    if not before and not after:
        return
    article.owner_team, article.owner = owner_team, owner
    if "review_months" in after:
        article.review_due_at = next_review(reviewed_at, review_months(article))
    audit.record(Event.ARTICLE_REASSIGNED, article, actor=actor, before=before, after=after)
    db.session.flush()


@dataclass(frozen=True)
class Reassignment:
    """What giving articles to an owner would do."""

    owner: User
    moving: Sequence[Article]
    # How many are theirs already, and how many of the others are not meant for them as a reader.
    kept: int
    unreadable: int
    works_on_knowledge: bool


def plan_reassignment(articles: Sequence[Article], owner: User) -> Reassignment:
    """Say what ``reassign_articles`` would do, without doing it."""
    moving = [article for article in articles if article.owner_id != owner.id]
    held = owner.audience_tokens
    closed = sum(not held & {item.token for item in article.audiences} for article in moving)
    return Reassignment(owner, moving, len(articles) - len(moving), closed, works_on_knowledge(owner))


def reassign_articles(articles: Sequence[Article], *, actor: Actor | None, owner: User) -> int:
    """Give several articles to one owner, who is told once; returns how many changed hands."""
    moved = [article for article in articles if article.owner_id != owner.id]
    for article in moved:
        before = {"owner_id": article.owner_id}
        article.owner = owner
        article.owner_id = owner.id
        audit.record(Event.ARTICLE_REASSIGNED, article, actor=actor, before=before, after={"owner_id": owner.id})
    if moved and (actor is None or actor.id != owner.id):
        notify(
            owner,
            "knowledge/email/articles_reassigned",
            key=f"reassigned-{moved[0].id}-{len(moved)}-{clock.now().timestamp():.0f}",
            path="/knowledge",
            articles=moved,
        )
    db.session.flush()
    return len(moved)


def ask_for_review_of_service(service_id: int, *, actor: Actor | None, reason: str) -> int:
    """Make every published article about a service due now, because the service changed; returns how many."""
    ids = sa.select(ArticleService.article_id).where(ArticleService.service_id == service_id)
    query = sa.select(Article).where(Article.id.in_(ids), Article.state.in_(READABLE_STATES))
    found = db.session.scalars(query).all()
    for article in found:
        before = {"review_due_at": article.review_due_at}
        article.review_due_at, article.review_stage = clock.now(), 0
        audit.record(
            Event.REVIEW_DUE, article, actor=actor, before=before, after={"review_due_at": clock.now()}, reason=reason
        )
    db.session.flush()
    return len(found)


def review_after_service_change(service: Service, actor: Actor | None, after: dict[str, Any]) -> None:
    """Make the articles about a service due when it was renamed, retired or needs other services than before.

    Owners and descriptions change often and make no article wrong.
    """
    if service.is_retired:
        reason = gettext("%(service)s was retired.", service=service.name)
    elif after.keys() & TELLING_CHANGES:
        reason = gettext("%(service)s was updated.", service=service.name)
    else:
        return
    ask_for_review_of_service(service.id, actor=actor, reason=reason)


def next_step(article: Article) -> int | None:
    """Return the stage an overdue article should be moved to now, None when it stands where it should."""
    if not article.is_readable or article.review_due_at is None or article.review_due_at > clock.now():
        return None
    overdue = clock.now() - article.review_due_at
    wanted = EXPIRED if overdue >= EXPIRE_AFTER else ESCALATED if overdue >= ESCALATE_AFTER else REMINDED
    # One step at a time: a portal that stood still for months still reminds before it expires anything.
    return min(wanted, article.review_stage + 1) if article.review_stage < wanted else None


def advance_overdue(article: Article, stage: int) -> None:
    """Move an overdue article one step on: remind its owner, tell the team lead, or mark it for readers."""
    article.review_stage = stage
    if stage == EXPIRED:
        article.state, article.expired_at = ArticleState.EXPIRED, clock.now()
        audit.record(Event.ARTICLE_EXPIRED, article, actor=None, after={"state": article.state})
        queue_search_change(article.id)
    people = {person.id: person for person in ([article.owner] if article.owner else [])}
    if stage >= ESCALATED or not people:
        people |= {lead.id: lead for lead in _leads(article)}
    for person in people.values():
        notify(
            person,
            "knowledge/email/review_due",
            key=f"review-due-{article.id}-{article.review_due_at:%Y%m%d%H%M%S}-{stage}",
            path=f"/articles/{article.id}/work",
            about=article,
            article=article,
            stage=stage,
        )
    db.session.flush()


def _leads(article: Article) -> Sequence[User]:
    query = (
        sa.select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.team_id == article.owner_team_id, Membership.is_lead)
    )
    return db.session.scalars(query).all()
