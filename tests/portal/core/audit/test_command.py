"""``portico audit verify`` and the nightly check."""

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from portal.cli import portico
from portal.core.audit.models import AuditVerification
from portal.core.audit.services import verify
from portal.core.audit.tasks import verify_chain
from portal.core.db import db
from tests.portal.core.audit.test_chain import tamper, write_events


def run(app: Flask, *arguments: str) -> Result:
    return CliRunner().invoke(
        portico, ["audit", "verify", *arguments], obj=ScriptInfo(create_app=lambda: app), catch_exceptions=False
    )


def results() -> list[AuditVerification]:
    return list(db.session.scalars(sa.select(AuditVerification).order_by(AuditVerification.id)))


def test_whole_chain(app: Flask) -> None:
    write_events(3)
    result = run(app)
    assert result.exit_code == 0
    assert result.output.startswith("The audit trail holds: 3 events checked in ")
    assert [(item.events, item.holds) for item in results()] == [(3, True)]


def test_broken_chain(app: Flask) -> None:
    write_events(3)
    tamper("UPDATE audit_event SET actor_name = 'nobody' WHERE id = 2")
    db.session.commit()
    result = run(app, "--quiet")
    assert result.exit_code == 1
    assert "The audit trail is broken. Audit event 2 was changed after it was written." in result.output
    assert [item.broken_event_id for item in results()] == [2]


def test_help_has_an_example(app: Flask) -> None:
    assert "portico audit verify" in run(app, "--help").output.partition("Usage:")[2].partition("\n")[2]


def test_nightly_check_keeps_its_finding(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    write_events(2)
    verify_chain()
    tamper("DELETE FROM audit_event WHERE id = 1")
    db.session.commit()
    verify_chain()
    assert [item.finding for item in results()] == ["", "Audit event 1 was removed."]
    assert "Audit event 1 was removed." in caplog.text


def test_progress_is_told(app: Flask) -> None:
    write_events(3)
    seen: list[tuple[int, int]] = []
    verify(lambda done, total: seen.append((done, total)))
    assert seen == [(3, 3)]
