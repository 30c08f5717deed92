"""Handing a message over to a webhook: signed, with a name of its own, so that a second delivery is recognised."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Row

from portal.core import clock
from portal.core.outbox.delivery.transports import TryLater, Undeliverable
from portal.core.outgoing import OutgoingRefused, post
from portal.core.settings import Settings


def signing_key(settings: Settings, purpose: str) -> str:
    """Return the key with which messages for one purpose are signed, as the receiver is given it."""
    return hmac.new(
        settings.secret_key.get_secret_value().encode(), f"webhook {purpose}".encode(), "sha256"
    ).hexdigest()


def signature(key: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``X-Portico-Signature``: HMAC-SHA-256 over the time, a dot and the body."""
    digest = hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def call_webhook(message: Row[Any], settings: Settings, hand_over: Callable[[], None]) -> None:
    """Post a queued message to its address. The same message always carries the same ``X-Portico-Delivery``.

    Raises:
        TryLater: nobody answered in time, or with an error that may pass.
        Undeliverable: the address may not be called, or the receiver is gone for good.
    """
    body = message.body_text.encode()
    delivery = hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32]
    headers = {"Content-Type": "application/json", "User-Agent": "Portico", "X-Portico-Delivery": delivery}
    purpose = message.headers.get("signed_for")
    if purpose:
        timestamp = int(clock.now().timestamp())
        headers["X-Portico-Signature"] = signature(signing_key(settings, purpose), timestamp, body)
    hand_over()
    try:
        status = post(message.recipient, body, headers)
    except OutgoingRefused as refusal:
        raise Undeliverable(refusal.sentence) from refusal
    except OSError as error:
        raise TryLater(f"The address did not answer: {error}") from error
    if status == 410:
        raise Undeliverable("The receiver says that it is gone for good (410).")
    if not 200 <= status < 300:
        raise TryLater(f"The receiver answered {status}.")
