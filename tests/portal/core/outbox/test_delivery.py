"""Sending queued messages: every answer of a mail server, and every way a worker can be interrupted."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from portal.core.db import db
from portal.core.jobs import stopping
from portal.core.outbox.delivery import claims, deliver_due_messages, recover_abandoned, sending
from portal.core.outbox.delivery.sending import MOST_ATTEMPTS, pause_before
from portal.core.outbox.delivery.transports import make_transport
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import DeliveryAttempt, OutboxMessage
from portal.core.outbox.services import queue_email
from tests.clock import HeldClock
from tests.smtp import CatchingServer, catching_server


@contextmanager
def smtp_url(app: Flask, url: str) -> Iterator[None]:
    kept = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = kept.model_copy(update={"smtp_url": SecretStr(url)})
    try:
        yield
    finally:
        app.extensions["portico_settings"] = kept


@pytest.fixture
def server(app: Flask) -> Iterator[CatchingServer]:
    with catching_server() as server, smtp_url(app, server.url):
        yield server


def queue(key: str = "occasion:1", recipient: str = "user@portico.example", **values: Any) -> OutboxMessage:
    values = {"subject": "Hello", "text": "Text\n", **values}
    number = queue_email(key=key, recipient=recipient, **values)
    db.session.commit()
    return db.session.get_one(OutboxMessage, number)


def reload(message: OutboxMessage) -> OutboxMessage:
    db.session.expire_all()
    return db.session.scalars(sa.select(OutboxMessage).where(OutboxMessage.id == message.id)).one()


def outcomes(message: OutboxMessage) -> list[str]:
    query = sa.select(DeliveryAttempt.outcome).where(DeliveryAttempt.message_id == message.id)
    return list(db.session.scalars(query.order_by(DeliveryAttempt.id)))


def test_sends_what_is_due_over_one_connection(app: Flask, server: CatchingServer) -> None:
    queued = [queue(f"occasion:{number}", f"user{number}@portico.example") for number in range(3)]
    assert deliver_due_messages() == 3
    assert {str(message["To"]) for message in server.messages} == {message.recipient for message in queued}
    assert server.connections == 1
    first = reload(queued[0])
    assert (first.state, first.attempts, first.claim_token) == (MessageState.SENT, 1, None)
    assert first.sent_at is not None
    assert outcomes(first) == ["sent"]
    assert deliver_due_messages() == 0


def test_letter_carries_what_mail_programs_need(app: Flask, server: CatchingServer) -> None:
    text = "Grüße\n.\n..two dots\n" + "long " * 300 + "\n"
    queue("ticket:7:replied", subject="Your ticket – “VPN”", text=text, html="<p>Grüße</p>", thread="ticket:7")
    queue("ticket:7:resolved", thread="ticket:7")
    deliver_due_messages()
    first, second = server.messages
    assert first["Subject"] == "Your ticket – “VPN”"
    assert first["From"] == "Portico <portico@localhost>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"] and first["Message-ID"] != second["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == second["References"]
    plain, html = first.get_body(("plain",)), first.get_body(("html",))
    assert plain is not None and html is not None
    assert plain.get_content().replace("\r\n", "\n") == text
    assert html.get_content().strip() == "<p>Grüße</p>"
    assert second.get_content_type() == "text/plain"


def test_same_key_has_the_same_message_id_wherever_it_is_sent_from(app: Flask, server: CatchingServer) -> None:
    message = queue("occasion:same")
    deliver_due_messages()
    db.session.execute(sa.update(OutboxMessage).values(state=MessageState.QUEUED))
    db.session.commit()
    deliver_due_messages()
    assert list(server.counts().values()) == [2]
    assert outcomes(message) == ["sent", "sent"]


def test_writes_files_when_there_is_no_mail_server(app: Flask) -> None:
    queue("file:1", subject="In a file")
    with smtp_url(app, ""):
        assert deliver_due_messages() == 1
    folder: Path = app.extensions["portico_settings"].data_dir / "mail"
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.glob("*.eml")]
    assert "In a file" in [letter["Subject"] for letter in letters]
    assert not list(folder.glob("*.draft"))


@pytest.mark.parametrize("at", ["refuse_recipient", "refuse_data"])
def test_refused_for_good_is_dead_at_once(app: Flask, server: CatchingServer, at: str) -> None:
    bad, good = queue("bad", "gone@portico.example"), queue("good", "here@portico.example")
    setattr(server, at, {"gone@portico.example": "550 5.1.1 No such mailbox"})
    assert deliver_due_messages() == 1
    dead = reload(bad)
    assert (dead.state, dead.attempts) == (MessageState.DEAD, 1)
    assert "No such mailbox" in dead.last_error
    assert reload(good).state == MessageState.SENT


def test_refused_for_now_is_tried_later_and_then_dead(app: Flask, server: CatchingServer, clock: HeldClock) -> None:
    message = queue("slow", "full@portico.example")
    server.refuse_recipient = {"full@portico.example": "452 4.2.2 Mailbox full"}
    assert deliver_due_messages() == 0
    waiting = reload(message)
    assert (waiting.state, waiting.attempts, waiting.claim_token) == (MessageState.QUEUED, 1, None)
    assert timedelta(seconds=48) <= waiting.next_attempt_at - clock.now() <= timedelta(seconds=72)
    deliver_due_messages()
    assert reload(message).attempts == 1, "not before its time"
    for _ in range(MOST_ATTEMPTS - 1):
        clock.forward(hours=8)
        deliver_due_messages()
    dead = reload(message)
    assert (dead.state, dead.attempts) == (MessageState.DEAD, MOST_ATTEMPTS)
    assert outcomes(message) == ["retry"] * (MOST_ATTEMPTS - 1) + ["dead"]
    server.refuse_recipient = {}
    clock.forward(hours=8)
    assert deliver_due_messages() == 0


def test_pauses_grow_to_six_hours_and_last_a_day_at_least() -> None:
    pauses = [pause_before(attempt) for attempt in range(2, MOST_ATTEMPTS + 1)]
    assert pauses[0] < timedelta(seconds=73)
    assert all(pause <= timedelta(hours=7.2) for pause in pauses)
    # Chance makes a pause a fifth shorter or longer.
    shortest = timedelta(hours=24) * 1.2 / 0.8
    assert timedelta(hours=24) < sum(pauses, timedelta()) <= shortest * 1.1


def test_unreachable_server_costs_one_message_an_attempt(app: Flask, clock: HeldClock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    queued = [queue(f"occasion:{number}") for number in range(3)]
    with smtp_url(app, f"smtp://127.0.0.1:{port}"):
        assert deliver_due_messages() == 0
    assert sorted(reload(message).attempts for message in queued) == [0, 0, 1]
    assert {reload(message).state for message in queued} == {MessageState.QUEUED}
    clock.forward(minutes=2)
    with catching_server() as server, smtp_url(app, server.url):
        assert deliver_due_messages() == 3


def test_address_that_cannot_stand_in_a_header_is_dead(app: Flask, server: CatchingServer) -> None:
    message = queue("bad", "nobody@portico.example>, <other@portico.example")
    deliver_due_messages()
    assert reload(message).state == MessageState.DEAD
    assert server.messages == []


def test_unicode_address_needs_a_server_that_takes_it(app: Flask) -> None:
    message = queue("unicode", "jörg@portico.example")
    with catching_server(enable_SMTPUTF8=False) as server, smtp_url(app, server.url):
        deliver_due_messages()
    assert reload(message).state == MessageState.DEAD
    again = queue("unicode:2", "jörg@portico.example")
    with catching_server(enable_SMTPUTF8=True) as server, smtp_url(app, server.url):
        deliver_due_messages()
        assert len(server.messages) == 1
    assert reload(again).state == MessageState.SENT


def test_message_is_committed_as_handed_over_before_the_server_has_it(app: Flask, server: CatchingServer) -> None:
    message = queue()
    seen: list[MessageState] = []
    connection = db.session.connection()
    server.on_data = lambda _: seen.append(
        connection.execute(sa.select(OutboxMessage.state).where(OutboxMessage.id == message.id)).scalar_one()
    )
    deliver_due_messages()
    assert seen == [MessageState.HANDED_OVER]


def test_server_that_takes_it_and_falls_silent_leaves_it_uncertain(app: Flask, server: CatchingServer) -> None:
    message, other = queue("first", "first@portico.example"), queue("second", "second@portico.example")
    server.silent = {"first@portico.example"}
    assert deliver_due_messages() == 1
    assert (reload(message).state, outcomes(message)) == (MessageState.UNCERTAIN, ["uncertain"])
    assert reload(other).state == MessageState.SENT, "over a new connection"


def test_server_that_refuses_the_end_of_a_message_has_answered(app: Flask, server: CatchingServer) -> None:
    message, other = queue("first", "first@portico.example"), queue("second", "second@portico.example")
    server.refuse_data = {"first@portico.example": "421 Shutting down"}
    deliver_due_messages()
    assert reload(message).state == MessageState.QUEUED
    assert reload(other).state == MessageState.SENT, "over a new connection"


def test_claim_lost_on_the_way_is_not_sent(app: Flask, server: CatchingServer) -> None:
    message = queue("first")
    token = claims.new_token()
    (row,) = claims.claim_batch(token)
    db.session.execute(sa.update(OutboxMessage).values(claim_token="somebody-else"))
    db.session.commit()
    settings = app.extensions["portico_settings"]
    transport = make_transport(settings)
    assert sending._send_batch([row], token, transport, settings) == 0
    transport.close()
    assert server.messages == []
    assert reload(message).claim_token == "somebody-else"


def test_two_workers_never_claim_the_same_message(app: Flask) -> None:
    for number in range(5):
        queue(f"occasion:{number}")
    first, second = claims.claim_batch("one"), claims.claim_batch("two")
    assert (len(first), len(second)) == (5, 0)


def test_abandoned_claims_are_taken_back_when_they_end(app: Flask, server: CatchingServer, clock: HeldClock) -> None:
    unsent, unknown = queue("unsent"), queue("unknown")
    claims.claim_batch("otherhost.1.x")
    db.session.execute(
        sa.update(OutboxMessage).where(OutboxMessage.id == unknown.id).values(state=MessageState.HANDED_OVER)
    )
    db.session.commit()
    assert recover_abandoned() == 0
    clock.forward(seconds=91)
    assert recover_abandoned() == 2
    assert reload(unsent).state == MessageState.QUEUED
    assert (reload(unknown).state, outcomes(unknown)) == (MessageState.UNCERTAIN, ["uncertain"])
    assert deliver_due_messages() == 1
    clock.forward(days=2)
    recover_abandoned()
    assert deliver_due_messages() == 0, "an uncertain message is never sent again by itself"


def test_claims_of_a_dead_process_of_this_machine_are_taken_back_at_once(app: Flask) -> None:
    message = queue()
    machine = claims.new_token().split(".")[0]
    claims.claim_batch(f"{machine}.999999999.x")
    assert recover_abandoned() == 1
    assert reload(message).state == MessageState.QUEUED


def test_stopping_finishes_the_message_and_gives_back_the_rest(app: Flask, server: CatchingServer) -> None:
    queued = [queue(f"occasion:{number}") for number in range(4)]
    server.on_data = lambda _: stopping.set()
    try:
        assert deliver_due_messages() == 1
    finally:
        stopping.clear()
    states = [reload(message).state for message in queued]
    assert states == [MessageState.SENT] + [MessageState.QUEUED] * 3
    assert all(reload(message).claim_token is None for message in queued)
