"""People who say "me too": counted once, and told when it works again."""

import secrets

from portal.core import clock
from portal.core.audit.services import record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import Event, SubscriberChannel, SubscriberState
from status_page.models import AffectedPerson, Incident, Subscriber, SubscriberIncident
from status_page.queries import find_subscriber
from status_page.services.refusals import AlreadyOver


def join_incident(incident: Incident, *, actor: User) -> int:
    """Count a person in and let them follow the incident by e-mail; returns how many are affected.

    A second "me too" of the same person changes nothing.

    Raises:
        AlreadyOver: the incident is over.
    """
    if not incident.is_open:
        raise AlreadyOver(
            gettext("“%(title)s” is over. If it still troubles you, please write to us.", title=incident.title)
        )
    if db.session.get(AffectedPerson, (incident.id, actor.id)) is None:
        db.session.add(AffectedPerson(incident_id=incident.id, user_id=actor.id))
        # The row lock keeps two people who say so at once from counting as one.
        db.session.refresh(incident, ["affected_people"], with_for_update=True)
        incident.affected_people += 1
        record(Event.INCIDENT_JOINED, incident, actor=actor, after={"affected_people": incident.affected_people})
    _follow(incident, actor)
    db.session.flush()
    return incident.affected_people


def _follow(incident: Incident, person: User) -> None:
    subscriber = find_subscriber(SubscriberChannel.EMAIL, person.email)
    if subscriber is None:
        subscriber = Subscriber(channel=SubscriberChannel.EMAIL, address=person.email, whole_page=False)
        db.session.add(subscriber)
    if subscriber.state != SubscriberState.ACTIVE:
        # The address of an account needs no confirmation; what a stranger asked for in its name does not come along.
        subscriber.state = SubscriberState.ACTIVE
        subscriber.whole_page, subscriber.includes_new, subscriber.components = False, False, []
        subscriber.nonce = secrets.token_hex(12)
        subscriber.locale = person.locale
        subscriber.confirmed_at = clock.now()
    subscriber.user_id = person.id
    db.session.flush()
    if db.session.get(SubscriberIncident, (subscriber.id, incident.id)) is None:
        db.session.add(SubscriberIncident(subscriber_id=subscriber.id, incident_id=incident.id))
