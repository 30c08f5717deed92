"""Queueing messages in the current transaction, and what people do with those that failed."""

from typing import Any

from flask_babel import gettext

from portal.core import clock
from portal.core.audit.services import Actor, changes, record
from portal.core.db import db, plain_insert
from portal.core.errors import Refused
from portal.core.outbox.enums import Channel, Event, MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.tasks import deliver_due


def queue_email(
    *,
    key: str,
    recipient: str,
    subject: str,
    text: str,
    html: str = "",
    recipient_user_id: int | None = None,
    about: Any = None,
    template: str = "",
    thread: str = "",
) -> int:
    """Queue an e-mail in the current transaction, and return its id; the worker sends it after the commit.

    ``key`` names the occasion and the recipient: a second message with the same key is refused by the database, so
    that no occasion is told twice. ``thread`` keeps messages about one thing together in the reader's mailbox.
    """
    message = {
        "channel": Channel.EMAIL,
        "idempotency_key": key,
        "recipient": recipient,
        "recipient_user_id": recipient_user_id,
        "subject": " ".join(subject.split()),
        "body_text": text,
        "body_html": html,
        "headers": {"thread": thread} if thread else {},
        "template": template,
        "about_type": getattr(about, "__tablename__", ""),
        "about_id": getattr(about, "id", None),
    }
    added = db.session.execute(plain_insert(OutboxMessage), message)
    deliver_due.after_commit()
    return int(added.inserted_primary_key[0])  # type: ignore[attr-defined]


class NotInThatState(Refused):
    """A message cannot be sent again or discarded in the state it is in."""


def may_be_resent(message: OutboxMessage) -> bool:
    return message.state in (MessageState.DEAD, MessageState.UNCERTAIN)


def may_be_discarded(message: OutboxMessage) -> bool:
    return message.state in (MessageState.QUEUED, MessageState.DEAD, MessageState.UNCERTAIN)


def resend_message(message: OutboxMessage, *, actor: Actor) -> None:
    """Queue a failed or uncertain message again, with all its attempts; an uncertain one may then arrive twice.

    Raises:
        NotInThatState: it is waiting, on its way, sent or discarded.
    """
    if not may_be_resent(message):
        raise NotInThatState(gettext("Only a message that failed or is uncertain can be sent again."))
    message.state, message.claim_token, message.claimed_until = MessageState.QUEUED, None, None
    message.attempts, message.next_attempt_at = 0, clock.now()
    _note(Event.RESENT, message, actor)
    deliver_due.after_commit()


def discard_message(message: OutboxMessage, *, actor: Actor) -> None:
    """Take a message that was not sent out of the queue for good.

    Raises:
        NotInThatState: it is on its way, sent or discarded already.
    """
    if not may_be_discarded(message):
        raise NotInThatState(gettext("Only a message that was not sent can be discarded."))
    message.state, message.claim_token, message.claimed_until = MessageState.DISCARDED, None, None
    _note(Event.DISCARDED, message, actor)


def _note(event: Event, message: OutboxMessage, actor: Actor) -> None:
    before, after = changes(message)
    told = {"state", "attempts"}
    record(
        event,
        message,
        actor=actor,
        before={name: value for name, value in before.items() if name in told},
        after={name: value for name, value in after.items() if name in told},
    )
    db.session.flush()
