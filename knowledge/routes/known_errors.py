"""The register of known errors, and how far each one is."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.enums import ArticleType, ErrorState, Permission
from knowledge.errors import WrongState
from knowledge.extending import beside
from knowledge.forms import ErrorStateForm
from knowledge.models import Article
from knowledge.permissions import can_publish
from knowledge.queries import known_errors as register
from knowledge.queries import work
from knowledge.routes.blueprint import bp
from knowledge.services.known_errors import set_error_state
from portal.core.auth import public, requires
from portal.core.errors import NotAllowed, Refused
from portal.core.web import commits, page, see_other
from portal.core.web.anonymous_cache import cached_for_anonymous
from portal.core.web.forms import put_refusal
from portal.directory.api import signed_in_user


@bp.get("/known-errors")
@public
@cached_for_anonymous
def known_errors() -> ResponseReturnValue:
    view = request.args.get("state", "current")
    view = view if view in register.VIEWS else "current"
    services = register.list_affected_services(current_user)
    wanted = request.args.get("service", "")
    service = wanted if wanted in {item.key for item in services} else ""
    errors = register.page_of_known_errors(current_user, view=view, service=service)
    ids = [article.id for article in errors.items]
    return page(
        "knowledge/known_errors.html",
        "list",
        articles=errors,
        view=view,
        service=service,
        services=services,
        counts=register.count_known_errors(current_user, service=service),
        workarounds=register.list_workarounds(ids, current_user),
        beside=beside(ids, signed_in_user()) if current_user.is_authenticated else {},
    )


@bp.get("/articles/<int:article_id>/error-state")
@requires(Permission.ARTICLE_PUBLISH)
def error_state(article_id: int) -> ResponseReturnValue:
    article = _mine(article_id)
    return page("knowledge/error_state.html", "form", article=article, form=ErrorStateForm.of(article))


@bp.post("/articles/<int:article_id>/error-state")
@requires(Permission.ARTICLE_PUBLISH)
@commits
def change_error_state(article_id: int) -> ResponseReturnValue:
    article, form = _mine(article_id, for_change=True), ErrorStateForm()
    if form.validate():
        try:
            state = ErrorState(form.state.data)
            set_error_state(article, actor=signed_in_user(), state=state, note=form.note.data or "")
            return see_other("knowledge.work", article_id=article.id)
        except Refused as refusal:
            put_refusal(form, refusal)
    return page("knowledge/error_state.html", "form", article=article, form=form, status=422)


def _mine(article_id: int, *, for_change: bool = False) -> Article:
    article = work.get_for_work(article_id, signed_in_user(), for_change=for_change)
    if not can_publish(signed_in_user(), article):
        raise NotAllowed(gettext("Only somebody who may publish this article may say how far the fault is."))
    if article.type is not ArticleType.KNOWN_ERROR or not article.is_readable:
        raise WrongState(gettext("Only a published known error has a state to change."))
    return article
