"""Keys of the write API, and the list of subscribers."""

from flask import abort, flash, request
from flask.typing import ResponseReturnValue

from portal.core.auth import requires
from portal.core.db import db
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.core.web.paging import paginate
from portal.directory.api import signed_in_user
from status_page.enums import Permission, SubscriberState, TokenScope
from status_page.forms.tokens import TokenForm, token_form
from status_page.models import Subscriber, WriteToken
from status_page.queries import count_subscribers, list_write_tokens, select_subscribers
from status_page.routes.blueprint import bp
from status_page.services.subscribers import remove_subscriber, resume
from status_page.services.write_tokens import create_write_token, revoke_write_token


@bp.get("/status/manage/keys")
@requires(Permission.MANAGE_TOKENS)
def keys() -> ResponseReturnValue:
    return _keys(token_form())


@bp.post("/status/manage/keys")
@requires(Permission.MANAGE_TOKENS)
@commits
def create_key() -> ResponseReturnValue:
    form = token_form()
    if form.validate():
        scopes = [TokenScope(scope) for scope in form.scopes.data or ()]
        _, text = create_write_token(form.name.data or "", scopes=scopes, actor=signed_in_user())
        # Shown on this very answer and never again, so there is no address that shows it.
        return _keys(token_form(), made=text)
    return _keys(form, status=422)


@bp.post("/status/manage/keys/<int:token_id>/revoke")
@requires(Permission.MANAGE_TOKENS)
@commits
def revoke_key(token_id: int) -> ResponseReturnValue:
    revoke_write_token(db.session.get(WriteToken, token_id) or abort(404), actor=signed_in_user())
    flash(gettext("The key is worthless from now on."), "success")
    return see_other("status_page.keys")


@bp.get("/status/manage/subscribers")
@requires(Permission.MANAGE_SUBSCRIBERS)
def subscribers() -> ResponseReturnValue:
    wanted = request.args.get("state", "")
    state = SubscriberState(wanted) if wanted in list(SubscriberState) else None
    found = paginate(select_subscribers(state))
    return page("status_page/manage/subscribers.html", "list", found=found, counts=count_subscribers(), chosen=state)


@bp.post("/status/manage/subscribers/<int:subscriber_id>/resume")
@requires(Permission.MANAGE_SUBSCRIBERS)
@commits
def resume_subscriber(subscriber_id: int) -> ResponseReturnValue:
    resume(db.session.get(Subscriber, subscriber_id) or abort(404), actor=signed_in_user())
    flash(gettext("The address is written to again."), "success")
    return see_other("status_page.subscribers")


@bp.post("/status/manage/subscribers/<int:subscriber_id>/remove")
@requires(Permission.MANAGE_SUBSCRIBERS)
@commits
def forget_subscriber(subscriber_id: int) -> ResponseReturnValue:
    remove_subscriber(db.session.get(Subscriber, subscriber_id) or abort(404), actor=signed_in_user())
    flash(gettext("The address is forgotten."), "success")
    return see_other("status_page.subscribers")


def _keys(form: TokenForm, *, made: str = "", status: int = 200) -> ResponseReturnValue:
    response = page(
        "status_page/manage/keys.html", "keys", status=status, form=form, tokens=list_write_tokens(), made=made
    )
    response.headers["Cache-Control"] = "no-store"
    return response
