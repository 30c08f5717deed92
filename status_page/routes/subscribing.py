"""Subscribing and leaving, by anyone; the token in the link is the only key."""

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_limiter.util import get_remote_address
from flask_login import current_user

from portal.core.auth import public
from portal.core.errors import Refused
from portal.core.settings import LOCALES, Settings
from portal.core.texts import gettext
from portal.core.web import commits, page, see_other
from portal.core.web.security import csrf, limiter
from portal.directory.api import signed_in_user
from status_page.enums import SubscriberChannel
from status_page.forms.subscribers import ChoiceForm, SubscribeForm, fill_choices
from status_page.models import Subscriber
from status_page.queries import list_components
from status_page.routes.blueprint import bp
from status_page.services import subscribers as service
from status_page.services.refusals import TokenRefused
from status_page.tokens import subscriber_of


@bp.get("/status/subscribe")
@public
def subscribe() -> ResponseReturnValue:
    form = SubscribeForm(data={"address": getattr(current_user, "email", "")})
    form.locale.data = request.args.get("lang") if request.args.get("lang") in LOCALES else str(get_locale())
    fill_choices(form, list_components(current_user.audience_tokens), str(get_locale()))
    return page("status_page/subscribe.html", "subscribe", form=form)


@bp.post("/status/subscribe")
@public
@commits
@limiter.limit("10 per hour", key_func=get_remote_address)
def ask_to_subscribe() -> ResponseReturnValue:
    form = SubscribeForm()
    fill_choices(form, list_components(current_user.audience_tokens), str(get_locale()))
    if form.validate():
        try:
            service.subscribe(
                SubscriberChannel(form.channel.data),
                form.address.data or "",
                user=signed_in_user() if current_user.is_authenticated else None,
                contact=form.contact.data or "",
                **form.values(),
            )
        except Refused as refusal:
            form.address.errors = [refusal.sentence]
        else:
            return see_other("status_page.asked")
    return page("status_page/subscribe.html", "subscribe", status=422, form=form)


@bp.get("/status/asked")
@public
def asked() -> ResponseReturnValue:
    return page("status_page/asked.html")


@bp.get("/status/confirm/<token>")
@public
def confirm(token: str) -> ResponseReturnValue:
    # A link that is only looked at, by a mail scanner for instance, must not confirm anything.
    return page("status_page/confirm.html", subscriber=_subscriber(token), token=token)


@bp.post("/status/confirm/<token>")
@public
@commits
def say_yes(token: str) -> ResponseReturnValue:
    service.confirm(_subscriber(token))
    return see_other("status_page.subscription", token=token)


@bp.get("/status/subscription/<token>")
@public
def subscription(token: str) -> ResponseReturnValue:
    subscriber = _subscriber(token)
    form = ChoiceForm(
        data={
            "extent": "all" if subscriber.whole_page else "some",
            "components": [row.component_id for row in subscriber.components],
            "includes_new": subscriber.includes_new,
            "locale": subscriber.locale,
        }
    )
    return _subscription(subscriber, form, token)


@bp.post("/status/subscription/<token>")
@public
@commits
def change_subscription(token: str) -> ResponseReturnValue:
    subscriber, form = _subscriber(token), ChoiceForm()
    fill_choices(form, list_components(_tokens_of(subscriber)), str(get_locale()))
    if form.validate():
        service.change_choice(subscriber, **form.values())
        return see_other("status_page.subscription", token=token)
    return _subscription(subscriber, form, token, status=422)


@bp.post("/status/subscription/<token>/resume")
@public
@commits
def resume_subscription(token: str) -> ResponseReturnValue:
    service.resume(_subscriber(token), actor=None)
    flash(gettext("We write to this address again."), "success")
    return see_other("status_page.subscription", token=token)


@bp.post("/status/subscription/<token>/leave")
@public
@commits
def leave(token: str) -> ResponseReturnValue:
    service.leave(_subscriber(token))
    return see_other("status_page.left")


@bp.get("/status/leave/<token>")
@public
def ask_leave(token: str) -> ResponseReturnValue:
    return see_other("status_page.subscription", token=token)


@bp.post("/status/leave/<token>")
@csrf.exempt
@public
@commits
def leave_at_once(token: str) -> ResponseReturnValue:
    # RFC 8058: the mail program itself posts here, without a page, a cookie or a second question.
    service.leave(_subscriber(token))
    return "", 204


@bp.get("/status/left")
@public
def left() -> ResponseReturnValue:
    return page("status_page/left.html")


def _subscriber(token: str) -> Subscriber:
    try:
        return subscriber_of(token)
    except TokenRefused:
        abort(404)


def _tokens_of(subscriber: Subscriber) -> frozenset[str]:
    mine = current_user.is_authenticated and subscriber.user_id == current_user.id
    return current_user.audience_tokens if mine else frozenset({"public"})


def _subscription(subscriber: Subscriber, form: ChoiceForm, token: str, *, status: int = 200) -> ResponseReturnValue:
    fill_choices(form, list_components(_tokens_of(subscriber)), str(get_locale()))
    return page(
        "status_page/subscription.html",
        "subscription",
        status=status,
        form=form,
        subscriber=subscriber,
        token=token,
        key=_signing_key(subscriber),
    )


def _signing_key(subscriber: Subscriber) -> str:
    # Only the receiver of a webhook needs the key with which its messages are signed.
    from flask import current_app

    from portal.core.outbox.delivery.webhook import signing_key

    if subscriber.channel != SubscriberChannel.WEBHOOK:
        return ""
    settings: Settings = current_app.extensions["portico_settings"]
    return signing_key(settings, f"status:{subscriber.id}:{subscriber.nonce}")
