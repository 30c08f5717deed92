from typing import Any

import sqlalchemy as sa

from portal.core.db import db
from status_page.enums import SubscriberChannel, SubscriberState
from status_page.models import Subscriber


def find_subscriber(channel: SubscriberChannel, address: str) -> Subscriber | None:
    return db.session.scalars(
        sa.select(Subscriber).where(Subscriber.channel == channel, Subscriber.address == address)
    ).one_or_none()


def select_subscribers(state: SubscriberState | None = None) -> sa.Select[tuple[Subscriber]]:
    """The subscribers, or those of one state, the latest first, for paging."""
    query: sa.Select[Any] = sa.select(Subscriber)
    if state is not None:
        query = query.where(Subscriber.state == state)
    return query.order_by(Subscriber.created_at.desc(), Subscriber.id.desc())


def count_subscribers() -> dict[SubscriberState, int]:
    """Return how many subscribers there are in each state."""
    rows = db.session.execute(sa.select(Subscriber.state, sa.func.count()).group_by(Subscriber.state))
    return {state: count for state, count in rows}  # noqa: C416 (a row is no pair to the type checker)
