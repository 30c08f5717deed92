"""Sending what is claimed, one message after another, and writing down what came of each."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.engine import Row

from portal.core import clock
from portal.core.db import unit_of_work
from portal.core.jobs import stopping
from portal.core.outbox.delivery.claims import (
    HANDED_OVER_CLAIM,
    claim_batch,
    extend,
    give_back,
    move,
    new_token,
    note_attempt,
)
from portal.core.outbox.delivery.letter import build_letter
from portal.core.outbox.delivery.transports import (
    Transport,
    TryLater,
    Unanswered,
    Undeliverable,
    Unreachable,
    make_transport,
)
from portal.core.outbox.delivery.webhook import call_webhook
from portal.core.outbox.enums import Channel, MessageState
from portal.core.outbox.return_address import return_address
from portal.core.settings import Settings

logger = logging.getLogger(__name__)

# Whatever chance makes of the pauses, the last attempt comes a day after the first at the earliest.
MOST_ATTEMPTS = 12
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GROWTH = 2.5
UNREACHABLE_PAUSE = timedelta(minutes=1)


class NotOurs(Exception):
    """Somebody else holds the message now: it must not be sent from here."""


def deliver_due_messages() -> int:
    """Send everything that is due and return how many messages were sent. Commits after each step of each message."""
    settings: Settings = current_app.extensions["portico_settings"]
    transport = make_transport(settings)
    sent = 0
    try:
        while not stopping.is_set():
            token = new_token()
            batch = claim_batch(token)
            if not batch:
                break
            sent += _send_batch(batch, token, transport, settings)
    finally:
        transport.close()
    return sent


def pause_before(attempt: int) -> timedelta:
    """Return how long to wait before attempt number ``attempt`` (from 2): growing from a minute to six hours.

    A fifth more or less by chance keeps messages that failed together from coming back together.
    """
    seconds = min(FIRST_PAUSE.total_seconds() * GROWTH ** (attempt - 2), LONGEST_PAUSE.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _send_batch(batch: Any, token: str, transport: Transport, settings: Settings) -> int:
    sent, until = 0, clock.now() + timedelta(seconds=45)
    for row in batch:
        if stopping.is_set():
            give_back(token)
            break
        if clock.now() > until:
            until = extend(token) - timedelta(seconds=45)
        try:
            sent += _send_one(row, token, transport, settings)
        except Unreachable as error:
            # One message carries the failed attempt; the others wait and keep theirs.
            later = clock.now() + UNREACHABLE_PAUSE
            _failed(row, token, str(error))
            give_back(token, not_before=later)
            break
    return sent


def _send_one(row: Row[Any], token: str, transport: Transport, settings: Settings) -> bool:
    def hand_over() -> None:
        with unit_of_work():
            until = clock.now() + HANDED_OVER_CLAIM
            ours = move(
                row.id, token, since=(MessageState.SENDING,), state=MessageState.HANDED_OVER, claimed_until=until
            )
        if not ours:
            raise NotOurs

    try:
        if row.channel == Channel.WEBHOOK:
            call_webhook(row, settings, hand_over)
        else:
            transport.send(build_letter(row, settings.mail_from), return_address(settings, row.id), hand_over)
    except NotOurs:
        logger.warning("Message %s was taken by another worker; it is left alone.", row.id)
        return False
    except TryLater as error:
        _failed(row, token, str(error))
        return False
    except (Undeliverable, ValueError) as error:
        _ended(row, token, MessageState.DEAD, str(error))
        return False
    except Unanswered as error:
        _ended(row, token, MessageState.UNCERTAIN, str(error))
        return False
    _ended(row, token, MessageState.SENT, sent_at=clock.now())
    return True


def _failed(row: Row[Any], token: str, detail: str) -> None:
    """Write down a failed attempt, and when to try again, or that there were enough."""
    if row.attempts + 1 >= MOST_ATTEMPTS:
        _ended(row, token, MessageState.DEAD, f"{detail} (attempt {row.attempts + 1}, the last one)")
        return
    again: datetime = clock.now() + pause_before(row.attempts + 2)
    _ended(row, token, MessageState.QUEUED, detail, next_attempt_at=again, claim_token=None)


def _ended(row: Row[Any], token: str, state: MessageState, detail: str = "", **values: Any) -> None:
    since = (MessageState.SENDING, MessageState.HANDED_OVER, MessageState.UNCERTAIN)
    values = {"claim_token": None, **values} if state != MessageState.UNCERTAIN else values
    outcome = "retry" if state == MessageState.QUEUED else state.value
    with unit_of_work():
        if move(
            row.id,
            token,
            since=since,
            state=state,
            attempts=row.attempts + 1,
            claimed_until=None,
            last_error=detail[:2_000],
            **values,
        ):
            note_attempt(row.id, outcome, detail)
    if state != MessageState.SENT:
        logger.warning("Message %s: %s (%s)", row.id, outcome, detail, extra={"message_id": row.id})
