"""A signed message reaches a real receiver; what is not to be called is not called."""

import hashlib
import hmac
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.db import db
from portal.core.outbox.delivery import deliver_due_messages
from portal.core.outbox.delivery.webhook import signing_key
from portal.core.outbox.enums import Channel, MessageState
from portal.core.outbox.models import OutboxMessage


class Receiver(http.server.ThreadingHTTPServer):
    status = 200
    received: list[tuple[dict[str, str], bytes]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.received.append((dict(self.headers.items()), body))
            self.send_response(server.status)
            self.send_header("Location", "http://localhost:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = Receiver(("127.0.0.1", 0), Handler)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def local_allowed(app: Flask) -> Iterator[None]:
    kept = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = kept.model_copy(update={"webhook_allowed_hosts": "127.0.0.1"})
    yield
    app.extensions["portico_settings"] = kept


def queue(receiver: Receiver, body: str = '{"version": 1}') -> OutboxMessage:
    message = OutboxMessage(
        channel=Channel.WEBHOOK,
        idempotency_key="k1",
        recipient=f"http://127.0.0.1:{receiver.server_address[1]}/hook",
        body_text=body,
        headers={"signed_for": "status:1:n"},
    )
    db.session.add(message)
    db.session.commit()
    return message


def state() -> MessageState:
    db.session.expire_all()
    return db.session.scalars(sa.select(OutboxMessage)).one().state


def test_receiver_can_check_the_signature(app: Flask, receiver: Receiver, local_allowed: None) -> None:
    queue(receiver, '{"text": "Grüße"}')
    assert deliver_due_messages() == 1
    headers, body = receiver.received[0]
    timestamp, sent = (part.split("=")[1] for part in headers["X-Portico-Signature"].split(","))
    key = signing_key(app.extensions["portico_settings"], "status:1:n")
    assert sent == hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert body.decode() == '{"text": "Grüße"}' and len(headers["X-Portico-Delivery"]) == 32


@pytest.mark.parametrize(
    ("status", "expected"),
    [(204, MessageState.SENT), (302, MessageState.QUEUED), (500, MessageState.QUEUED), (410, MessageState.DEAD)],
)
def test_answer_decides_what_comes_next(
    app: Flask, receiver: Receiver, local_allowed: None, status: int, expected: MessageState
) -> None:
    receiver.status = status
    queue(receiver)
    deliver_due_messages()
    assert state() == expected and len(receiver.received) == 1


def test_private_address_is_not_called(app: Flask, receiver: Receiver) -> None:
    queue(receiver)
    deliver_due_messages()
    assert state() == MessageState.DEAD and receiver.received == []


def test_nobody_there_is_tried_again_later(app: Flask, receiver: Receiver, local_allowed: None) -> None:
    message = queue(receiver)
    message.recipient = "http://127.0.0.1:1/hook"
    db.session.commit()
    deliver_due_messages()
    assert state() == MessageState.QUEUED
