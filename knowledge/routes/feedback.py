"""Did this help? A reader's answer, and what the owner does about it."""

from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from knowledge.enums import FeedbackReason, Permission
from knowledge.forms import AnswerForm, FeedbackForm
from knowledge.queries import articles
from knowledge.queries import feedback as remarks
from knowledge.queries.articles import Published
from knowledge.routes.blueprint import bp
from knowledge.services import feedback as services
from knowledge.tuning.enums import SearchOutcome
from knowledge.tuning.log import note_outcome
from portal.core.auth import public, requires
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.core.web.security import limiter
from portal.core.web.visit import visit_token
from portal.directory.api import signed_in_user


@bp.get("/articles/<int:article_id>/feedback")
@public
def feedback(article_id: int) -> ResponseReturnValue:
    form = FeedbackForm(
        formdata=None, data={"helped": request.args.get("helped", "yes"), "passage": request.args.get("passage")}
    )
    return _page(_published(article_id), form)


@bp.post("/articles/<int:article_id>/feedback")
@public
@limiter.limit("10 per minute; 60 per day")
@commits
def give_feedback(article_id: int) -> ResponseReturnValue:
    found, form = _published(article_id), FeedbackForm()
    if not form.validate():
        return _page(found, form, status=422)
    helped = form.helped.data == "yes"
    services.give_feedback(
        found.article,
        reader=signed_in_user() if current_user.is_authenticated else None,
        helped=helped,
        reason=FeedbackReason(form.reason.data) if form.reason.data else None,
        comment=form.comment.data or "",
        passage=form.passage.data or "",
    )
    if helped:
        note_outcome(SearchOutcome.SOLVED, visit=visit_token(), article_id=article_id)
    return _page(found, form, is_sent=True)


@bp.get("/feedback/<int:feedback_id>")
@requires(Permission.DESK_READ)
def feedback_task(feedback_id: int) -> ResponseReturnValue:
    found = remarks.get_feedback(feedback_id, signed_in_user())
    return page("knowledge/feedback_task.html", "task", feedback=found, form=AnswerForm())


@bp.post("/feedback/<int:feedback_id>/answer")
@requires(Permission.ARTICLE_WRITE)
@commits
def answer_feedback(feedback_id: int) -> ResponseReturnValue:
    found, form = remarks.get_feedback(feedback_id, signed_in_user()), AnswerForm()
    if form.validate():
        try:
            is_right = form.is_right.data == "yes"
            services.answer_feedback(found, actor=signed_in_user(), is_right=is_right, answer=form.answer.data or "")
            return see_other("knowledge.feedback_task", feedback_id=found.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return page("knowledge/feedback_task.html", "task", feedback=found, form=form, status=422)


def _published(article_id: int) -> Published:
    found = articles.find_published(article_id, current_user)
    if found is None:
        abort(404)
    return found


def _page(found: Published, form: FeedbackForm, *, status: int = 200, is_sent: bool = False) -> ResponseReturnValue:
    context: dict[str, Any] = {"article": found.article, "form": form, "is_sent": is_sent}
    return page("knowledge/feedback.html", "feedback", status=status, **context)
