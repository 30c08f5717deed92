from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import defer, selectinload

from portal.core.db import db
from portal.core.outbox.enums import MessageState
from portal.core.outbox.forms import DeliveryFilters
from portal.core.outbox.models import OutboxMessage
from portal.core.web import Page, paginate


def list_messages(filters: DeliveryFilters) -> Page[OutboxMessage]:
    """Return the messages that pass the filters, the newest first, without their text."""
    query = sa.select(OutboxMessage).options(defer(OutboxMessage.body_text), defer(OutboxMessage.body_html))
    if filters.state.data:
        query = query.where(OutboxMessage.state == MessageState(filters.state.data))
    if filters.recipient.data:
        query = query.where(OutboxMessage.recipient.icontains(filters.recipient.data, autoescape=True))
    if filters.template.data:
        query = query.where(OutboxMessage.template.icontains(filters.template.data, autoescape=True))
    if filters.since.data:
        query = query.where(OutboxMessage.created_at >= datetime.combine(filters.since.data, time.min, UTC))
    if filters.until.data:
        end = datetime.combine(filters.until.data, time.min, UTC) + timedelta(days=1)
        query = query.where(OutboxMessage.created_at < end)
    return paginate(query.order_by(OutboxMessage.id.desc()))


def find_message(message_id: int, *, to_change: bool = False) -> OutboxMessage | None:
    """Return a message with its attempts; ``to_change`` keeps the worker from claiming it meanwhile."""
    query = sa.select(OutboxMessage).where(OutboxMessage.id == message_id)
    query = query.options(selectinload(OutboxMessage.deliveries))
    return db.session.scalars(query.with_for_update() if to_change else query).one_or_none()


def find_dead(message_ids: list[int] | None = None) -> list[OutboxMessage]:
    """Return dead messages to be changed: those named, or all."""
    query = sa.select(OutboxMessage).where(OutboxMessage.state == MessageState.DEAD)
    if message_ids is not None:
        query = query.where(OutboxMessage.id.in_(message_ids))
    return list(db.session.scalars(query.order_by(OutboxMessage.id).with_for_update(skip_locked=True)))


def count_dead() -> int:
    query = sa.select(sa.func.count()).where(OutboxMessage.state == MessageState.DEAD)
    return db.session.scalar(query) or 0
