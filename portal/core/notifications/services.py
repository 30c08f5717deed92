"""The one way to tell a person something."""

from typing import Any, Protocol

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale

from portal.core import clock
from portal.core.db import db, plain_insert
from portal.core.feature import message_context
from portal.core.notifications.models import Notification
from portal.core.outbox.services import queue_email


class Recipient(Protocol):
    """Whoever can be told something."""

    @property
    def id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def locale(self) -> str: ...
    @property
    def is_active(self) -> bool: ...


def notify(
    recipient: Recipient, template: str, *, key: str, path: str, about: Any = None, thread: str = "", **context: Any
) -> None:
    """Queue a line in the portal and an e-mail for one person, in the current transaction and the person's language.

    ``template`` names a pair of templates, as ``tickets/email/replied``: ``.subject.txt`` is the subject and the line
    in the portal, ``.txt`` the message. ``key`` names the occasion, ``path`` is the page it is about. Somebody whose
    account is closed is told nothing.
    """
    if not recipient.is_active:
        return
    # Asking for what a message says must not write what is in hand, message by message: that would take longer.
    with db.session.no_autoflush, force_locale(recipient.locale):
        context |= message_context()
        context |= {"recipient": recipient, "url": current_app.extensions["portico_settings"].base_url + path}
        subject = " ".join(_render(f"{template}.subject.txt", **context).split())
        text = _render(f"{template}.txt", **context).strip() + "\n"
        html = _render("email/base.html", subject=subject, text=text, action_url=context["url"], **context)
    notification = {"user_id": recipient.id, "text": subject, "path": path, "template": template}
    db.session.execute(plain_insert(Notification), notification)
    queue_email(
        key=f"{key}:{recipient.id}",
        recipient=recipient.email,
        recipient_user_id=recipient.id,
        subject=subject,
        text=text,
        html=html,
        about=about,
        template=template,
        thread=thread,
    )


def _render(name: str, **context: Any) -> str:
    # A message is no page: who happens to be signed in, navigation and counts have no place in it, and asking for
    # them would cost a query a message. Commands and jobs send messages too, without any request.
    return current_app.jinja_env.get_template(name).render(context)


def mark_read(user_id: int, notification_id: int | None = None) -> None:
    """Mark one notification of a person as read, or all of them."""
    statement = sa.update(Notification).where(Notification.user_id == user_id, Notification.read_at.is_(None))
    if notification_id is not None:
        statement = statement.where(Notification.id == notification_id)
    db.session.execute(statement.values(read_at=clock.now()))
