from typing import Any

import sqlalchemy as sa

from portal.core.db import db
from status_page.enums import SubscriberChannel
from status_page.models import Subscriber


def find_subscriber(channel: SubscriberChannel, address: str) -> Subscriber | None:
    return db.session.scalars(
        sa.select(Subscriber).where(Subscriber.channel == channel, Subscriber.address == address)
    ).one_or_none()


def select_subscribers() -> sa.Select[tuple[Subscriber]]:
    """The subscribers, the latest first, for paging."""
    query: sa.Select[Any] = sa.select(Subscriber).order_by(Subscriber.created_at.desc(), Subscriber.id.desc())
    return query
