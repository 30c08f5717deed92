"""The probes and the metrics."""

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from portal.core import clock as time
from portal.core.db import db
from portal.core.health import checks
from portal.core.jobs.models import JobFailure
from portal.core.jobs.running import beat, claim_minute, note_failure, sign_off
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock


def test_alive_asks_no_database(client: CheckingClient) -> None:
    with count_queries() as counted:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.text, len(counted)) == (200, "ok\n", 0)
    assert answer.headers["Cache-Control"] == "no-store"


def test_ready_names_each_check(client: CheckingClient, clock: HeldClock) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert {"database", "queue", "disk"} <= answer.json["checks"].keys()
    assert answer.json["checks"]["database"] == {"ok": True, "sentence": None}
    assert "portico worker" in answer.json["checks"]["queue"]["sentence"]
    beat(clock.now())
    assert client.get("/readyz").status_code == 200
    clock.forward(minutes=1)
    assert client.get("/readyz").status_code == 503, "a silent worker is gone"
    beat(clock.now())
    sign_off()
    assert client.get("/readyz").status_code == 503


def test_ready_tells_of_a_database_from_another_version(client: CheckingClient, app: Flask) -> None:
    db.session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    answer = client.get("/readyz")
    assert answer.json is not None
    assert "run “portico upgrade”" in answer.json["checks"]["database"]["sentence"]


def test_full_disk_is_told(client: CheckingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LEAST_FREE_BYTES", 1 << 62)
    answer = client.get("/readyz")
    assert answer.json is not None and "MiB are free" in answer.json["checks"]["disk"]["sentence"]


def test_check_that_breaks_is_a_finding_and_hides_no_other(client: CheckingClient, app: Flask) -> None:
    def broken() -> str | None:
        raise RuntimeError("on purpose")

    assert checks._run("index", broken) == "The check itself failed; the log has the reason."


def test_metrics_count_requests_and_states(client: CheckingClient) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'portico_requests_total{endpoint="health.alive",method="GET",status="200"}' in text
    assert 'portico_outbox_messages{state="dead"} 0.0' in text
    assert "portico_queue_depth" in text and "portico_workers 0.0" in text


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "192.0.2.7", 403),
        ("", {"X-Forwarded-For": "192.0.2.7"}, "127.0.0.1", 403),
        ("right", {}, "127.0.0.1", 403),
        ("right", {"Authorization": "Bearer wrong"}, "127.0.0.1", 403),
        ("right", {"Authorization": "Bearer right"}, "192.0.2.7", 200),
    ],
)
def test_metrics_are_for_this_machine_or_a_token(
    client: CheckingClient, app: Flask, token: str, headers: dict[str, str], address: str, status: int
) -> None:
    kept = app.extensions["portico_settings"]
    app.extensions["portico_settings"] = kept.model_copy(update={"metrics_token": SecretStr(token)})
    try:
        answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    finally:
        app.extensions["portico_settings"] = kept
    assert answer.status_code == status


def test_periodic_job_starts_once_a_minute_among_all_workers(app: Flask, clock: HeldClock) -> None:
    assert [claim_minute("some.job"), claim_minute("some.job"), claim_minute("other.job")] == [True, False, True]
    clock.forward(minutes=1)
    assert [claim_minute("some.job"), claim_minute("some.job")] == [True, False]


def test_failed_job_is_kept_with_its_name(app: Flask, clock: HeldClock) -> None:
    note_failure("some.job", ValueError("what went wrong"))
    kept = db.session.scalars(sa.select(JobFailure)).one()
    assert (kept.job, kept.error, kept.at) == ("some.job", "ValueError: what went wrong", time.now())
