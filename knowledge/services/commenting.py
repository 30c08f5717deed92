"""Remarks on passages of a version in review."""

from flask_babel import gettext

from knowledge.enums import OPEN_REQUESTS, Event
from knowledge.errors import WrongState
from knowledge.models import ChangeRequest, PassageComment
from portal.core import clock
from portal.core.audit import services as audit
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.directory.api import User

LONGEST = 4_000


def add_comment(
    request: ChangeRequest,
    *,
    actor: User,
    article_id: int,
    text: str,
    passage: str = "",
    line_number: int | None = None,
) -> PassageComment:
    """Remark on a passage of one article of a request; its author is told.

    Raises:
        WrongState: the request is finished, the article is not part of it, or nothing was said.
    """
    item = next((item for item in request.items if item.article_id == article_id), None)
    if request.state not in OPEN_REQUESTS or item is None:
        raise WrongState(gettext("This is not in review any more."))
    if not text.strip():
        raise WrongState(gettext("Write your remark."), field="text")
    comment = PassageComment(
        article_id=article_id,
        version_number=item.version_number,
        passage=" ".join(passage.split())[:500],
        line_number=line_number,
        text=text.strip()[:LONGEST],
        author=actor,
    )
    request.comments.append(comment)
    db.session.flush()
    audit.record(Event.COMMENT_ADDED, request, actor=actor, after={"comment_id": comment.id, "article_id": article_id})
    if actor.id != request.author_id:
        notify(
            request.author,
            "knowledge/email/comment_added",
            key=f"comment-{comment.id}",
            path=f"/reviews/{request.id}#comment-{comment.id}",
            about=request,
            thread=f"change-request-{request.id}",
            request=request,
            comment=comment,
        )
    return comment


def resolve_comment(comment: PassageComment, request: ChangeRequest, *, actor: User) -> None:
    """Call a remark dealt with; again does nothing."""
    if comment.resolved_at is not None:
        return
    comment.resolved_at, comment.resolved_by_id = clock.now(), actor.id
    audit.record(Event.COMMENT_RESOLVED, request, actor=actor, after={"comment_id": comment.id})
    db.session.flush()
