"""Publishing what was approved: now, at a time, or in an emergency before the review."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.enums import ArticleState, Event, Permission, RequestState, WorkState
from knowledge.errors import WrongState
from knowledge.models import Article, ArticleVersion, ChangeRequest, ChangeRequestItem
from knowledge.services.articles import newest_version, publish_version
from knowledge.services.policy import policy_for, policy_of
from knowledge.services.reviewing import approvals, authors_of, is_approved, may_publish
from knowledge.services.withdrawing import find_open_request
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.core.notifications.services import notify
from portal.directory.api import User

REVIEW_AFTER_EMERGENCY = timedelta(days=3)


def publish_request(request: ChangeRequest, *, actor: User) -> None:
    """Publish all articles of an approved request in one transaction; the author is told.

    Raises:
        NotAllowed: the actor may not publish one of them, or the policy asks for somebody else.
        WrongState: it is not approved, or one of its articles can no longer be published; then none is.
    """
    _refuse_publisher(request, actor)
    _refuse_unapproved(request)
    _publish_all(request, actor=actor)


def schedule_request(request: ChangeRequest, *, actor: User, publish_at: datetime) -> None:
    """Let an approved request be published by itself at a time.

    Raises:
        As ``publish_request``; WrongState also when the time has passed.
    """
    _refuse_publisher(request, actor)
    _refuse_unapproved(request)
    if publish_at <= clock.now():
        raise WrongState(gettext("That time has passed. Choose a later one, or publish now."), field="publish_at")
    request.state, request.publish_at, request.published_by_id = RequestState.SCHEDULED, publish_at, actor.id
    for item in request.items:
        item.article.work_state = WorkState.SCHEDULED
    audit.record(Event.REQUEST_SCHEDULED, request, actor=actor, after={"publish_at": publish_at})
    db.session.flush()


def publish_scheduled(request: ChangeRequest) -> None:
    """Publish a scheduled request whose time has come, in the name of whoever scheduled it.

    Raises:
        WrongState: its approvals no longer stand or one of its articles cannot be published; nothing was.
    """
    _refuse_unapproved(request)
    publisher = db.session.get(User, request.published_by_id) if request.published_by_id else None
    _publish_all(request, actor=publisher)


def unschedule_request(request: ChangeRequest, *, reason: str) -> None:
    """Put a request back into review whose time came and that could not be published; author and publisher hear why."""
    before = {"state": request.state}
    request.state = RequestState.IN_REVIEW
    for item in request.items:
        if item.article.work_state is WorkState.SCHEDULED:
            item.article.work_state = WorkState.IN_REVIEW
    audit.record(
        Event.REQUEST_UNSCHEDULED, request, actor=None, before=before, after={"state": request.state}, reason=reason
    )
    publisher = db.session.get(User, request.published_by_id) if request.published_by_id else None
    for person in {person.id: person for person in (request.author, publisher) if person}.values():
        notify(
            person,
            "knowledge/email/request_unscheduled",
            key=f"unscheduled-{request.id}-{request.publish_at:%Y%m%d%H%M}-{person.id}",
            path=f"/reviews/{request.id}",
            about=request,
            thread=f"change-request-{request.id}",
            request=request,
            reason=reason,
        )
    db.session.flush()


def publish_directly(article: Article, *, actor: User, number: int | None = None) -> None:
    """Publish the newest version where the section asks for no approval; ``number`` is the one the actor saw.

    Raises:
        WrongState: the section asks for approvals, the article is in review, or a newer version was saved meanwhile.
        NotAllowed: the actor may not publish it.
    """
    policy = policy_of(article.section)
    may = actor.can(Permission.ARTICLE_PUBLISH, team_id=article.owner_team_id)
    if not may or not policy.publisher_teams <= actor.team_ids:
        raise NotAllowed(gettext("You may not publish this article."))
    if policy.min_approvals:
        raise WrongState(gettext("Changes in this section need a review. Send it for review."))
    if find_open_request(article):
        raise WrongState(gettext("“%(title)s” is already in review.", title=article.title))
    _refuse_unseen(article, number)
    publish_version(newest_version(article), actor=actor)


def publish_in_emergency(article: Article, *, actor: User, reason: str, number: int | None = None) -> ChangeRequest:
    """Publish the newest version before its review, with a reason; the review is due soon afterwards.

    Raises:
        WrongState: there is no reason or nothing to publish, or a newer version than ``number`` was saved meanwhile.
        NotAllowed: the actor is no incident manager.
    """
    if not actor.can(Permission.ARTICLE_PUBLISH_EMERGENCY):
        raise NotAllowed(gettext("Only incident managers publish without a review."))
    if not reason.strip():
        raise WrongState(gettext("Say why this cannot wait for a review."), field="reason")
    _refuse_unseen(article, number)
    _end_review(article, actor=actor)
    version = newest_version(article)
    request = ChangeRequest(
        title=article.title,
        description=reason.strip(),
        author_id=actor.id,
        state=RequestState.PUBLISHED,
        published_at=clock.now(),
        published_by_id=actor.id,
        is_emergency=True,
        items=[ChangeRequestItem(article=article, version_number=version.number, base_number=article.published_number)],
    )
    db.session.add(request)
    publish_version(version, actor=actor, reason=reason.strip())
    article.reviewed_at, article.review_due_at = None, clock.now() + REVIEW_AFTER_EMERGENCY
    audit.record(
        Event.EMERGENCY_PUBLISHED, article, actor=actor, after={"version": version.number}, reason=reason.strip()
    )
    db.session.flush()
    if article.owner and article.owner_id != actor.id:
        notify(
            article.owner,
            "knowledge/email/emergency_published",
            key=f"emergency-{request.id}",
            path=f"/articles/{article.id}/work",
            about=article,
            article=article,
            request=request,
        )
    return request


def _end_review(article: Article, *, actor: User) -> None:
    """Take the article's change request back; what else was in it is a draft again."""
    request = find_open_request(article)
    if request is None:
        return
    before = {"state": request.state}
    request.state = RequestState.WITHDRAWN
    for item in request.items:
        item.article.work_state = WorkState.DRAFT
    audit.record(Event.REQUEST_WITHDRAWN, request, actor=actor, before=before, after={"state": request.state})


def _refuse_unseen(article: Article, number: int | None) -> None:
    if number is not None and number != article.latest_number:
        raise WrongState(
            gettext(
                "Version %(newest)d was saved meanwhile; you were about to publish version %(number)d. Look at it first.",
                newest=article.latest_number,
                number=number,
            )
        )


def _publish_all(request: ChangeRequest, *, actor: User | None) -> None:
    for item in request.items:
        if item.article.state is ArticleState.RETIRED:
            raise WrongState(
                gettext("“%(title)s” was retired meanwhile, so nothing was published.", title=item.article.title)
            )
        publish_version(_version(item), actor=actor, reason=request.title)
    before = {"state": request.state}
    request.state, request.published_at = RequestState.PUBLISHED, clock.now()
    request.published_by_id = actor.id if actor else None
    audit.record(
        Event.REQUEST_PUBLISHED,
        request,
        actor=actor,
        before=before,
        after={"state": request.state, "approved_by": [review.reviewer_id for review in approvals(request)]},
    )
    db.session.flush()
    if actor is None or actor.id != request.author_id:
        notify(
            request.author,
            "knowledge/email/request_published",
            key=f"published-{request.id}",
            path=f"/reviews/{request.id}",
            about=request,
            thread=f"change-request-{request.id}",
            request=request,
        )


def _version(item: ChangeRequestItem) -> ArticleVersion:
    return db.session.scalars(
        sa.select(ArticleVersion).where(
            ArticleVersion.article_id == item.article_id, ArticleVersion.number == item.version_number
        )
    ).one()


def _refuse_publisher(request: ChangeRequest, actor: User) -> None:
    if not may_publish(actor, request):
        raise NotAllowed(gettext("You may not publish one of these articles."))
    involved = authors_of(request) | {review.reviewer_id for review in approvals(request)}
    if policy_for(request).separate_publisher and actor.id in involved:
        raise NotAllowed(gettext("In this section somebody publishes who neither wrote nor approved it."))


def _refuse_unapproved(request: ChangeRequest) -> None:
    if request.state is RequestState.PUBLISHED:
        raise WrongState(gettext("This is already published."))
    if request.state is RequestState.WITHDRAWN:
        raise WrongState(gettext("This was withdrawn, so it cannot be published."))
    if request.state not in (RequestState.IN_REVIEW, RequestState.SCHEDULED) or not is_approved(request):
        wanted = policy_for(request).min_approvals
        raise WrongState(
            gettext(
                "This is not approved: it has %(has)d of %(wanted)d approvals.",
                has=len(approvals(request)),
                wanted=wanted,
            )
        )
