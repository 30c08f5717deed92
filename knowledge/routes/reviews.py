"""Change requests: asking, the reviewer's desk, deciding, publishing."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta

from knowledge.comparing.difference import difference, folded
from knowledge.comparing.fields import changed_fields
from knowledge.enums import Permission, Verdict
from knowledge.forms import CommentForm, ReviewForm, SubmitForm
from knowledge.models import Article, ChangeRequest
from knowledge.permissions import can_edit
from knowledge.queries import reviews, work
from knowledge.routes.blueprint import bp
from knowledge.services import commenting, publishing, reviewing
from knowledge.services.policy import policy_for, strictest
from portal.core import clock
from portal.core.auth import requires
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.web import commits, page, see_other
from portal.core.web.choices import choices_from
from portal.core.web.forms import put_refusal
from portal.core.web.i18n import own_zone
from portal.core.web.numbers import row_number
from portal.directory.api import User, signed_in_user


@bp.get("/articles/<int:article_id>/submit")
@requires(Permission.ARTICLE_WRITE)
def submit(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user())
    return _submit_page(article, _submit_form(article, formdata=None))


@bp.post("/articles/<int:article_id>/submit")
@requires(Permission.ARTICLE_WRITE)
@commits
def submit_article(article_id: int) -> ResponseReturnValue:
    user = signed_in_user()
    article = work.get_for_work(article_id, user)
    form = _submit_form(article)
    if form.validate():
        try:
            asked = reviewing.submit_request(
                work.list_for_work([article_id, *(form.together.data or ())], user),
                actor=user,
                title=form.title.data or "",
                description=form.description.data or "",
                reviewers=_people(form.reviewers.data or []),
                publish_at=_moment(form.publish_at.data),
            )
            return see_other("knowledge.review", request_id=asked.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return _submit_page(article, form, status=422)


@bp.get("/reviews")
@requires(Permission.DESK_READ)
def review_desk() -> ResponseReturnValue:
    view = request.args.get("view", "all")
    view = view if view in reviews.VIEWS else "all"
    lag = reviews.review_lag()
    return page(
        "knowledge/reviews.html",
        "list",
        view=view,
        requests=reviews.page_of_requests(signed_in_user(), view),
        lag=format_timedelta(lag) if lag else None,
    )


@bp.get("/reviews/<int:request_id>")
@requires(Permission.DESK_READ)
def review(request_id: int) -> ResponseReturnValue:
    return _review_page(reviews.get_request(request_id, signed_in_user()), ReviewForm(formdata=None))


@bp.post("/reviews/<int:request_id>/decide")
@requires(Permission.ARTICLE_REVIEW)
@commits
def decide(request_id: int) -> ResponseReturnValue:
    found, form = reviews.get_request(request_id, signed_in_user(), for_change=True), ReviewForm()
    if form.validate():
        try:
            reviewing.review_request(
                found,
                actor=signed_in_user(),
                verdict=Verdict(form.verdict.data),
                note=form.note.data or "",
                seen=form.versions.data or "",
            )
            return see_other("knowledge.review", request_id=found.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return _review_page(found, form, status=422)


@bp.post("/reviews/<int:request_id>/publish")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def publish(request_id: int) -> ResponseReturnValue:
    found = reviews.get_request(request_id, signed_in_user(), for_change=True)
    if found.publish_at is not None and "schedule" in request.form:
        publishing.schedule_request(found, actor=signed_in_user(), publish_at=found.publish_at)
    else:
        publishing.publish_request(found, actor=signed_in_user())
    return see_other("knowledge.review", request_id=found.id)


@bp.post("/reviews/<int:request_id>/withdraw")
@requires(Permission.DESK_READ)
@commits
def withdraw(request_id: int) -> ResponseReturnValue:
    found = reviews.get_request(request_id, signed_in_user(), for_change=True)
    reviewing.withdraw_request(found, actor=signed_in_user())
    return see_other("knowledge.review", request_id=found.id)


@bp.post("/reviews/<int:request_id>/comments")
@requires(Permission.DESK_READ)
@commits
def comment(request_id: int) -> ResponseReturnValue:
    found, form = reviews.get_request(request_id, signed_in_user()), CommentForm()
    number = row_number(form.article_id.data or "")
    if form.validate() and number:
        try:
            added = commenting.add_comment(
                found,
                actor=signed_in_user(),
                article_id=number,
                text=form.text.data or "",
                passage=form.passage.data or "",
            )
            return see_other("knowledge.review", request_id=found.id, _anchor=f"comment-{added.id}")
        except Refused as refusal:
            put_refusal(form, refusal)
    return _review_page(found, ReviewForm(formdata=None), commenting_on=form, status=422)


@bp.post("/reviews/<int:request_id>/comments/<int:comment_id>/resolve")
@requires(Permission.DESK_READ)
@commits
def resolve(request_id: int, comment_id: int) -> ResponseReturnValue:
    found = reviews.get_request(request_id, signed_in_user())
    remark = next((item for item in found.comments if item.id == comment_id), None)
    if remark is None:
        abort(404)
    commenting.resolve_comment(remark, found, actor=signed_in_user())
    return see_other("knowledge.review", request_id=found.id, _anchor=f"comment-{remark.id}")


def _submit_form(article: Article, **values: Any) -> SubmitForm:
    form, user = SubmitForm(**values), signed_in_user()
    able = [person for person in reviewing.possible_reviewers([article]) if person.id != user.id]
    form.reviewers.choices = choices_from([(person.id, person.display_name) for person in able])
    form.together.choices = choices_from((other.id, other.title) for other in reviews.drafts_of(user, article))
    return form


def _submit_page(article: Article, form: SubmitForm, *, status: int = 200) -> ResponseReturnValue:
    return page("knowledge/submit.html", "form", article=article, form=form, policy=strictest([article]), status=status)


def _review_page(
    found: ChangeRequest, form: ReviewForm, *, commenting_on: CommentForm | None = None, status: int = 200
) -> ResponseReturnValue:
    user = signed_in_user()
    parts = [
        {
            "item": part.item,
            "new": part.new,
            "old": part.old,
            "fields": changed_fields(part.old, part.new) if part.old else [],
            "rows": folded(difference(part.old.body_markdown if part.old else "", part.new.body_markdown)),
            "comments": [remark for remark in found.comments if remark.article_id == part.item.article_id],
            "form": _comment_form(part.item.article_id, commenting_on),
            "may_edit": can_edit(user, part.item.article),
        }
        for part in reviews.versions_of(found)
    ]
    return page(
        "knowledge/review.html",
        "review",
        request_=found,
        parts=parts,
        form=form,
        policy=policy_for(found),
        approvals=reviewing.approvals(found),
        is_approved=reviewing.is_approved(found),
        may_review=reviewing.can_review(user, found),
        may_publish=reviewing.may_publish(user, found),
        too_few=reviewing.too_few_reviewers(found),
        may_schedule=found.publish_at is not None and found.publish_at > clock.now(),
        status=status,
    )


def _comment_form(article_id: int, sent: CommentForm | None) -> CommentForm:
    if sent is not None and sent.article_id.data == str(article_id):
        return sent
    return CommentForm(formdata=None, data={"article_id": str(article_id)}, prefix="")


def _people(ids: list[int]) -> list[User]:
    return list(db.session.scalars(sa.select(User).where(User.id.in_(ids)))) if ids else []


def _moment(entered: datetime | None) -> datetime | None:
    """Return what somebody entered in their own time zone as a moment."""
    return entered.replace(tzinfo=own_zone()).astimezone(UTC) if entered else None
