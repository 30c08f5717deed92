"""What an article said before: its versions, their differences, and the way back."""

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.comparing.difference import difference, folded
from knowledge.comparing.fields import changed_fields
from knowledge.enums import Permission, WorkState
from knowledge.forms import CompareForm
from knowledge.permissions import can_edit, can_publish
from knowledge.queries import work as working
from knowledge.queries.articles import list_duplicates
from knowledge.queries.history import list_steps
from knowledge.routes.blueprint import bp
from knowledge.services import editing
from knowledge.services.policy import policy_of
from knowledge.services.withdrawing import find_open_request
from portal.core.auth import requires
from portal.core.errors import NotAllowed
from portal.core.web import commits, page, see_other
from portal.directory.api import signed_in_user


@bp.get("/articles/<int:article_id>/work")
@requires(Permission.DESK_READ)
def work(article_id: int) -> ResponseReturnValue:
    """The article at work: where it stands, its versions, and what can be done next."""
    user = signed_in_user()
    article = working.get_for_work(article_id, user)
    is_asked_for = article.work_state in (WorkState.IN_REVIEW, WorkState.SCHEDULED)
    has_news = article.latest_number != article.published_number and not is_asked_for
    return page(
        "knowledge/work.html",
        "versions",
        article=article,
        versions=working.page_of_versions(article),
        may_edit=can_edit(user, article),
        may_publish=can_publish(user, article),
        may_publish_emergency=user.can(Permission.ARTICLE_PUBLISH_EMERGENCY),
        needs_review=has_news and policy_of(article.section).min_approvals > 0,
        open_request=find_open_request(article) if is_asked_for else None,
        quality=article.quality,
        duplicates=list_duplicates(article, user),
        steps=list_steps(article, user),
    )


@bp.get("/articles/<int:article_id>/versions/<int:number>")
@requires(Permission.DESK_READ)
def version(article_id: int, number: int) -> ResponseReturnValue:
    article = working.get_for_work(article_id, signed_in_user())
    return page(
        "knowledge/version.html",
        article=article,
        version=working.get_version(article, number),
        may_edit=can_edit(signed_in_user(), article),
    )


@bp.get("/articles/<int:article_id>/compare")
@requires(Permission.DESK_READ)
def compare(article_id: int) -> ResponseReturnValue:
    article, form = working.get_for_work(article_id, signed_in_user()), CompareForm(request.args)
    if not form.validate():
        abort(404)
    numbers = sorted((form.old.data or 0, form.new.data or 0))
    old, new = (working.get_version(article, number) for number in numbers)
    return page(
        "knowledge/compare.html",
        "difference",
        article=article,
        old=old,
        new=new,
        fields=changed_fields(old, new),
        rows=folded(difference(old.body_markdown, new.body_markdown)),
        view="side" if request.args.get("view") == "side" else "inline",
    )


@bp.post("/articles/<int:article_id>/versions/<int:number>/restore")
@requires(Permission.ARTICLE_WRITE)
@commits
def restore_version(article_id: int, number: int) -> ResponseReturnValue:
    article = working.get_for_work(article_id, signed_in_user(), for_change=True)
    if not can_edit(signed_in_user(), article):
        raise NotAllowed(gettext("You may read this article and not change it: its editors are few."))
    editing.restore_version(working.get_version(article, number), actor=signed_in_user())
    return see_other("knowledge.work", article_id=article.id)
