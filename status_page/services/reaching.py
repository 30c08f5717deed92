"""Addresses that cannot be reached: switched off, with a word to whoever can mend it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.notifications.services import notify
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.services import queue_email
from portal.core.settings import Settings
from portal.core.texts import gettext
from portal.directory.api import User, holders_of
from status_page.enums import Event, Permission, SubscriberChannel, SubscriberState
from status_page.messages import TEMPLATE, render_message
from status_page.models import Subscriber
from status_page.tokens import token_of

# However long the worker was away, a message that failed for good is noticed within this time.
_LOOK_BACK = timedelta(days=3)
_PART = 500


def switch_off_the_unreachable() -> None:
    """Switch off whoever a message failed for good to reach and none has reached since.

    A message fails for good when its receiver refuses it as such, or after attempts over more than a day. Whoever
    minds a webhook is told by e-mail, and those who manage subscribers in the portal, once for all of them.
    """
    found: list[Subscriber] = []
    failures = _failures()
    for start in range(0, len(failures), _PART):
        part = {row.recipient: row for row in failures[start : start + _PART]}
        reached = _reached_since(list(part), min(row.id for row in part.values()))
        for subscriber in _active(list(part)):
            failure = part[subscriber.address]
            counts_from = subscriber.resumed_at or subscriber.confirmed_at
            if reached.get(subscriber.address, 0) > failure.id or (counts_from and failure.created_at < counts_from):
                continue
            _switch_off(subscriber, failure)
            found.append(subscriber)
    if found:
        _tell_managers(found)


def _switch_off(subscriber: Subscriber, failure: Any) -> None:
    subscriber.state = SubscriberState.DISABLED
    subscriber.failing_since = failure.created_at
    subscriber.disabled_reason = failure.last_error[:500]
    record(
        Event.SUBSCRIBER_DISABLED,
        subscriber,
        actor=None,
        label=subscriber.channel,
        reason=subscriber.disabled_reason,
    )
    if subscriber.channel != SubscriberChannel.EMAIL:
        _tell_contact(subscriber, failure.id)


def _tell_contact(subscriber: Subscriber, message_id: int) -> None:
    owner = db.session.get(User, subscriber.user_id) if subscriber.user_id else None
    address = subscriber.contact or (owner.email if owner is not None and owner.is_active else "")
    if not address:
        return
    settings: Settings = current_app.extensions["portico_settings"]
    link = f"{settings.base_url}/status/subscription/{token_of(subscriber.id, subscriber.nonce)}"
    with force_locale(subscriber.locale):
        subject, text, html = render_message(
            "status_page/email/disabled",
            link,
            gettext("Send messages again"),
            address=subscriber.address,
            error=subscriber.disabled_reason,
            reason=gettext("You get this message because this address was named for notices about a webhook."),
        )
    queue_email(
        key=f"status-disabled:{subscriber.id}:{message_id}", recipient=address, subject=subject, text=text, html=html
    )


def _tell_managers(found: Sequence[Subscriber]) -> None:
    for person in db.session.scalars(holders_of(Permission.MANAGE_SUBSCRIBERS)):
        notify(
            person,
            "status_page/email/switched_off",
            key=f"status-switched-off:{found[0].id}:{clock.now().isoformat(timespec='minutes')}",
            path="/status/manage/subscribers?state=disabled",
            thread="status-subscribers",
            count=len(found),
            shown=[(subscriber.address, subscriber.disabled_reason) for subscriber in found[:20]],
        )


def _failures() -> list[Any]:
    rows = db.session.execute(
        sa.select(OutboxMessage.id, OutboxMessage.recipient, OutboxMessage.created_at, OutboxMessage.last_error)
        .where(
            OutboxMessage.state == MessageState.DEAD,
            OutboxMessage.template == TEMPLATE,
            OutboxMessage.updated_at > clock.now() - _LOOK_BACK,
        )
        .order_by(OutboxMessage.id)
    )
    return list(rows)


def _reached_since(addresses: list[str], oldest: int) -> dict[str, int]:
    """Return the last message after the oldest failure that arrived at each address."""
    rows = db.session.execute(
        sa.select(OutboxMessage.recipient, sa.func.max(OutboxMessage.id))
        .where(
            OutboxMessage.state == MessageState.SENT,
            OutboxMessage.template == TEMPLATE,
            OutboxMessage.recipient.in_(addresses),
            OutboxMessage.id > oldest,
        )
        .group_by(OutboxMessage.recipient)
    )
    return {address: message_id for address, message_id in rows}  # noqa: C416 (a row is no pair to the type checker)


def _active(addresses: list[str]) -> Sequence[Subscriber]:
    return db.session.scalars(
        sa.select(Subscriber)
        .where(Subscriber.state == SubscriberState.ACTIVE, Subscriber.address.in_(addresses))
        .order_by(Subscriber.id)
    ).all()
