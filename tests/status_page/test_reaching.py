"""Addresses that cannot be reached: switched off with a reason, somebody hears of it, and there is a way back."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core import clock as portal_clock
from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.notifications.models import Notification
from portal.core.outbox.bounces import Bounce, take_bounce
from portal.core.outbox.delivery import deliver_due_messages
from portal.core.outbox.enums import MessageState
from portal.core.outbox.return_address import return_address
from status_page.enums import Event, SubscriberChannel, SubscriberState
from status_page.fan_out import queue_open_broadcasts
from status_page.models import Subscriber
from status_page.services.subscribers import tend_subscribers
from status_page.tokens import token_of
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user
from tests.factories.status_page import make_component, make_incident
from tests.status_page.test_subscribers import make_subscriber, messages

HOOK = "https://hooks.portico.example/x"


def tell(address: str, state: MessageState, error: str = "") -> None:
    """Tell everybody of an incident; what goes to one address ends in a state."""
    make_incident(make_component())
    queue_open_broadcasts()
    newest = messages(address)[-1]
    newest.state, newest.last_error, newest.updated_at = state, error, portal_clock.now()
    db.session.commit()
    tend_subscribers()
    db.session.commit()


def test_address_refused_for_good_is_switched_off_with_its_reason(app: Flask, clock: HeldClock) -> None:
    gone, fine = make_subscriber("gone@portico.example"), make_subscriber("fine@portico.example")
    manager = make_user("incident_manager")
    clock.forward(minutes=1)
    tell(gone.address, MessageState.DEAD, "550 5.1.1 No such user")
    assert (gone.state, gone.disabled_reason) == (SubscriberState.DISABLED, "550 5.1.1 No such user")
    assert fine.state == SubscriberState.ACTIVE
    found = db.session.scalars(sa.select(Notification.text).where(Notification.user_id == manager.id)).all()
    assert found == ["A subscriber of the status page was switched off"]
    assert "550 5.1.1 No such user" in messages(manager.email)[-1].body_text
    trail = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.SUBSCRIBER_DISABLED)).one()
    assert gone.address not in trail.subject_label
    tend_subscribers()
    assert len(db.session.scalars(sa.select(Notification)).all()) == 1


def test_message_that_came_back_later_switches_off_too(app: Flask, clock: HeldClock) -> None:
    """The mail server took it first and reported afterwards: days later, and with later messages under way."""
    gone, fine = make_subscriber("gone@portico.example"), make_subscriber("fine@portico.example")
    manager = make_user("incident_manager")
    settings = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = settings.model_copy(update={"bounce_address": "bounces@help.example"})
    report = (
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; relay\n\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 Gone\n\n--b--\n"
    )

    def come_back(number: int) -> SubscriberState:
        address = return_address(app.extensions["portico_settings"], messages(gone.address)[number].id)
        assert take_bounce(report, recipient=address) == Bounce.COUNTED
        db.session.commit()
        tend_subscribers()
        db.session.commit()
        return gone.state

    try:
        for _ in range(2):
            clock.forward(minutes=1)
            tell(gone.address, MessageState.SENT)
        clock.forward(days=5)
        assert come_back(0) == SubscriberState.ACTIVE, "the one after it may have arrived"
        assert come_back(1) == SubscriberState.DISABLED
    finally:
        app.extensions["portico_settings"] = settings
    assert (gone.disabled_reason, fine.state) == ("550 5.1.1 Gone", SubscriberState.ACTIVE)
    assert "550 5.1.1 Gone" in messages(manager.email)[-1].body_text


def test_address_that_may_not_be_called_is_switched_off_at_once(app: Flask, clock: HeldClock) -> None:
    subscriber = make_subscriber(HOOK, SubscriberChannel.WEBHOOK)
    clock.forward(minutes=1)
    make_incident(make_component())
    queue_open_broadcasts()
    message = messages(HOOK)[0]
    message.recipient = subscriber.address = "http://127.0.0.1:9/private"
    db.session.commit()
    deliver_due_messages()
    tend_subscribers()
    db.session.commit()
    assert subscriber.state == SubscriberState.DISABLED and "private network" in subscriber.disabled_reason


def test_one_lost_message_among_others_that_arrive_switches_nobody_off(app: Flask, clock: HeldClock) -> None:
    subscriber = make_subscriber(HOOK, SubscriberChannel.WEBHOOK)
    clock.forward(minutes=1)
    make_incident(make_component())
    queue_open_broadcasts()
    make_incident(make_component())
    queue_open_broadcasts()
    lost, arrived = messages(HOOK)
    lost.state, arrived.state = MessageState.DEAD, MessageState.SENT
    db.session.commit()
    tend_subscribers()
    assert subscriber.state == SubscriberState.ACTIVE


@pytest.mark.parametrize("has_contact", [True, False])
def test_whoever_minds_a_webhook_hears_of_it_and_can_start_it_again(
    app: Flask, client: CheckingClient, clock: HeldClock, has_contact: bool
) -> None:
    owner = make_user()
    extra = {"contact": "ops@portico.example"} if has_contact else {"user_id": owner.id}
    subscriber = make_subscriber(HOOK, SubscriberChannel.WEBHOOK, **extra)
    clock.forward(minutes=1)
    tell(HOOK, MessageState.DEAD, "The receiver answered 500.")
    [notice] = messages("ops@portico.example" if has_contact else owner.email)
    assert HOOK in notice.body_text and "The receiver answered 500." in notice.body_text
    path = f"/status/subscription/{token_of(subscriber.id, 'n')}"
    assert path in notice.body_text
    assert "The receiver answered 500." in client.get(path).get_data(as_text=True)
    clock.forward(minutes=1)
    assert client.post(f"{path}/resume").status_code == 303
    assert client.post(f"{path}/resume").status_code == 409
    tend_subscribers()
    db.session.expire_all()
    assert (subscriber.state, subscriber.disabled_reason) == (SubscriberState.ACTIVE, "")
    clock.forward(minutes=1)
    tell(HOOK, MessageState.DEAD, "The receiver answered 500.")
    assert subscriber.state == SubscriberState.DISABLED, "what fails after the way back counts again"


def test_manager_sees_who_is_switched_off_and_switches_on(app: Flask, client: CheckingClient, clock: HeldClock) -> None:
    gone = make_subscriber("gone@portico.example", state=SubscriberState.DISABLED, disabled_reason="550 unknown")
    make_subscriber("fine@portico.example")
    path = f"/status/manage/subscribers/{gone.id}/resume"
    assert client.post(path).status_code == 303
    client.sign_in(make_user())
    assert client.post(path).status_code == 403
    db.session.expire_all()
    assert gone.state == SubscriberState.DISABLED
    manager = make_user("incident_manager")
    client.sign_in(manager)
    text = client.get("/status/manage/subscribers?state=disabled").get_data(as_text=True)
    assert "gone@portico.example" in text and "550 unknown" in text and "fine@portico.example" not in text
    assert client.get("/status/manage/subscribers?state=nonsense").status_code == 200
    assert "<html" not in client.htmx("/status/manage/subscribers").get_data(as_text=True)
    assert client.post(path).status_code == 303
    assert client.post("/status/manage/subscribers/999/resume").status_code == 404
    trail = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.SUBSCRIBER_RESUMED)).one()
    db.session.expire_all()
    assert (gone.state, trail.actor_id) == (SubscriberState.ACTIVE, manager.id)


def test_contact_of_a_webhook_is_kept_and_checked(app: Flask, client: CheckingClient) -> None:
    form = {"channel": "webhook", "address": "https://8.8.8.8/hook", "extent": "all", "locale": "en"}
    wrong = client.post("/status/subscribe", data=form | {"contact": "nobody"})
    assert wrong.status_code == 422 and "not an e-mail address" in wrong.get_data(as_text=True)
    assert client.post("/status/subscribe", data=form | {"contact": "ops@portico.example"}).status_code == 303
    assert db.session.scalars(sa.select(Subscriber)).one().contact == "ops@portico.example"


def test_looking_after_subscribers_takes_the_same_few_queries(app: Flask, clock: HeldClock) -> None:
    def queries() -> int:
        db.session.commit()
        db.session.expunge_all()
        with count_queries() as counted:
            tend_subscribers()
        return len(counted)

    for number in range(3):
        make_subscriber(f"{number}@portico.example")
    none = queries()
    for number in range(3, 6):
        make_subscriber(f"{number}@portico.example")
    assert queries() == none
