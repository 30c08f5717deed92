"""What comes back later: a mail server took the message first and reports afterwards that it could not deliver it.

The report (RFC 3464) is sent to the return address of the message, which names the message and proves that whoever
writes there has seen it. The same report may come twice; it counts once.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses
from enum import StrEnum

import sqlalchemy as sa
from flask import current_app

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.outbox.enums import Event, MessageState
from portal.core.outbox.models import DeliveryAttempt, OutboxMessage
from portal.core.outbox.return_address import message_of
from portal.core.settings import Settings

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
# Mail servers write the address a mail really came to into one of these.
_RECIPIENT_HEADERS = ("X-Original-To", "Delivered-To", "To")
_TAKEN = (MessageState.SENT, MessageState.UNCERTAIN, MessageState.HANDED_OVER)


class Bounce(StrEnum):
    """What came of a mail to a return address."""

    COUNTED = "counted"
    KNOWN = "known"
    NO_FAILURE = "no failure"
    FORGED = "forged"


def take_bounce(content: bytes, *, recipient: str = "") -> Bounce:
    """Read one mail that came to the return address; a message that was not delivered becomes a failed one.

    ``recipient`` is the address the mail came to; without it the headers say. Reports of delays and of success, and
    whatever else people send there, change nothing.
    """
    # The older way of reading takes headers as they are, however broken; anybody may write to this address.
    mail = message_from_bytes(content)
    settings: Settings = current_app.extensions["portico_settings"]
    addresses = [recipient] if recipient else _recipients(mail)
    message_id = next(filter(None, (message_of(settings, address) for address in addresses)), None)
    if message_id is None:
        return Bounce.FORGED
    failure = find_failure(mail)
    if failure is None:
        return Bounce.NO_FAILURE
    query = sa.select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.state.in_(_TAKEN))
    message = db.session.scalars(query.with_for_update()).one_or_none()
    if message is None:
        return Bounce.KNOWN
    before = message.state
    message.state, message.last_error, message.claim_token = MessageState.DEAD, failure, None
    message.deliveries.append(DeliveryAttempt(at=clock.now(), outcome="bounced", detail=failure))
    # The trail is kept for years: it says that a message came back, not from whom.
    record(
        Event.BOUNCED,
        message,
        actor=None,
        label=message.template or message.channel,
        before={"state": before},
        after={"state": message.state},
        reason=failure,
    )
    return Bounce.COUNTED


def find_failure(mail: Message) -> str | None:
    """Return why a mail was not delivered, as the report says; None when it reports no failure."""
    for part in mail.walk():
        if part.get_content_type() not in _REPORTS:
            continue
        for fields in _blocks(part):
            if str(fields.get("Action", "")).strip().lower().startswith("failed"):
                return _reason(fields)
    return None


def _blocks(part: Message) -> Iterator[Message]:
    """Yield the groups of fields of a report: one about the mail, then one about each recipient."""
    text = part.as_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    for block in re.split(r"\n\s*\n", text):
        yield message_from_string(block.strip("\n") + "\n")


def _reason(fields: Message) -> str:
    # "smtp; 550 5.1.1 No such user": the kind of text tells people nothing.
    diagnosis = " ".join(str(fields.get("Diagnostic-Code", "")).partition(";")[2].split())
    status = str(fields.get("Status", "")).split("(")[0].strip()
    words = diagnosis if status in diagnosis else f"{status} {diagnosis}".strip()
    return (words or "The mail server gave no reason.")[:500]


def _recipients(mail: Message) -> list[str]:
    values = [str(value) for name in _RECIPIENT_HEADERS for value in mail.get_all(name, [])]
    return [address for _, address in getaddresses(values)]
