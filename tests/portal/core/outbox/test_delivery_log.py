"""The delivery log: who sees it, how it is filtered, and what may be done with a message."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import DeliveryAttempt, OutboxMessage
from portal.core.outbox.services import queue_email
from tests.client import CheckingClient, count_queries
from tests.factories.directory import make_user

LOG = "/admin/deliveries"


def make_message(key: str, state: MessageState = MessageState.DEAD, recipient: str = "") -> OutboxMessage:
    number = queue_email(
        key=key, recipient=recipient or f"{key}@portico.example", subject=f"Subject {key}", text="T", template="a/b"
    )
    message = db.session.get_one(OutboxMessage, number)
    message.state, message.attempts, message.last_error = state, 3, "550 No such mailbox"
    message.deliveries.append(DeliveryAttempt(outcome="dead", detail="550 No such mailbox"))
    db.session.commit()
    return message


@pytest.fixture
def admin(client: CheckingClient) -> CheckingClient:
    return client.sign_in(make_user("administrator"))


def state_of(message: OutboxMessage) -> MessageState:
    db.session.expire_all()
    return message.state


def test_anonymous_is_led_to_sign_in_and_a_person_without_the_right_is_refused(client: CheckingClient) -> None:
    message = make_message("m")
    for path in (LOG, f"{LOG}/{message.id}"):
        assert client.get(path).status_code == 303
    client.sign_in(make_user())
    for path in (LOG, f"{LOG}/{message.id}"):
        assert client.get(path).status_code == 403
    assert client.post(f"{LOG}/{message.id}/resend").status_code == 403


def test_auditor_reads_and_changes_nothing(client: CheckingClient) -> None:
    message = make_message("m")
    client.sign_in(make_user("auditor"))
    assert "again" not in client.get(f"{LOG}/{message.id}").text.split("<h1")[1].split("</header>")[0]
    for act in (f"{message.id}/resend", f"{message.id}/discard", "resend", "resend-failed"):
        assert client.post(f"{LOG}/{act}").status_code == 403
    assert state_of(message) == MessageState.DEAD


def test_list_shows_messages_with_and_without_htmx(admin: CheckingClient) -> None:
    make_message("one")
    whole, block = admin.get(LOG).text, admin.htmx(LOG).text
    assert "Subject one" in whole and "<html" in whole
    assert '<a href="/admin">Administration</a>' in whole.split("<h1")[0].split('class="crumbs"')[1]
    assert "Subject one" in block and "<html" not in block


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"one", "two"}),
        ("state=sent", {"two"}),
        ("recipient=ONE@", {"one"}),
        ("recipient=%25", set()),
        ("template=a/", {"one", "two"}),
        ("template=other", set()),
        ("since=2026-03-02&until=2026-03-02", {"one", "two"}),
        ("since=2026-03-03", set()),
        ("until=2026-03-01", set()),
    ],
)
def test_filters_are_in_the_url(admin: CheckingClient, clock: object, query: str, shown: set[str]) -> None:
    make_message("one")
    make_message("two", MessageState.SENT)
    text = admin.get(f"{LOG}?{query}").text
    assert {key for key in ("one", "two") if f"Subject {key}" in text} == shown


def test_nonsense_in_a_filter_is_told_at_the_field(admin: CheckingClient) -> None:
    make_message("one")
    for query in ("since=yesterday", "state=lost"):
        answer = admin.get(f"{LOG}?{query}")
        assert answer.status_code == 422
        assert "field-error" in answer.text and "Subject one" in answer.text


def test_list_asks_the_same_number_of_queries_for_more_rows(admin: CheckingClient) -> None:
    make_message("one")
    with count_queries() as with_one:
        admin.get(LOG)
    make_message("two")
    make_message("three")
    with count_queries() as with_three:
        admin.get(LOG)
    assert len(with_one) == len(with_three) <= 12


def test_message_shows_its_attempts_and_not_its_text(admin: CheckingClient) -> None:
    message = make_message("m")
    message.body_text = "https://portico.example/reset/secret"
    db.session.commit()
    text = admin.get(f"{LOG}/{message.id}").text
    assert "550 No such mailbox" in text and "Failed for good" in text
    assert "secret" not in text
    assert admin.get(f"{LOG}/999999").status_code == 404


@pytest.mark.parametrize("state", [MessageState.DEAD, MessageState.UNCERTAIN])
def test_resend_queues_it_again_and_is_audited(admin: CheckingClient, app: Flask, state: MessageState) -> None:
    message = make_message("m", state)
    assert admin.post(f"{LOG}/{message.id}/resend").status_code == 303
    assert (state_of(message), message.attempts) == (MessageState.QUEUED, 0)
    event = db.session.scalars(sa.select(AuditEvent)).one()
    assert (event.action, event.subject_id) == ("outbox.message.resent", str(message.id))
    assert event.before == {"state": state.value, "attempts": 3}
    assert app.extensions["portico_queue"].pending_count() > 0


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.SENDING, MessageState.DISCARDED])
def test_what_was_sent_is_not_sent_again(admin: CheckingClient, state: MessageState) -> None:
    message = make_message("m", state)
    assert admin.post(f"{LOG}/{message.id}/resend").status_code == 409
    assert admin.post(f"{LOG}/{message.id}/discard").status_code == 409
    assert state_of(message) == state
    assert db.session.scalars(sa.select(AuditEvent)).all() == []


def test_discard_takes_it_out_of_the_queue_and_is_audited(admin: CheckingClient) -> None:
    message = make_message("m", MessageState.QUEUED)
    answer = admin.htmx(f"{LOG}/{message.id}/discard", method="POST")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"{LOG}/{message.id}")
    assert state_of(message) == MessageState.DISCARDED
    assert db.session.scalars(sa.select(AuditEvent.action)).all() == ["outbox.message.discarded"]


def test_bulk_resend_touches_only_failed_messages(admin: CheckingClient) -> None:
    dead, other, sent = make_message("a"), make_message("b"), make_message("c", MessageState.SENT)
    admin.post(f"{LOG}/resend", data={"message": [dead.id, sent.id]})
    assert [state_of(item) for item in (dead, other, sent)] == [
        MessageState.QUEUED,
        MessageState.DEAD,
        MessageState.SENT,
    ]
    admin.post(f"{LOG}/resend")
    assert state_of(other) == MessageState.DEAD, "nothing selected, nothing sent"
    admin.post(f"{LOG}/resend-failed")
    assert state_of(other) == MessageState.QUEUED
    assert len(db.session.scalars(sa.select(AuditEvent)).all()) == 2
