"""Subscribing to changes of an article or a section, one's own list, and the link in the messages."""

from flask import abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from knowledge.enums import Permission
from knowledge.errors import LinkInvalid
from knowledge.queries import articles, sections
from knowledge.queries import subscriptions as own
from knowledge.routes.blueprint import bp
from knowledge.services import subscribing
from portal.core.auth import public, requires
from portal.core.web import commits, page, see_other
from portal.core.web.security import limiter
from portal.directory.api import signed_in_user


@bp.post("/articles/<int:article_id>/subscribe")
@requires(Permission.SUBSCRIBE)
@commits
def subscribe_to_article(article_id: int) -> ResponseReturnValue:
    found = articles.find_published(article_id, current_user)
    if found is None:
        abort(404)
    subscribing.subscribe(signed_in_user(), found.article)
    flash(gettext("You hear from us when this article changes."), "success")
    return see_other("knowledge.article", article_id=article_id, slug=found.article.slug)


@bp.post("/sections/<slug>/subscribe")
@requires(Permission.SUBSCRIBE)
@commits
def subscribe_to_section(slug: str) -> ResponseReturnValue:
    section = sections.get_section(slug, current_user)
    subscribing.subscribe(signed_in_user(), section)
    flash(gettext("You hear from us when an article of this section changes."), "success")
    return see_other("knowledge.section", slug=section.slug)


@bp.get("/subscriptions")
@requires(Permission.SUBSCRIBE)
def subscriptions() -> ResponseReturnValue:
    rows, about = own.page_of_subscriptions(signed_in_user())
    return page("knowledge/subscriptions.html", "list", rows=rows, about=about)


@bp.post("/subscriptions/<int:subscription_id>/end")
@requires(Permission.SUBSCRIBE)
@commits
def end_subscription(subscription_id: int) -> ResponseReturnValue:
    subscribing.unsubscribe(own.get_subscription(subscription_id, signed_in_user()), actor=signed_in_user())
    flash(gettext("You get no more messages about it."), "success")
    return see_other("knowledge.subscriptions")


@bp.get("/subscriptions/leave/<token>")
@public
@limiter.limit("60 per minute")
def leave(token: str) -> ResponseReturnValue:
    try:
        found = subscribing.find_by_token(token)
    except LinkInvalid as invalid:
        return _not_a_link(invalid)
    about = own.what_they_are_about([found], found.user)[0] if found else None
    return page("knowledge/leave.html", state="asking" if about else "ended_before", about=about, token=token)


@bp.post("/subscriptions/leave/<token>")
@public
@limiter.limit("60 per minute")
@commits
def leave_subscription(token: str) -> ResponseReturnValue:
    try:
        found = subscribing.find_by_token(token)
    except LinkInvalid as invalid:
        return _not_a_link(invalid)
    if found is not None:
        subscribing.unsubscribe(found, actor=None)
    return page("knowledge/leave.html", state="ended" if found else "ended_before", token=token)


def _not_a_link(invalid: LinkInvalid) -> ResponseReturnValue:
    return page("knowledge/leave.html", state="invalid", why=invalid.sentence, status=404)
