"""Mail that comes back after it was taken: reports of real shapes, and those that nobody may believe."""

from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.outbox.bounces import Bounce, find_failure, take_bounce
from portal.core.outbox.cli import take_bounce_command
from portal.core.outbox.delivery import deliver_due_messages
from portal.core.outbox.enums import Event, MessageState
from portal.core.outbox.models import DeliveryAttempt, OutboxMessage
from portal.core.outbox.return_address import message_of, return_address
from portal.core.outbox.services import queue_email
from portal.core.settings import Settings
from tests.processes import portico_environment, run_portico
from tests.smtp import CatchingServer, catching_server

SAMPLES = Path(__file__).parent / "bounces"
BOX = "bounces@help.example"
REASONS = {
    "postfix": "550 5.1.1 <gone@portico.example>: Recipient address rejected: User unknown in local recipient table",
    "exchange": "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "expired": "4.4.7 451 4.4.1 No answer from host",
    "global": "550 5.1.1 Unbekannter Empfänger",
    "bare": "5.0.0",
}
NO_FAILURES = ("delayed", "delivered", "vacation")


@pytest.fixture
def server(app: Flask) -> Iterator[CatchingServer]:
    kept = app.extensions["portico_settings"]
    with catching_server() as server:
        changed = {"smtp_url": SecretStr(server.url), "bounce_address": BOX}
        app.extensions["portico_settings"] = kept.model_copy(update=changed)
        yield server
    app.extensions["portico_settings"] = kept


def sent(server: CatchingServer, key: str = "occasion:1") -> tuple[OutboxMessage, str]:
    """Send a message; returns it and where it would come back to."""
    number = queue_email(key=key, recipient="gone@portico.example", subject="Hello", text="Text\n")
    db.session.commit()
    deliver_due_messages()
    db.session.expire_all()
    message = db.session.get_one(OutboxMessage, number)
    assert message.state == MessageState.SENT
    return message, server.return_addresses[-1]


def sample(name: str, to: str = "{to}") -> bytes:
    return (SAMPLES / f"{name}.eml").read_text(encoding="utf-8").replace("{to}", to).encode()


def take(content: bytes, recipient: str = "") -> Bounce:
    outcome = take_bounce(content, recipient=recipient)
    db.session.commit()
    db.session.expire_all()
    return outcome


def test_each_message_has_a_return_address_of_its_own(app: Flask, server: CatchingServer) -> None:
    (one, first), (other, second) = sent(server), sent(server, "occasion:2")
    settings = app.extensions["portico_settings"]
    assert (message_of(settings, first), message_of(settings, second)) == (one.id, other.id)
    assert first.startswith("bounces+") and first.endswith("@help.example") and first != second
    assert len(first.partition("@")[0]) <= 64
    assert message_of(settings, first.upper()) == one.id, "servers on the way may change capitals"
    assert len(return_address(settings, 10**17).partition("@")[0]) <= 64
    assert "bounces" not in server.messages[0].as_string(), "readers see the sender"


def test_without_a_return_address_mail_comes_back_to_the_sender(app: Flask, server: CatchingServer) -> None:
    settings = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = settings.model_copy(update={"bounce_address": ""})
    message, address = sent(server)
    assert address == "portico@localhost"
    assert take(sample("postfix", return_address(settings, message.id))) == Bounce.FORGED


@pytest.mark.parametrize("name", REASONS)
def test_report_makes_a_sent_message_a_failed_one(app: Flask, server: CatchingServer, name: str) -> None:
    message, address = sent(server)
    assert take(sample(name, address)) == Bounce.COUNTED
    assert (message.state, message.last_error) == (MessageState.DEAD, REASONS[name])
    attempts = db.session.scalars(sa.select(DeliveryAttempt).order_by(DeliveryAttempt.id)).all()
    assert [(attempt.outcome, attempt.detail) for attempt in attempts][1:] == [("bounced", REASONS[name])]
    trail = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.BOUNCED)).one()
    assert (trail.before, trail.after) == ({"state": "sent"}, {"state": "dead"})
    assert "gone@portico.example" not in trail.subject_label


@pytest.mark.parametrize("name", NO_FAILURES)
def test_other_mail_to_the_address_changes_nothing(app: Flask, server: CatchingServer, name: str) -> None:
    message, address = sent(server)
    assert take(sample(name, address)) == Bounce.NO_FAILURE
    assert message.state == MessageState.SENT


def test_same_report_counts_once_and_a_message_sent_again_may_come_back_again(
    app: Flask, server: CatchingServer
) -> None:
    message, address = sent(server)
    assert [take(sample("postfix", address)) for _ in range(2)] == [Bounce.COUNTED, Bounce.KNOWN]
    message.state = MessageState.QUEUED
    db.session.commit()
    assert take(sample("postfix", address)) == Bounce.KNOWN
    deliver_due_messages()
    assert take(sample("postfix", address)) == Bounce.COUNTED
    assert len(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == Event.BOUNCED)).all()) == 2


def test_forged_report_is_refused(app: Flask, server: CatchingServer) -> None:
    message, address = sent(server)
    other, _ = sent(server, "occasion:2")
    box, _, proof = address.partition("@")[0].rpartition("-")
    wrong = [
        BOX,
        "bounces@help.example, stranger@portico.example",
        f"bounces+{message.id}@help.example",
        f"bounces+{message.id}-{'0' * 20}@help.example",
        # The proof of one message is none for another.
        f"bounces+{other.id}-{proof}@help.example",
        f"{box}-{proof}@elsewhere.example",
        f"{box}-{proof[:-1]}@help.example",
        f"{box.replace('bounces', 'letters')}-{proof}@help.example",
    ]
    assert [take(sample("postfix", to)) for to in wrong] == [Bounce.FORGED] * len(wrong)
    assert take(sample("postfix", address), recipient=BOX) == Bounce.FORGED, (
        "the mail server knows better than a header"
    )
    assert take(b"") == take(b"\xff\x00 no mail at all\r\n") == Bounce.FORGED
    assert message.state == other.state == MessageState.SENT


def test_address_stands_where_the_mail_server_wrote_it(app: Flask, server: CatchingServer) -> None:
    _, address = sent(server)
    content = b"X-Original-To: " + address.encode() + b"\n" + sample("postfix", "undisclosed-recipients:;")
    assert take(content) == Bounce.COUNTED


def test_every_sample_is_a_mail_that_says_what_is_said_of_it() -> None:
    for path in SAMPLES.glob("*.eml"):
        assert find_failure(message_from_bytes(path.read_bytes())) == REASONS.get(path.stem)
    assert {path.stem for path in SAMPLES.glob("*.eml")} == {*REASONS, *NO_FAILURES}


@given(st.sampled_from([*REASONS, *NO_FAILURES]), st.data())
def test_no_mail_is_so_broken_that_reading_it_fails(name: str, data: st.DataObject) -> None:
    content = bytearray(sample(name))
    for _ in range(data.draw(st.integers(1, 12))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    reason = find_failure(message_from_bytes(bytes(content)))
    assert reason is None or reason.strip()


def test_command_reads_a_pipe(app: Flask, server: CatchingServer) -> None:
    message, address = sent(server)
    runner = app.test_cli_runner()
    forged = runner.invoke(take_bounce_command, [BOX], input=sample("postfix", address))
    assert (forged.exit_code, forged.output.partition(":")[0]) == (0, "Refused")
    taken = runner.invoke(take_bounce_command, [address], input=sample("postfix"))
    assert (taken.exit_code, taken.output.partition(":")[0]) == (0, "Taken")
    db.session.expire_all()
    assert message.state == MessageState.DEAD


def test_command_asks_the_mail_server_to_try_again_when_the_database_is_away(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, bounce_address=BOX, secret_key=SecretStr("k" * 40))
    # A database without tables is as good as none.
    environment = portico_environment(tmp_path, bounce_address=BOX, secret_key="k" * 40)
    mail = tmp_path / "mail.eml"
    mail.write_bytes(sample("postfix", return_address(settings, 1)))
    done = run_portico("take-bounce", environment=environment, given=mail)
    assert done.returncode == 75, done.stdout + done.stderr
    assert "try again later" in done.stderr and "Traceback" not in done.stderr
