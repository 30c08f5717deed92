"""What readers say about an article, and what the owner does about it."""

from datetime import timedelta

from flask_babel import gettext

from knowledge.enums import Event, FeedbackReason, FeedbackState, Outcome
from knowledge.errors import WrongState
from knowledge.models import Article, ArticleFeedback
from knowledge.services.addresses import article_path
from knowledge.services.outcomes import record_outcome
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.directory.api import User

ANSWER_WITHIN = timedelta(days=10)
LONGEST_COMMENT = 2_000


def give_feedback(
    article: Article,
    *,
    reader: User | None,
    helped: bool,
    reason: FeedbackReason | None = None,
    comment: str = "",
    passage: str = "",
) -> ArticleFeedback:
    """Keep what a reader said about the published version; a negative one becomes a task for the owner.

    The owner is told; without an owner the task waits on the desk of the owner team.
    """
    feedback = ArticleFeedback(
        article=article,
        version_number=article.published_number or article.latest_number,
        helped=helped,
        reason=None if helped else reason or FeedbackReason.DID_NOT_WORK,
        comment=comment.strip()[:LONGEST_COMMENT],
        passage=" ".join(passage.split())[:500],
        user_id=reader.id if reader else None,
        state=FeedbackState.DONE if helped else FeedbackState.OPEN,
        due_at=None if helped else clock.now() + ANSWER_WITHIN,
    )
    db.session.add(feedback)
    record_outcome(article.id, Outcome.SOLVED if helped else Outcome.NOT_SOLVED, user=reader)
    db.session.flush()
    audit.record(
        Event.FEEDBACK_GIVEN,
        article,
        actor=reader,
        after={"helped": helped, "reason": feedback.reason, "feedback_id": feedback.id},
    )
    if not helped and article.owner:
        notify(
            article.owner,
            "knowledge/email/feedback_given",
            key=f"feedback-{feedback.id}",
            path=f"/feedback/{feedback.id}",
            about=feedback,
            article=article,
            feedback=feedback,
        )
    return feedback


def answer_feedback(feedback: ArticleFeedback, *, actor: User, is_right: bool, answer: str) -> None:
    """Close a reader's complaint with an answer that the reader gets, when they were signed in.

    Raises:
        WrongState: it was answered already, or the answer is empty.
    """
    if feedback.state is not FeedbackState.OPEN:
        raise WrongState(gettext("Somebody has already answered this."))
    if not answer.strip():
        raise WrongState(gettext("Say what came of it; the reader gets your answer."), field="answer")
    feedback.state = FeedbackState.DONE if is_right else FeedbackState.DECLINED
    feedback.answer, feedback.answered_at = answer.strip()[:LONGEST_COMMENT], clock.now()
    feedback.answered_by_id = actor.id
    audit.record(
        Event.FEEDBACK_ANSWERED,
        feedback.article,
        actor=actor,
        after={"feedback_id": feedback.id, "state": feedback.state},
        reason=feedback.answer,
    )
    if feedback.user:
        article = feedback.article
        notify(
            feedback.user,
            "knowledge/email/feedback_answered",
            key=f"feedback-answer-{feedback.id}",
            path=article_path(article.id, article.slug),
            about=feedback,
            article=article,
            feedback=feedback,
        )
    db.session.flush()
