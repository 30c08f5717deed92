"""Steps in the life of one article that need no form of their own: publish, retire, bring back."""

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from knowledge.enums import Permission
from knowledge.forms import ReasonForm, RetireForm
from knowledge.permissions import can_publish
from knowledge.queries import articles as reading
from knowledge.queries import work
from knowledge.routes.blueprint import bp
from knowledge.services import articles, publishing
from portal.core.auth import requires
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, see_other
from portal.core.web.forms import put_refusal
from portal.directory.api import signed_in_user


@bp.post("/articles/<int:article_id>/publish")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def publish_article(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user(), for_change=True)
    publishing.publish_directly(article, actor=signed_in_user(), number=_seen())
    return see_other("knowledge.work", article_id=article.id)


@bp.get("/articles/<int:article_id>/emergency")
@requires(Permission.ARTICLE_PUBLISH_EMERGENCY)
def emergency(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user())
    return page("knowledge/emergency.html", "form", article=article, form=ReasonForm(formdata=None))


@bp.post("/articles/<int:article_id>/emergency")
@requires(Permission.ARTICLE_PUBLISH_EMERGENCY)
@commits
def publish_in_emergency(article_id: int) -> ResponseReturnValue:
    article, form = work.get_for_work(article_id, signed_in_user(), for_change=True), ReasonForm()
    if form.validate():
        try:
            publishing.publish_in_emergency(
                article, actor=signed_in_user(), reason=form.reason.data or "", number=_seen()
            )
            return see_other("knowledge.work", article_id=article.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return page("knowledge/emergency.html", "form", article=article, form=form, status=422)


@bp.get("/articles/<int:article_id>/retire")
@requires(Permission.ARTICLE_PUBLISH)
def retire(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user())
    return page(
        "knowledge/retire.html",
        "form",
        article=article,
        form=RetireForm(formdata=None, data={"successor": _proposed()}),
        linking=work.list_linking(article),
    )


@bp.post("/articles/<int:article_id>/retire")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def retire_article(article_id: int) -> ResponseReturnValue:
    user = signed_in_user()
    article, form = work.get_for_work(article_id, user, for_change=True), RetireForm()
    if not can_publish(user, article):
        raise NotAllowed(gettext("Only somebody who may publish this article may retire it."))
    if form.validate():
        try:
            found = reading.find_published(form.successor_number, user) if form.successor.data else None
            if form.successor.data and found is None:
                raise Refused(gettext("There is no such article. Paste its address."), field="successor")
            articles.retire_article(
                article, actor=user, reason=form.reason.data or "", successor=found.article if found else None
            )
            return see_other("knowledge.work", article_id=article.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return page(
        "knowledge/retire.html", "form", article=article, form=form, linking=work.list_linking(article), status=422
    )


@bp.post("/articles/<int:article_id>/revive")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def revive_article(article_id: int) -> ResponseReturnValue:
    article = work.get_for_work(article_id, signed_in_user(), for_change=True)
    if not can_publish(signed_in_user(), article):
        raise NotAllowed(gettext("Only somebody who may publish this article may bring it back."))
    articles.revive_article(article, actor=signed_in_user(), reason=request.form.get("reason", ""))
    return see_other("knowledge.work", article_id=article.id)


def _proposed() -> str:
    """Return the address of the successor that the page before proposed."""
    number = request.args.get("successor", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 9
    found = reading.find_published(int(number), signed_in_user()) if is_number else None
    to = found.article if found else None
    return url_for("knowledge.article", article_id=to.id, slug=to.slug) if to else ""


def _seen() -> int | None:
    """Return the version that stood on the button."""
    number = request.form.get("version", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 9 else None
