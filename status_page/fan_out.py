"""Writing the messages of a broadcast, in batches that a killed worker can go on with.

The messages of a batch and how far the broadcast has come are committed together. Whatever moment a worker dies at,
the next one begins after the last committed batch: nobody is left out and nobody is told twice.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from flask import current_app

from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.outbox.enums import Channel, MessageState
from portal.core.outbox.models import OutboxMessage
from portal.core.outbox.tasks import deliver_due
from portal.core.settings import Settings
from portal.directory.api import User
from status_page.board import Board, build_board
from status_page.enums import SubscriberChannel, SubscriberState
from status_page.messages import TEMPLATE, TOKEN, update_body, update_email
from status_page.models import Broadcast, Component, IncidentUpdate, Subscriber, SubscriberComponent, SubscriberIncident
from status_page.permissions import PUBLIC
from status_page.queries import get_incident
from status_page.tokens import token_of

BATCH = 1_000


def queue_open_broadcasts() -> None:
    """Write the messages that subscribers wait for, batch by batch."""
    open_ids = db.session.scalars(
        sa.select(Broadcast.id).where(Broadcast.finished_at.is_(None)).order_by(Broadcast.id)
    ).all()
    for broadcast_id in open_ids:
        while queue_batch(broadcast_id):
            pass


def queue_batch(broadcast_id: int, *, size: int = BATCH) -> bool:
    """Write the next batch of a broadcast and commit; returns whether there may be more."""
    with unit_of_work():
        broadcast = db.session.scalars(
            sa.select(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.finished_at.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if broadcast is None:
            return False
        candidates = db.session.execute(
            sa.select(
                Subscriber.id,
                Subscriber.channel,
                Subscriber.address,
                Subscriber.locale,
                Subscriber.nonce,
                Subscriber.user_id,
                Subscriber.whole_page,
                Subscriber.includes_new,
                Subscriber.confirmed_at,
            )
            .where(
                Subscriber.id > broadcast.cursor,
                Subscriber.state == SubscriberState.ACTIVE,
                Subscriber.confirmed_at <= broadcast.queued_at,
            )
            .order_by(Subscriber.id)
            .limit(size)
        ).all()
        rows = _Telling(broadcast).messages_for(candidates) if candidates else []
        if rows:
            db.session.execute(sa.insert(OutboxMessage), rows)
            deliver_due.after_commit()
        broadcast.recipients += len(rows)
        broadcast.cursor = candidates[-1].id if candidates else broadcast.cursor
        if len(candidates) < size:
            broadcast.finished_at = clock.now()
        return broadcast.finished_at is None


class _Telling:
    """One broadcast: who hears of it, and what each reads. Texts are made once for a language and a channel."""

    def __init__(self, broadcast: Broadcast) -> None:
        self.broadcast = broadcast
        update = db.session.get_one(IncidentUpdate, broadcast.update_id)
        self.incident = get_incident(update.incident_id)
        self.update = next(item for item in self.incident.updates if item.id == update.id)
        self.affected = [item.component for item in self.update.impacts]
        self.settings: Settings = current_app.extensions["portico_settings"]
        self._texts: dict[tuple[SubscriberChannel, str, bool], tuple[str, str, str]] = {}

    def messages_for(self, candidates: Sequence[Any]) -> list[dict[str, Any]]:
        ids, affected_ids = [row.id for row in candidates], [component.id for component in self.affected]
        chosen: dict[int, set[int]] = {}
        for subscriber_id, component_id in db.session.execute(
            sa.select(SubscriberComponent.subscriber_id, SubscriberComponent.component_id).where(
                SubscriberComponent.subscriber_id.in_(ids), SubscriberComponent.component_id.in_(affected_ids)
            )
        ):
            chosen.setdefault(subscriber_id, set()).add(component_id)
        followers = set(
            db.session.scalars(
                sa.select(SubscriberIncident.subscriber_id).where(
                    SubscriberIncident.subscriber_id.in_(ids), SubscriberIncident.incident_id == self.incident.id
                )
            )
        )
        users = self._users(candidates)
        found = []
        for row in candidates:
            user = users.get(row.user_id)
            tokens = user.audience_tokens if user is not None else PUBLIC
            visible = [component for component in self.affected if component.audience & tokens]
            if not self.incident.audience & tokens or (self.affected and not visible):
                continue
            if row.id in followers or _wants(row, visible, chosen.get(row.id, set())):
                found.append(self._message(row, is_public=not user or self._is_public))
        return found

    @cached_property
    def _is_public(self) -> bool:
        return bool(self.incident.audience & PUBLIC)

    @cached_property
    def _public_board(self) -> Board:
        return build_board(PUBLIC)

    @cached_property
    def _inner_board(self) -> Board:
        tokens = set(self.incident.audience)
        return build_board(tokens | {token for component in self.affected for token in component.audience & tokens})

    def _users(self, candidates: Sequence[Any]) -> dict[int, User]:
        wanted = {row.user_id for row in candidates if row.user_id is not None}
        return {
            user.id: user for user in db.session.scalars(sa.select(User).where(User.id.in_(wanted), User.is_active))
        }

    def _message(self, row: Any, *, is_public: bool) -> dict[str, Any]:
        subject, text, html = self._text(row.channel, row.locale, is_public)
        token = token_of(row.id, row.nonce)
        is_email = row.channel == SubscriberChannel.EMAIL
        now: datetime = clock.now()
        headers = (
            {"thread": f"status:{self.incident.public_id}", "leave": f"{self.settings.base_url}/status/leave/{token}"}
            if is_email
            else {"signed_for": f"status:{row.id}:{row.nonce}"}
        )
        return {
            "channel": Channel.EMAIL if is_email else Channel.WEBHOOK,
            "idempotency_key": f"status:{self.broadcast.update_id}:{self.broadcast.occasion}:{row.id}",
            "recipient": row.address,
            "recipient_user_id": row.user_id,
            "subject": subject,
            "body_text": text.replace(TOKEN, token),
            "body_html": html.replace(TOKEN, token),
            "headers": headers,
            "template": TEMPLATE,
            "about_type": IncidentUpdate.__tablename__,
            "about_id": self.update.id,
            "state": MessageState.QUEUED,
            "attempts": 0,
            "next_attempt_at": now,
            "last_error": "",
            "created_at": now,
            "updated_at": now,
        }

    def _text(self, channel: SubscriberChannel, locale: str, is_public: bool) -> tuple[str, str, str]:
        key = (channel, locale, is_public)
        if key not in self._texts:
            board = self._public_board if is_public else self._inner_board
            if channel == SubscriberChannel.EMAIL:
                reminds = self.broadcast.occasion != "update"
                self._texts[key] = update_email(board, self.update, locale, is_reminder=reminds)
            else:
                self._texts[key] = (self.incident.title[:200], update_body(channel, board, self.update, locale), "")
        return self._texts[key]


def _wants(row: Any, visible: Sequence[Component], chosen: set[int]) -> bool:
    if row.whole_page:
        return True
    if any(component.id in chosen for component in visible):
        return True
    return bool(row.includes_new and any(component.created_at > row.confirmed_at for component in visible))
