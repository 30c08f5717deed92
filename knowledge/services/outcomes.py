"""What came of articles for people: told by the pages, the assistant and the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from knowledge.enums import Outcome
from knowledge.models import ArticleOutcome, ArticleService
from portal.core import clock
from portal.core.audit.services import Actor
from portal.core.db import db

CAME_BACK_WITHIN = timedelta(days=7)
_JUDGED = (Outcome.SOLVED, Outcome.NOT_SOLVED)
# One person speaks for an article once a day, however often they click.
_ONE_VOICE = timedelta(days=1)


class Subject(Protocol):
    """What an outcome happened in, such as a ticket."""

    __tablename__: str

    @property
    def id(self) -> int: ...


@dataclass(frozen=True)
class Solved:
    """An article solved something for somebody lately, and nothing has come back of it since."""

    article_id: int
    service_ids: frozenset[int]
    # What it happened in, as "ticket" and its id; empty for an answer on the article's own page.
    subject_type: str
    subject_id: int | None
    at: datetime


def record_outcome(
    article_id: int, outcome: Outcome, *, user: Actor | None = None, subject: Subject | None = None
) -> None:
    """Note what came of an article for somebody, in the current transaction.

    ``subject`` is what it happened in, a ticket or a conversation. Of one subject the last judgement counts (solved or
    not), and so it does of one person within a day; an article is linked to a subject once. Confidence and success
    rate are computed from these rows alone.
    """
    if outcome in _JUDGED and (subject or user):
        _delete(article_id, _JUDGED, user=user, subject=subject)
    elif outcome is Outcome.LINKED and subject:
        _delete(article_id, (outcome,), user=user, subject=subject)
    db.session.add(
        ArticleOutcome(
            article_id=article_id,
            outcome=outcome,
            user_id=user.id if user else None,
            subject_type=subject.__tablename__ if subject else "",
            subject_id=subject.id if subject else None,
        )
    )
    db.session.flush()


def withdraw_outcome(article_id: int, outcome: Outcome, *, subject: Subject) -> None:
    """Take back what was noted of an article in a ticket or a conversation."""
    _delete(article_id, (outcome,), user=None, subject=subject)


def take_outcomes_over(subject: Subject, *, user: Actor) -> None:
    """Let what somebody said before signing in be theirs, now that they did."""
    db.session.execute(
        sa.update(ArticleOutcome)
        .where(
            ArticleOutcome.subject_type == subject.__tablename__,
            ArticleOutcome.subject_id == subject.id,
            ArticleOutcome.user_id.is_(None),
        )
        .values(user_id=user.id)
        .execution_options(synchronize_session=False)
    )


def solved_lately(user_id: int) -> Sequence[Solved]:
    """Return what articles solved for a person within 7 days and has not come back since; two queries."""
    rows = db.session.scalars(_solved_since(), {"user_id": user_id, "since": clock.now() - CAME_BACK_WITHIN}).all()
    services: dict[int, set[int]] = {row.article_id: set() for row in rows}
    about = sa.select(ArticleService).where(ArticleService.article_id.in_(services))
    for link in db.session.scalars(about) if rows else ():
        services[link.article_id].add(link.service_id)
    return [
        Solved(row.article_id, frozenset(services[row.article_id]), row.subject_type, row.subject_id, row.at)
        for row in rows
    ]


@cache
def _solved_since() -> sa.Select[ArticleOutcome]:
    # Made once: every ticket asks for it, and making it takes longer than its answer.
    return (
        sa.select(ArticleOutcome)
        .where(
            ArticleOutcome.user_id == sa.bindparam("user_id"),
            ArticleOutcome.outcome == Outcome.SOLVED,
            ArticleOutcome.at >= sa.bindparam("since"),
            ~_has_come_back(),
        )
        .order_by(ArticleOutcome.at, ArticleOutcome.id)
    )


def _delete(article_id: int, outcomes: Sequence[Outcome], *, user: Actor | None, subject: Subject | None) -> None:
    statement = sa.delete(ArticleOutcome).where(
        ArticleOutcome.article_id == article_id,
        ArticleOutcome.outcome.in_(outcomes),
        # What has come back took a "solved" away; that one stays, or somebody else's would pay for it.
        ~_has_come_back(),
    )
    if subject is not None:
        statement = statement.where(
            ArticleOutcome.subject_type == subject.__tablename__, ArticleOutcome.subject_id == subject.id
        )
    elif user is not None:
        statement = statement.where(
            ArticleOutcome.subject_type == "",
            ArticleOutcome.user_id == user.id,
            ArticleOutcome.at > clock.now() - _ONE_VOICE,
        )
    db.session.execute(statement.execution_options(synchronize_session=False))


def _has_come_back() -> sa.ColumnElement[bool]:
    back = aliased(ArticleOutcome)
    return (
        sa.select(sa.literal(1))
        .where(
            back.article_id == ArticleOutcome.article_id,
            back.user_id == ArticleOutcome.user_id,
            back.outcome == Outcome.CAME_BACK,
            back.at >= ArticleOutcome.at,
        )
        .exists()
    )
