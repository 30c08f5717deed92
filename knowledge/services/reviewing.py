"""Change requests: asked for, reviewed by others, and published together or not at all."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext

from knowledge.enums import OPEN_REQUESTS, Event, Permission, RequestState, Verdict, WorkState
from knowledge.errors import NotEnoughReviewers, WrongState
from knowledge.models import (
    Article,
    ArticleVersion,
    ChangeRequest,
    ChangeRequestItem,
    Review,
    ReviewerAssignment,
)
from knowledge.permissions import can_edit
from knowledge.services.policy import policy_for, strictest
from knowledge.services.withdrawing import find_open_request
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.errors import NotAllowed
from portal.core.notifications.services import notify
from portal.directory.api import Role, RoleAssignment, RolePermission, User


def submit_request(
    articles: Sequence[Article],
    *,
    actor: User,
    title: str = "",
    description: str = "",
    reviewers: Sequence[User] = (),
    publish_at: datetime | None = None,
) -> ChangeRequest:
    """Ask for the newest versions of some articles to be reviewed and published together.

    The named reviewers are told; without names everyone who may review it sees it on their desk.

    Raises:
        WrongState: an article has nothing new, is retired or in another request, or the time has passed.
        NotEnoughReviewers: fewer people than the policy asks for may review it.
    """
    for article in articles:
        _refuse_unready(article, actor)
    if publish_at is not None and publish_at <= clock.now():
        raise WrongState(gettext("That time has passed. Choose a later one, or none."), field="publish_at")
    authors = _authors([(article.id, article.published_number, article.latest_number) for article in articles]) | {
        actor.id
    }
    wanted = strictest(articles).min_approvals
    able = [user for user in possible_reviewers(articles) if user.id not in authors]
    if len(able) < wanted:
        raise NotEnoughReviewers(
            gettext(
                "%(wanted)d approvals are needed and only %(able)d other people may review this. "
                "Ask an administrator to give somebody the right, or the owner of the section to change its policy.",
                wanted=wanted,
                able=len(able),
            )
        )
    for reviewer in reviewers:
        if reviewer not in able:
            raise WrongState(gettext("%(name)s cannot review this.", name=reviewer.display_name), field="reviewers")
    request = ChangeRequest(
        title=(title.strip() or articles[0].title)[:300],
        description=description.strip(),
        author_id=actor.id,
        publish_at=publish_at,
        items=[
            ChangeRequestItem(
                article=article, version_number=article.latest_number, base_number=article.published_number
            )
            for article in articles
        ],
        reviewers=[ReviewerAssignment(user_id=reviewer.id) for reviewer in reviewers],
    )
    for article in articles:
        article.work_state = WorkState.IN_REVIEW
    db.session.add(request)
    db.session.flush()
    audit.record(Event.REVIEW_REQUESTED, request, actor=actor, after=_told(request))
    for reviewer in reviewers:
        _tell(reviewer, request, "review_requested", key=f"review-{request.id}")
    return request


def review_request(request: ChangeRequest, *, actor: User, verdict: Verdict, note: str = "", seen: str = "") -> Review:
    """Approve a change request or ask for changes; the author is told.

    ``seen`` names the versions the reviewer had before them (``ChangeRequest.versions``).

    Raises:
        NotAllowed: the actor wrote part of it or may not review these articles.
        WrongState: it is not open, it holds other versions than were seen, or changes are asked for without saying which.
    """
    if request.state not in (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED):
        raise WrongState(gettext("This is not in review any more."))
    if not can_review(actor, request):
        raise NotAllowed(
            gettext("You wrote part of this or may not review these articles, so somebody else must decide.")
        )
    if seen and seen != request.versions:
        raise WrongState(
            gettext("A new version was saved while you were reading. Look at it below, then decide about that one.")
        )
    if verdict is Verdict.CHANGES_REQUESTED and not note.strip():
        raise WrongState(gettext("Say what should change."), field="note")
    review = Review(reviewer=actor, verdict=verdict, note=note.strip(), at=clock.now())
    request.reviews.append(review)
    _settle(request)
    db.session.flush()
    event = Event.REVIEW_APPROVED if verdict is Verdict.APPROVED else Event.CHANGES_REQUESTED
    audit.record(event, request, actor=actor, after={"state": request.state}, reason=review.note)
    _tell(request.author, request, f"review_{verdict.value}", key=f"review-done-{review.id}", review=review)
    return review


def withdraw_request(request: ChangeRequest, *, actor: User) -> None:
    """Take a change request back; the versions stay as drafts.

    Raises:
        WrongState: it is finished.
        NotAllowed: the actor is neither its author nor may publish it.
    """
    if request.state not in OPEN_REQUESTS:
        raise WrongState(gettext("This is finished and cannot be withdrawn."))
    if actor.id != request.author_id and not may_publish(actor, request):
        raise NotAllowed(gettext("Only its author or somebody who may publish it can withdraw this."))
    before = {"state": request.state}
    request.state = RequestState.WITHDRAWN
    for item in request.items:
        item.article.work_state = WorkState.DRAFT
    audit.record(Event.REQUEST_WITHDRAWN, request, actor=actor, before=before, after={"state": request.state})
    db.session.flush()


def can_review(user: User, request: ChangeRequest) -> bool:
    """Whether somebody may decide: they may review every article of it and wrote none of what it changes."""
    if user.id in authors_of(request):
        return False
    if not policy_for(request).approver_teams <= user.team_ids:
        return False
    return all(user.can(Permission.ARTICLE_REVIEW, team_id=item.article.owner_team_id) for item in request.items)


def may_publish(user: User, request: ChangeRequest) -> bool:
    """Whether somebody may publish every article of a request and is in the teams their sections name for it."""
    if not policy_for(request).publisher_teams <= user.team_ids:
        return False
    return all(user.can(Permission.ARTICLE_PUBLISH, team_id=item.article.owner_team_id) for item in request.items)


def authors_of(request: ChangeRequest) -> set[int]:
    """Return the ids of all who wrote what the request would change, and of who asked for it."""
    spans = [(item.article_id, item.base_number, item.version_number) for item in request.items]
    return _authors(spans) | {request.author_id}


def approvals(request: ChangeRequest) -> list[Review]:
    return [review for review in request.standing_reviews if review.verdict is Verdict.APPROVED]


def is_approved(request: ChangeRequest) -> bool:
    """Whether nobody asks for changes and as many approve as the strictest section asks."""
    if any(review.verdict is Verdict.CHANGES_REQUESTED for review in request.standing_reviews):
        return False
    return len(approvals(request)) >= policy_for(request).min_approvals


def too_few_reviewers(request: ChangeRequest) -> bool:
    """Whether fewer people may review an open request than must still approve it: rights changed since it was sent."""
    if request.state not in (RequestState.IN_REVIEW, RequestState.CHANGES_REQUESTED) or is_approved(request):
        return False
    done, authors = {review.reviewer_id for review in approvals(request)}, authors_of(request)
    able = {user.id for user in possible_reviewers([item.article for item in request.items])} - authors
    return len(able | done) < policy_for(request).min_approvals


def possible_reviewers(articles: Sequence[Article]) -> list[User]:
    """Return the active people who may review all of these articles."""
    teams = {article.owner_team_id for article in articles}
    query = (
        sa.select(User, RoleAssignment.team_id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .join(RolePermission, RolePermission.role_id == Role.id)
        .where(RolePermission.permission == Permission.ARTICLE_REVIEW.value, User.is_active)
        .order_by(User.display_name, User.id)
    )
    held: dict[User, set[int | None]] = {}
    for user, team_id in db.session.execute(query):
        held.setdefault(user, set()).add(team_id)
    named = strictest(articles).approver_teams
    # The right limited to a team is no right for articles of other teams; of nobody's articles it is.
    return [
        user
        for user, scopes in held.items()
        if (None in scopes or all(team in scopes or team is None for team in teams))
        and (not named or named <= user.team_ids)
    ]


def _settle(request: ChangeRequest) -> None:
    standing = request.standing_reviews
    asked = any(review.verdict is Verdict.CHANGES_REQUESTED for review in standing)
    request.state = RequestState.CHANGES_REQUESTED if asked else RequestState.IN_REVIEW


def _authors(spans: Sequence[tuple[int, int | None, int]]) -> set[int]:
    conditions = [
        sa.and_(
            ArticleVersion.article_id == article_id,
            ArticleVersion.number > (base or 0),
            ArticleVersion.number <= number,
        )
        for article_id, base, number in spans
    ]
    query = sa.select(ArticleVersion.author_id).where(sa.or_(*conditions), ArticleVersion.author_id.is_not(None))
    return {author for author in db.session.scalars(query.distinct()) if author is not None}


def _refuse_unready(article: Article, actor: User) -> None:
    if not can_edit(actor, article):
        raise NotAllowed(gettext("You may not change “%(title)s”.", title=article.title))
    if article.latest_number == article.published_number:
        raise WrongState(gettext("“%(title)s” has nothing new to publish.", title=article.title))
    if find_open_request(article):
        raise WrongState(gettext("“%(title)s” is already in review.", title=article.title))


def _told(request: ChangeRequest) -> dict[str, object]:
    return {
        "state": request.state,
        "articles": {str(item.article_id): item.version_number for item in request.items},
        "publish_at": request.publish_at,
    }


def _tell(person: User, request: ChangeRequest, template: str, *, key: str, **context: object) -> None:
    notify(
        person,
        f"knowledge/email/{template}",
        key=key,
        path=f"/reviews/{request.id}",
        about=request,
        thread=f"change-request-{request.id}",
        request=request,
        **context,
    )
