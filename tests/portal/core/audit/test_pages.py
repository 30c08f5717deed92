"""The trail for auditors."""

import csv
import io
from typing import Any

import pytest

from portal.core.audit.services import record, verify_and_remember
from portal.core.db import db
from portal.directory.enums import Event
from portal.directory.models import User
from tests.client import CheckingClient, count_queries
from tests.clock import HeldClock
from tests.factories.audit import actions, told
from tests.factories.directory import make_team, make_user


@pytest.fixture
def auditor(client: CheckingClient) -> User:
    user = make_user("auditor", username="auditor")
    client.sign_in(user)
    return user


def write(count: int, *, by: User, about: User | None = None, event: Event = Event.USER_CHANGED, **values: Any) -> None:
    for number in range(count):
        record(event, about or by, actor=by, before={"n": number}, after={"n": number + 1}, **values)
    db.session.commit()


def numbers(text: str) -> list[int]:
    return [int(part.partition('"')[0]) for part in text.split('href="/audit/')[1:]]


def test_access(client: CheckingClient) -> None:
    write(1, by=make_user())
    for path in ("/audit", "/audit/1"):
        assert client.get(path).headers["Location"].startswith("/sign-in")
    assert client.post("/audit/export").headers["Location"].startswith("/sign-in")
    for user in (make_user(), make_user("agent"), make_user("auditor", team=make_team())):
        client.sign_in(user)
        for path in ("/audit", "/audit/1"):
            assert client.get(path).status_code == 403
        assert client.post("/audit/export").status_code == 403
    client.sign_in(make_user("administrator"))
    assert client.get("/audit").status_code == 200
    assert client.post("/audit/export").status_code == 403
    assert client.get("/audit/99").status_code == 404
    assert len(actions()) == 1


def test_pages_newest_first_by_key(client: CheckingClient, auditor: User) -> None:
    write(120, by=auditor)
    first = client.get("/audit").text
    assert numbers(first) == list(range(120, 70, -1))
    assert "120 events" in first and "Newer" not in first
    second = client.get("/audit?before=71").text
    assert numbers(second) == list(range(70, 20, -1))
    last = client.get("/audit?before=21").text
    assert numbers(last) == list(range(20, 0, -1)) and "Older" not in last
    back = client.get("/audit?after=20").text
    assert numbers(back) == list(range(70, 20, -1)) and "Newer" in back
    assert "<html" not in client.htmx("/audit?before=71").text


def test_paging_back_to_the_newest_shows_no_newer_page(client: CheckingClient, auditor: User) -> None:
    write(60, by=auditor)
    page = client.get("/audit?after=10").text
    assert numbers(page) == list(range(60, 10, -1))
    assert "Newer" not in page and "Older" in page


def test_filters_stand_in_the_url(client: CheckingClient, auditor: User, clock: HeldClock) -> None:
    kim = make_user(username="kim")
    write(1, by=auditor)  # 1, on the 2nd of March
    clock.forward(days=1)
    write(1, by=kim, event=Event.SIGNED_IN)  # 2
    clock.forward(days=1)
    write(1, by=auditor, about=kim, reason="because")  # 3
    shown = {
        "": [3, 2, 1],
        "actor=KIM": [2],
        "actor=nobody": [],
        "action=directory.user.changed": [3, 1],
        f"subject_type=user_account&subject_id={kim.id}": [3, 2],
        "subject_type=team": [],
        "since=2026-03-03": [3, 2],
        "until=2026-03-03": [2, 1],
        "since=2026-03-03&until=2026-03-03": [2],
        "since=yesterday&until=9999-12-31&before=x&after=-1": [3, 2, 1],
    }
    for query, ids in shown.items():
        assert numbers(client.get(f"/audit?{query}").text) == ids, query
    kept = client.get("/audit?actor=kim&since=2026-03-03").text
    assert 'value="kim"' in kept and 'value="2026-03-03"' in kept


def test_days_are_those_of_the_reader(client: CheckingClient, clock: HeldClock) -> None:
    client.sign_in(make_user("auditor", time_zone="Asia/Tokyo"))
    clock.forward(hours=7)  # 16:00 in UTC is the next day in Tokyo
    write(1, by=make_user())
    assert numbers(client.get("/audit?since=2026-03-03").text) == [1]
    assert numbers(client.get("/audit?until=2026-03-02").text) == []


def test_list_costs_the_same_for_more_events(client: CheckingClient, auditor: User) -> None:
    costs = []
    for count in (1, 30):
        write(count, by=auditor)
        with count_queries() as counted:
            client.get("/audit?actor=auditor&since=2020-01-01")
        costs.append(len(counted))
    assert costs[0] == costs[1] <= 12


def test_event_shows_the_difference(client: CheckingClient, auditor: User) -> None:
    before = {"display_name": "Before <b>", "locale": None, "must_change_password": False}
    after = {"display_name": "After", "locale": "de", "must_change_password": True}
    record(Event.USER_CHANGED, auditor, actor=auditor, before=before, after=after, reason="Asked by phone")
    record(Event.SIGNED_IN, auditor, actor=auditor)
    db.session.commit()
    page = client.get("/audit/1").text
    assert "<del>Before &lt;b&gt;</del>" in page and "<ins>After</ins>" in page
    assert "Asked by phone" in page and "Event after" in page
    assert "no field changed" in client.get("/audit/2").text


def test_export_is_streamed_filtered_and_audited(client: CheckingClient, auditor: User) -> None:
    kim = make_user(username="kim")
    write(3, by=auditor)
    record(Event.USER_CHANGED, kim, actor=kim, reason="=HYPERLINK(1)", after={"name": "Jürgen"})
    db.session.commit()
    answer = client.post("/audit/export", data={"actor": "kim"})
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == ["4"]
    # A spreadsheet must not take a text for a formula.
    assert rows[0]["reason"] == "'=HYPERLINK(1)"
    assert rows[0]["after"] == '{"name": "Jürgen"}'
    event = told()[-1]
    assert (event.action, event.actor_name) == ("audit.event.exported", "auditor")
    assert event.after == {"filters": {"actor": "kim"}, "up_to": 4}
    everything = list(csv.DictReader(io.StringIO(client.post("/audit/export").text)))
    assert [row["id"] for row in everything] == ["1", "2", "3", "4", "5"]


def test_state_of_the_chain_is_shown(client: CheckingClient, auditor: User) -> None:
    from tests.portal.core.audit.test_chain import tamper

    write(2, by=auditor)
    assert "Not checked yet" in client.get("/audit").text
    verify_and_remember()
    assert "The chain holds" in client.get("/audit").text
    tamper("UPDATE audit_event SET reason = 'x' WHERE id = 2")
    verify_and_remember()
    page = client.get("/audit").text
    assert "The chain is broken" in page and "Audit event 2 was changed" in page
