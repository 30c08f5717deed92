"""What people were told by hand: kept beside what the portal sent, so that the record of an incident is whole."""

from datetime import datetime

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import Event, MessageChannel
from status_page.models import HandMessage, Incident
from status_page.services.refusals import WrongTime


def record_message(
    incident: Incident,
    *,
    actor: User,
    channel: MessageChannel,
    audience: str,
    text: str,
    author_name: str = "",
    checker_name: str = "",
    sent_at: datetime | None = None,
) -> HandMessage:
    """Keep what was said about an incident by phone, letter or to the press; such an entry is never changed.

    Raises:
        WrongTime: it lies in the future.
    """
    now = clock.now()
    if sent_at is not None and sent_at > now:
        raise WrongTime(gettext("A message cannot have gone out at a moment to come. Correct the time."))
    message = HandMessage(
        incident_id=incident.id,
        channel=channel,
        audience=audience.strip(),
        text=text.strip(),
        author_name=author_name.strip() or str(actor),
        checker_name=checker_name.strip(),
        sent_at=sent_at or now,
        recorded_by_id=actor.id,
        created_at=now,
    )
    incident.hand_messages.append(message)
    db.session.flush()
    record(
        Event.MESSAGE_RECORDED,
        message,
        actor=actor,
        after={
            "incident": incident.public_id,
            "channel": channel,
            "audience": message.audience,
            "author": message.author_name,
            "checker": message.checker_name,
            "sent_at": message.sent_at,
            "text": message.text,
        },
    )
    return message
