"""Subscribing, confirming, choosing and leaving."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale

from portal.core import clock
from portal.core.audit.services import Actor, record
from portal.core.db import db
from portal.core.outbox.enums import Channel
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.services import queue_email
from portal.core.outbox.tasks import deliver_due
from portal.core.outgoing import OutgoingRefused, check_address
from portal.core.settings import Settings
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import Event, SubscriberChannel, SubscriberState
from status_page.messages import question_body, render_message
from status_page.models import Subscriber, SubscriberComponent, SubscriberIncident
from status_page.queries import find_subscriber
from status_page.services.reaching import switch_off_the_unreachable
from status_page.services.refusals import AddressRefused, NotSwitchedOff
from status_page.tokens import token_of

# Whoever types a stranger's address again and again sends one question, not many.
ASK_AGAIN_AFTER = timedelta(minutes=10)
MOST_QUESTIONS = 3
FORGET_ASKING_AFTER = timedelta(days=1)
FORGET_UNCONFIRMED_AFTER = timedelta(days=2)


def subscribe(
    channel: SubscriberChannel,
    address: str,
    *,
    locale: str,
    component_ids: Iterable[int] = (),
    whole_page: bool = True,
    includes_new: bool = False,
    contact: str = "",
    user: User | None = None,
) -> Subscriber:
    """Ask an address whether it wants to hear of the page; nothing else is sent before it has said yes.

    An address that is subscribed already, was just asked, or was asked often enough today is not asked again, and the
    answer is the same, so that nobody learns who is subscribed. ``contact`` is where a person hears when a webhook
    is switched off.

    Raises:
        AddressRefused: a webhook's address may not be called.
    """
    address = address.strip().lower() if channel == SubscriberChannel.EMAIL else address.strip()
    if channel != SubscriberChannel.EMAIL:
        try:
            check_address(address)
        except OutgoingRefused as refusal:
            raise AddressRefused(refusal.sentence) from refusal
    now = clock.now()
    subscriber = find_subscriber(channel, address)
    if subscriber is not None and (
        subscriber.state == SubscriberState.ACTIVE
        or (subscriber.state == SubscriberState.PENDING and _was_asked_enough(subscriber, now))
    ):
        return subscriber
    if subscriber is None:
        subscriber = Subscriber(channel=channel, address=address, times_asked=0)
        db.session.add(subscriber)
    elif now - subscriber.asked_at >= FORGET_ASKING_AFTER:
        subscriber.times_asked = 0
    subscriber.state = SubscriberState.PENDING
    subscriber.nonce = secrets.token_hex(12)
    subscriber.locale, subscriber.asked_at = locale, now
    subscriber.times_asked += 1
    subscriber.contact = contact.strip() if channel != SubscriberChannel.EMAIL else ""
    subscriber.user_id = user.id if user is not None and user.email == address else None
    choose(subscriber, component_ids=component_ids, whole_page=whole_page, includes_new=includes_new)
    _ask(subscriber)
    return subscriber


def confirm(subscriber: Subscriber) -> None:
    """Take the yes of an address."""
    if subscriber.state == SubscriberState.PENDING:
        subscriber.state = SubscriberState.ACTIVE
        subscriber.confirmed_at = clock.now()
        subscriber.times_asked = 0
        _note(Event.SUBSCRIBER_CONFIRMED, subscriber)


def choose(
    subscriber: Subscriber, *, component_ids: Iterable[int], whole_page: bool, includes_new: bool, locale: str = ""
) -> None:
    """Choose the whole page or some components, and whether those made later belong to the choice."""
    subscriber.whole_page, subscriber.includes_new = whole_page, includes_new
    subscriber.locale = locale or subscriber.locale
    kept = {row.component_id: row for row in subscriber.components}
    subscriber.components = [
        kept.get(component_id) or SubscriberComponent(component_id=component_id)
        for component_id in sorted(set(component_ids))
    ]
    db.session.flush()


def change_choice(subscriber: Subscriber, **choice: Any) -> None:
    """Choose anew by the link of a message."""
    choose(subscriber, **choice)
    _note(Event.SUBSCRIBER_CHANGED, subscriber)


def leave(subscriber: Subscriber) -> None:
    """Stop hearing of anything; the links of earlier messages are worthless from now on."""
    subscriber.state = SubscriberState.LEFT
    subscriber.nonce = secrets.token_hex(12)
    subscriber.components = []
    db.session.execute(sa.delete(SubscriberIncident).where(SubscriberIncident.subscriber_id == subscriber.id))
    _note(Event.SUBSCRIBER_LEFT, subscriber)


def resume(subscriber: Subscriber, *, actor: Actor | None) -> None:
    """Write again to an address that was switched off; what failed before counts no more.

    Raises:
        NotSwitchedOff: it hears of everything already, or has left.
    """
    if subscriber.state != SubscriberState.DISABLED:
        raise NotSwitchedOff(gettext("This address is not switched off."))
    subscriber.state = SubscriberState.ACTIVE
    subscriber.resumed_at = clock.now()
    subscriber.failing_since, subscriber.disabled_reason = None, ""
    record(Event.SUBSCRIBER_RESUMED, subscriber, actor=actor, label=subscriber.channel)


def remove_subscriber(subscriber: Subscriber, *, actor: Actor) -> None:
    """Forget an address."""
    record(Event.SUBSCRIBER_REMOVED, subscriber, actor=actor, label=subscriber.channel)
    db.session.delete(subscriber)


def tend_subscribers() -> None:
    """Switch off addresses that cannot be reached, say so, and forget those that never said yes or have left."""
    switch_off_the_unreachable()
    db.session.execute(
        sa.delete(Subscriber).where(
            Subscriber.state.in_((SubscriberState.PENDING, SubscriberState.LEFT)),
            Subscriber.asked_at < clock.now() - FORGET_UNCONFIRMED_AFTER,
        )
    )


def _was_asked_enough(subscriber: Subscriber, now: datetime) -> bool:
    since = now - subscriber.asked_at
    return since < ASK_AGAIN_AFTER or (subscriber.times_asked >= MOST_QUESTIONS and since < FORGET_ASKING_AFTER)


def _note(event: Event, subscriber: Subscriber) -> None:
    # The trail is kept for years: it says that somebody did this, not whose address it was.
    record(event, subscriber, actor=None, label=subscriber.channel)


def _ask(subscriber: Subscriber) -> None:
    settings: Settings = current_app.extensions["portico_settings"]
    link = f"{settings.base_url}/status/confirm/{token_of(subscriber.id, subscriber.nonce)}"
    key = f"status-confirm:{subscriber.id}:{subscriber.nonce}"
    with force_locale(subscriber.locale):
        if subscriber.channel == SubscriberChannel.EMAIL:
            subject, text, html = render_message("status_page/email/confirm", link, gettext("Yes, write to me"))
            queue_email(key=key, recipient=subscriber.address, subject=subject, text=text, html=html)
            return
        text = gettext("Open this link to get the messages of the status page here: %(link)s", link=link)
    body = question_body(subscriber.channel, text, link)
    db.session.add(
        OutboxMessage(channel=Channel.WEBHOOK, idempotency_key=key, recipient=subscriber.address, body_text=body)
    )
    deliver_due.after_commit()
