import sqlalchemy as sa

from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.core.web.paging import Page, paginate


def list_notifications(user_id: int) -> Page[Notification]:
    """Return the page of the URL of a person's notifications, newest first."""
    return paginate(sa.select(Notification).where(Notification.user_id == user_id).order_by(Notification.id.desc()))


def find_notification(user_id: int, notification_id: int) -> Notification | None:
    return db.session.scalars(
        sa.select(Notification).where(Notification.id == notification_id, Notification.user_id == user_id)
    ).one_or_none()


def count_unread(user_id: int) -> int:
    """Return how many notifications a person has not read; more than 100 count as 100, so that it stays cheap."""
    unread = (
        sa.select(Notification.id).where(Notification.user_id == user_id, Notification.read_at.is_(None)).limit(100)
    )
    return db.session.scalar(sa.select(sa.func.count()).select_from(unread.subquery())) or 0
