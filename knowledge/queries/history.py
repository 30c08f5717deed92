"""The life of one article: which steps it took, by whom and why, for those who work on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from knowledge.enums import Event
from knowledge.models import Article, ChangeRequest, ChangeRequestItem
from knowledge.queries.reviews import request_visible_to
from portal.core.audit.queries import list_of_subjects
from portal.core.db import db
from portal.directory.api import User

MOST_SHOWN = 30
# Saved versions stand in a list of their own, and a published request is told by its articles.
STEPS = (
    Event.ARTICLE_CREATED,
    Event.ARTICLE_IMPORTED,
    Event.ARTICLE_MOVED,
    Event.ARTICLE_PUBLISHED,
    Event.EMERGENCY_PUBLISHED,
    Event.ARTICLE_REVIEWED,
    Event.ARTICLE_REASSIGNED,
    Event.ERROR_STATE_SET,
    Event.REVIEW_DUE,
    Event.ARTICLE_EXPIRED,
    Event.ARTICLE_RETIRED,
    Event.ARTICLE_REVIVED,
    Event.REVIEW_REQUESTED,
    Event.REVIEW_APPROVED,
    Event.CHANGES_REQUESTED,
    Event.APPROVALS_WITHDRAWN,
    Event.REQUEST_SCHEDULED,
    Event.REQUEST_UNSCHEDULED,
    Event.REQUEST_WITHDRAWN,
)


@dataclass(frozen=True)
class Step:
    """One step: what, who, when and why."""

    event: Event
    # Empty: the portal itself.
    actor: str
    at: datetime
    reason: str


def list_steps(article: Article, user: User) -> Sequence[Step]:
    """Return the last steps of an article, the newest first; three queries."""
    query = (
        sa.select(ChangeRequest.id)
        .join(ChangeRequestItem, ChangeRequestItem.change_request_id == ChangeRequest.id)
        .where(ChangeRequestItem.article_id == article.id, request_visible_to(user))
    )
    subjects = {"article": [article.id], "change_request": db.session.scalars(query).all()}
    events = list_of_subjects(subjects, STEPS, limit=MOST_SHOWN)
    ids = {event.actor_id for event in events if event.actor_id is not None}
    people = {person.id: person for person in db.session.scalars(sa.select(User).where(User.id.in_(ids)))}
    return [
        Step(
            Event(event.action),
            people[event.actor_id].display_name if event.actor_id in people else "",
            event.at,
            event.reason,
        )
        for event in events
    ]
