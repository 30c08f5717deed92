"""Failed jobs: who sees them, what is told, and what may be done about one."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.audit.models import AuditEvent
from portal.core.db import db
from portal.core.jobs import queue_of
from portal.core.jobs.models import JobFailure
from portal.core.jobs.running import note_failure
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.directory import make_user

LIST = "/admin/jobs"


def fail(job: str = "files.remove_orphans", words: str = "The disk is full", *arguments: object) -> JobFailure:
    try:
        raise OSError(words)
    except OSError as error:
        note_failure(job, error, arguments)
    return db.session.scalars(sa.select(JobFailure).order_by(JobFailure.id.desc())).first() or pytest.fail("not kept")


def kept() -> list[tuple[str, int]]:
    query = sa.select(JobFailure.job, JobFailure.times).order_by(JobFailure.id)
    return [(job, times) for job, times in db.session.execute(query)]


@pytest.fixture
def admin(client: CheckingClient) -> CheckingClient:
    return client.sign_in(make_user("administrator"))


def test_anonymous_is_led_to_sign_in_and_a_person_without_the_right_is_refused(client: CheckingClient) -> None:
    failure = fail()
    for path in (LIST, f"{LIST}/{failure.id}"):
        assert client.get(path).status_code == 303
    client.sign_in(make_user())
    for path in (LIST, f"{LIST}/{failure.id}"):
        assert client.get(path).status_code == 403
    for step in ("retry", "dismiss"):
        assert client.post(f"{LIST}/{failure.id}/{step}").status_code == 403
    assert len(kept()) == 1


def test_an_auditor_reads_and_changes_nothing(client: CheckingClient) -> None:
    failure = fail()
    client.sign_in(make_user("auditor"))
    assert "Run this job again" not in client.get(f"{LIST}/{failure.id}").text
    for step in ("retry", "dismiss"):
        assert client.post(f"{LIST}/{failure.id}/{step}").status_code == 403
    assert len(kept()) == 1


def test_says_what_happened_how_often_and_where(admin: CheckingClient, clock: HeldClock) -> None:
    assert "No job has failed" in admin.get(LIST).text
    fail()
    clock.forward(minutes=1)
    failure = fail()
    fail(words="Another matter")
    assert kept() == [("files.remove_orphans", 2), ("files.remove_orphans", 1)]
    whole, block = admin.get(LIST).text, admin.htmx(LIST).text
    assert "<html" in whole and "<html" not in block
    for text in (whole, block):
        assert "OSError: The disk is full" in text and "2 times" in text and "Another matter" in text
    page = admin.get(f"{LIST}/{failure.id}").text
    assert "OSError: The disk is full" in page and "test_failed_jobs.py" in page
    assert admin.get(f"{LIST}/999999").status_code == 404
    for text in (whole, page):
        assert '<a href="/admin">Administration</a>' in text.split("<h1")[0].split('class="crumbs"')[1]


def test_the_list_asks_the_same_number_of_queries_for_more_rows(admin: CheckingClient) -> None:
    fail("one")
    with count_queries() as few:
        admin.get(LIST)
    for name in ("two", "three"):
        fail(name)
    with count_queries() as many:
        admin.get(LIST)
    assert len(few) == len(many)


def test_a_failed_job_is_run_again_as_it_was(app: Flask, admin: CheckingClient) -> None:
    path = f"{LIST}/{fail('files.remove_orphans', 'The mail server is gone', 7, 'seven').id}/retry"
    queue = queue_of(app)
    queue.flush()
    response = admin.post(path)
    assert (response.status_code, response.location) == (303, LIST)
    task = queue.dequeue()
    assert (task.name, task.args) == ("files.remove_orphans", (7, "seven"))
    assert kept() == []
    event = db.session.scalars(sa.select(AuditEvent)).one()
    assert (event.action, event.subject_type, event.subject_label) == (
        "jobs.failure.retried",
        "job_failure",
        "files.remove_orphans",
    )
    assert event.before is not None and event.before["error"] == "OSError: The mail server is gone"
    assert "files.remove_orphans is queued again" in admin.get(LIST).text
    assert admin.post(path).status_code == 404
    assert queue.dequeue() is None


def test_a_job_of_another_version_is_not_run(app: Flask, admin: CheckingClient) -> None:
    failure = fail("gone.since")
    queue_of(app).flush()
    response = admin.post(f"{LIST}/{failure.id}/retry")
    assert response.status_code == 409
    assert "has no such job" in response.text
    assert queue_of(app).dequeue() is None
    assert kept() == [("gone.since", 1)]


def test_a_failure_is_dismissed_and_stays_in_the_trail(app: Flask, admin: CheckingClient) -> None:
    failure = fail()
    queue_of(app).flush()
    assert admin.post(f"{LIST}/{failure.id}/dismiss").status_code == 303
    assert kept() == []
    assert db.session.scalars(sa.select(AuditEvent.action)).one() == "jobs.failure.dismissed"
    assert queue_of(app).dequeue() is None


def test_administration_leads_to_it(admin: CheckingClient) -> None:
    assert f'href="{LIST}"' in admin.get("/admin").text
